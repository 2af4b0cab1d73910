package migrations

import (
	"context"
	"io/fs"

	"github.com/golang-migrate/migrate/v4"
)

// UpFrom is Up with other migrations than the embedded ones.
func UpFrom(ctx context.Context, files fs.FS, url string) error {
	return with(ctx, "migrations.UpFrom", files, url, func(m *migrate.Migrate) error { return m.Up() })
}
