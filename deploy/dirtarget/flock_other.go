//go:build !unix

package dirtarget

import (
	"errors"
	"os"
)

// flock refuses: without a lock two deployers could mix their releases.
func flock(*os.File) error { return errors.ErrUnsupported }
