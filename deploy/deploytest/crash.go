package deploytest

import (
	"bufio"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest"
)

// A Crash kills a process again and again while it writes, and checks what it
// left. The process prints a line for each acknowledgement that it got, and
// nothing else, on its standard output.
type Crash struct {
	// Rounds is how often to kill.
	Rounds int
	// Longest bounds the time from the start to the kill, which is chosen at random.
	Longest time.Duration
	// Seed of the random choices.
	Seed uint64
	// Command returns the process of a round, not started.
	Command func(ctx context.Context, round int) *exec.Cmd
	// Check is called after each kill with the complete lines of that round.
	Check func(round int, acknowledged []string) error
}

// Run does all rounds and returns the number of acknowledgements, or the first
// error. A process that ends by itself is an error.
func (c Crash) Run(ctx context.Context) (int, error) {
	random := rand.New(rand.NewPCG(c.Seed, 0))
	total := 0
	for round := range c.Rounds {
		lines, err := killed(c.Command(ctx, round), time.Duration(random.Int64N(int64(c.Longest))))
		if err != nil {
			return total, attest.Refuse(CodeCrash, "round "+strconv.Itoa(round), "a process that writes until it is killed", "").Because(err)
		}
		total += len(lines)
		if err := c.Check(round, lines); err != nil {
			return total, err
		}
	}
	return total, nil
}

// killed starts a process, kills it with SIGKILL after the delay, and returns the
// complete lines that it printed.
func killed(cmd *exec.Cmd, delay time.Duration) ([]string, error) {
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	timer := time.AfterFunc(delay, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	var lines []string
	r := bufio.NewReader(out)
	line, err := r.ReadString('\n')
	for ; err == nil; line, err = r.ReadString('\n') {
		lines = append(lines, strings.TrimSuffix(line, "\n"))
	}
	if !errors.Is(err, io.EOF) {
		return nil, errors.Join(err, cmd.Process.Kill(), cmd.Wait())
	}
	var exit *exec.ExitError
	if wait := cmd.Wait(); !errors.As(wait, &exit) || exit.ExitCode() != -1 {
		return nil, errors.New("it ended by itself: " + stderr.String())
	}
	return lines, nil
}
