// Package testshared finds the folder of specifications and sample data that
// lies beside a checkout on the developers' machines. It is not part of the
// product: a test that wants it is skipped where it is absent.
package testshared

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// Dir is the shared folder: $CAIRN_SHARED, or ../shared beside the repository.
// The test is skipped when there is none.
func Dir(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("CAIRN_SHARED")
	if dir == "" {
		_, file, _, _ := runtime.Caller(0)
		dir = filepath.Join(filepath.Dir(file), "..", "..", "..", "shared")
	}
	if info, err := os.Stat(filepath.Join(dir, "corpus")); err != nil || !info.IsDir() {
		t.Skipf("no shared corpus at %s", dir)
	}
	return dir
}
