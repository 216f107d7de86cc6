package git

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"time"

	"github.com/sealwright/sealwright/provenance/collect"
)

// Exec returns a function for collect.Environment.Run that runs the program at an
// absolute path, such as "/usr/bin/git", in a directory, which must be the one that
// Environment.Root is. What the program writes to its standard error is dropped.
func Exec(program, dir string) func(context.Context, collect.Command) ([]byte, error) {
	return func(ctx context.Context, c collect.Command) ([]byte, error) {
		out := bounded{most: c.Most}
		cmd := exec.CommandContext(ctx, program, c.Args...)
		cmd.Dir, cmd.Stdout, cmd.WaitDelay = dir, &out, 2*time.Second
		cmd.Env = append([]string{}, c.Env...)
		if err := cmd.Run(); err != nil {
			return nil, errors.Join(ctx.Err(), err)
		}
		return out.buffer.Bytes(), nil
	}
}

// bounded takes one byte more than it may, so that the caller notices.
type bounded struct {
	buffer bytes.Buffer
	most   int
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.buffer.Len()+len(p) > b.most {
		return 0, errors.New("too much output")
	}
	return b.buffer.Write(p)
}
