package httpapi

import (
	"strings"

	"github.com/cairn-ehr/cairn/pkg/errs"
)

// BasePath is the path of an API as its routes have it: with a slash before it and
// none behind. The empty one is the default; errs.Invalid for one that is no plain
// path.
func BasePath(path, otherwise string) (string, error) {
	if path == "" {
		path = otherwise
	}
	path = "/" + strings.Trim(path, "/")
	if path == "/" || strings.ContainsAny(path, "%{}*?# ") {
		return "", errs.New(errs.Invalid, "httpapi.BasePath", "the base path must be a plain, non-empty path such as "+otherwise)
	}
	return path, nil
}
