package scan

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sealwright/sealwright/attest"
)

// guarded calls f in its own goroutine with a deadline, and turns a panic and a
// missed deadline into errors with CodePanic and CodeDeadline. abandoned tells
// that f is still running: nothing that it can reach may be used again. A
// goroutine cannot be stopped from outside, so it lives until f returns.
func guarded[T any](ctx context.Context, limit time.Duration, f func(context.Context) (T, error)) (value T, err error, abandoned bool) {
	type answer struct {
		value T
		err   error
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	done := make(chan answer, 1)
	go func() {
		var a answer
		defer func() {
			if p := recover(); p != nil {
				a.err = panicked(p)
			}
			done <- a
		}()
		a.value, a.err = f(ctx)
	}()
	select {
	case a := <-done:
		return a.value, overdue(ctx, a.err), false
	case <-ctx.Done():
	}
	// A well-behaved callee notices the deadline itself: give it a moment.
	grace := time.NewTimer(limit / 4)
	defer grace.Stop()
	select {
	case a := <-done:
		return a.value, overdue(ctx, a.err), false
	case <-grace.C:
		return value, overdue(ctx, context.DeadlineExceeded), true
	}
}

func panicked(p any) error {
	return attest.Refuse(CodePanic, "", "an answer", Quote(fmt.Sprint(p)))
}

// overdue gives an error that only echoes the deadline its code.
func overdue(ctx context.Context, err error) error {
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() != nil {
		return attest.Refuse(CodeDeadline, "", "an answer in time", "none")
	}
	return err
}

// fatal reports whether err means that a session must not be called again.
func fatal(err error) bool {
	return hasCode(err, CodePanic) || hasCode(err, CodeDeadline)
}

func hasCode(err error, code attest.Code) bool {
	var e *attest.Error
	return errors.As(err, &e) && e.Code == code
}
