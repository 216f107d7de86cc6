//go:build linux && (amd64 || arm64)

package sandbox

import (
	"bytes"
	"context"
	"errors"

	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/internal/stop"
)

// finish judges how the command ended and keeps its log.
func (r *run) finish(ctx context.Context, end ending) error {
	text, over := r.log.Wait()
	if end.err != nil {
		return machineError("wait", end.err)
	}
	r.result.Log = reproducible.NewLog(text)
	if _, _, err := r.sandbox.config.Store.PutFile(context.WithoutCancel(ctx), bytes.NewReader(text)); err != nil {
		return err
	}
	if err := stop.Reason(ctx); err != nil && !errors.Is(err, stop.ErrWall) {
		return err
	}
	exit, err := r.exit(ctx, end, over)
	if err != nil {
		return err
	}
	r.result.Exit = exit
	if err := exit.Err(); err != nil {
		return &reproducible.RunError{Result: r.result, Err: err}
	}
	return nil
}

// exit describes the end of the command, and names the limit that caused it.
func (r *run) exit(ctx context.Context, end ending, over bool) (reproducible.Exit, error) {
	status := end.status
	e := reproducible.Exit{Code: status.ExitStatus()}
	if status.Signaled() {
		e.Signal = unix.SignalName(status.Signal())
	}
	oomKills, err := r.group.OOMKills()
	if err != nil {
		return e, machineError("control group", err)
	}
	killed := e.Signal == "SIGKILL" || e.Signal == "SIGXCPU"
	switch {
	case over:
		e.Limit = reproducible.CodeLimitLog
	case killed && stop.Reason(ctx) != nil:
		e.Limit = reproducible.CodeLimitWall
	case oomKills > 0 && !e.Success():
		e.Limit = reproducible.CodeLimitMemory
	case killed && end.used >= r.spec.Limits.CPU:
		e.Limit = reproducible.CodeLimitCPU
	}
	return e, nil
}
