// Package stop tells why a build was ended from outside.
package stop

import (
	"context"
	"errors"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/reproducible"
)

// ErrWall is the cause of a context whose wall time is used up.
var ErrWall = errors.New("the wall time is used up")

// Reason returns why ctx has ended, with CodeLimitWall or CodeCancelled, or nil.
func Reason(ctx context.Context) error {
	cause := context.Cause(ctx)
	switch {
	case cause == nil:
		return nil
	case errors.Is(cause, ErrWall):
		return attest.Refuse(reproducible.CodeLimitWall, "build", "", "").Because(cause)
	}
	return attest.Refuse(reproducible.CodeCancelled, "build", "", "").Because(cause)
}

// Or returns the reason where ctx has ended, which is what has made everything else
// fail, and otherwise err.
func Or(ctx context.Context, err error) error {
	if reason := Reason(ctx); reason != nil {
		return reason
	}
	return err
}
