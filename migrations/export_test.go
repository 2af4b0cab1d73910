package migrations

import (
	"context"
	"io/fs"
)

// UpFrom is Up with other migrations than the embedded ones.
func UpFrom(ctx context.Context, files fs.FS, url string) error {
	return up(ctx, "migrations.UpFrom", files, url)
}
