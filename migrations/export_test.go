package migrations

import (
	"context"
	"errors"
	"io/fs"

	"github.com/golang-migrate/migrate/v4/source/iofs"
)

// UpFrom is Up with other migrations than the embedded ones.
func UpFrom(ctx context.Context, files fs.FS, url string) error {
	return up(ctx, "migrations.UpFrom", files, url)
}

// Latest is the number of the newest embedded migration.
func Latest() (uint, error) { return latestOf(files) }

// Numbers are those of the embedded migrations, ascending.
func Numbers() ([]uint, error) {
	source, err := iofs.New(files, ".")
	if err != nil {
		return nil, err
	}
	defer source.Close()
	var list []uint
	n, err := source.First()
	for ; err == nil; n, err = source.Next(n) {
		list = append(list, n)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return list, nil
}
