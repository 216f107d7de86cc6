//go:build !linux && !darwin

package graph

import (
	"errors"
	"os"
)

// mapFile is not known here: the file is read.
func mapFile(*os.File, int64) (data []byte, unmap func() error, err error) {
	return nil, nil, errors.ErrUnsupported
}

// lockFile is not known here: nobody may write without a lock.
func lockFile(*os.File) error { return errors.ErrUnsupported }
