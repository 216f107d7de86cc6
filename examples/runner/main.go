// Runner runs any command hermetically: with the inputs and tools that are named,
// each by digest, with no network, and with nothing else of this machine. It prints
// what the command read, sought and tried to reach, what came out, which guarantees
// were achieved, and what is worth knowing.
//
//	go run ./examples/runner -in src=. -tool sh -tool tr -out upper -- sh -c 'tr a-z A-Z < go.mod > /out/upper'
//
// Exit status: 0 done, 1 refused or failed, 2 misuse, 3 interrupted, 4 the machine
// failed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/sandbox"
	"github.com/sealwright/sealwright/reproducible/store"
)

const usage = `usage: runner [flags] -- command [argument...]

The command sees a file tree that holds what the flags name and nothing else:

  -in src=DIR      DIR is at /src, read-only; the first one is the working directory
  -in /usr/include=/usr/include
                   a directory, or a file, that has to be at a certain place
  -tool tr         the program tr, found as a shell would, is at /bin/tr, with its
                   loader and libraries where they belong
  -root root.tar   the directories of a distribution, as mmdebstrap archives them
  -out a.out       the command leaves /out/a.out, which is copied to the directory -to

Inputs and tools are pinned by digest before anything runs. -host mounts a directory
of this machine that nothing pins: quick, and said in the result. A compiler needs
more than its program: a pinned distribution, or directories of this machine (through
the last of which leads Debian's cc):

  mmdebstrap --variant=essential --include=gcc,libc6-dev,make bookworm root.tar
  runner -root root.tar -in src=DIR -out a.out -- make
  runner -host /usr,/bin,/lib,/lib64,/etc/alternatives -in src=DIR -out a.out -- make
  runner -in src=DIR -in /go=$(go env GOROOT) -out app -- /go/bin/go build -o /out/app .

Every file that the command opens is in the result. -require fixed-clock has every
program read the date of -epoch.

Exit status: 0 done, 1 refused or failed, 2 misuse, 3 interrupted, 4 the machine failed.

`

// words is a flag that may be given several times.
type words []string

func (w *words) String() string     { return strings.Join(*w, ",") }
func (w *words) Set(s string) error { *w = append(*w, s); return nil }

type flags struct {
	in, tools, out words
	host, to, dir  string
	root, require  string
	epoch          int64
	wall           time.Duration
	explain, json  bool
	command        []string
}

func parseFlags(args []string) (*flags, error) {
	f := &flags{}
	set := flag.NewFlagSet("runner", flag.ContinueOnError)
	set.Var(&f.in, "in", "`name=directory` to mount read-only at /name; repeat for more")
	set.Var(&f.tools, "tool", "`program` to pin and mount at /bin/program; repeat for more")
	set.Var(&f.out, "out", "`file` that the command leaves in /out; repeat for more")
	set.StringVar(&f.root, "root", "", "tar `archive` of a distribution's file system to pin and mount")
	set.StringVar(&f.host, "host", "", "`directories` of this machine to mount unpinned, separated by commas")
	set.StringVar(&f.to, "to", ".", "`directory` to copy the outputs to; none is overwritten")
	set.StringVar(&f.dir, "store", "", "`directory` that keeps content by digest between runs (default: in the user's cache)")
	set.StringVar(&f.require, "require", "", "`guarantees` beyond hermetic without which nothing runs, separated by commas; see -explain")
	set.Int64Var(&f.epoch, "epoch", 0, "SOURCE_DATE_EPOCH in `seconds`")
	set.DurationVar(&f.wall, "wall", time.Hour, "`time` after which the command is killed")
	set.BoolVar(&f.explain, "explain", false, "print what would run and what this machine grants; run nothing")
	set.BoolVar(&f.json, "json", false, "print the result as JSON")
	set.Usage = func() { fmt.Fprint(set.Output(), usage); set.PrintDefaults() }
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	f.command = set.Args()
	switch {
	case len(f.command) == 0:
		return nil, errors.New("no command; -h tells how to give one")
	case len(f.out) == 0:
		return nil, errors.New("-out is missing: a command that leaves nothing proves nothing")
	case f.host != "" && f.root != "":
		return nil, errors.New("-host and -root are two ways to have a file system; give one")
	}
	for _, in := range f.in {
		if name, dir, ok := strings.Cut(in, "="); !ok || name == "" || dir == "" {
			return nil, fmt.Errorf("-in %q is not name=directory", in)
		}
	}
	for _, name := range f.out {
		if _, err := os.Lstat(filepath.Join(f.to, name)); !f.explain && err == nil {
			return nil, fmt.Errorf("%s exists already; -to names another directory", filepath.Join(f.to, name))
		}
	}
	return f, nil
}

func main() {
	f, err := parseFlags(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		os.Exit(0)
	}
	if err != nil {
		misuse(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	a := &account{Command: f.command, Explained: f.explain}
	err = run(ctx, f, a)
	stop()
	if errors.Is(err, errMisuse) {
		misuse(err)
	}
	a.refuse(err)
	if printErr := a.print(os.Stdout, f.json); printErr != nil {
		err = errors.Join(err, printErr)
	}
	os.Exit(status(err))
}

var errMisuse = errors.New("misuse")

func misuse(err error) {
	fmt.Fprintln(os.Stderr, "runner:", err)
	os.Exit(2)
}

// status tells refusal, interruption and failure of the machine apart.
func status(err error) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, context.Canceled):
		return 3
	case len(attest.Reasons(err)) == 0 || errors.Is(err, attest.Is(sandbox.CodeMachine)) || errors.Is(err, attest.Is(store.CodeDisk)):
		return 4
	}
	return 1
}

func run(ctx context.Context, f *flags, a *account) error {
	s, err := openStore(f.dir)
	if err != nil {
		return err
	}
	spec, err := pin(ctx, f, s)
	if err != nil {
		return err
	}
	if err := present(f, spec); err != nil {
		return err
	}
	if a.Spec, err = spec.Digest(); err != nil {
		return fmt.Errorf("%w: %w", errMisuse, err) // the flags wrote it
	}
	a.inputs(spec)
	box, err := sandbox.New(sandbox.Config{Store: s, Now: time.Now, Trace: &sandbox.TraceOptions{}})
	if err != nil {
		return err
	}
	if f.explain {
		granted, err := box.Probe(ctx)
		a.explain(spec, granted)
		return err
	}
	result, err := box.Build(ctx, spec)
	if failed := (*reproducible.RunError)(nil); errors.As(err, &failed) {
		result = failed.Result
	}
	a.result(result)
	if result != nil {
		err = errors.Join(err, a.trace(ctx, spec, result.Trace, s))
	}
	if err != nil {
		return err
	}
	return a.copy(ctx, s, f.to)
}

func openStore(dir string) (*store.Store, error) {
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return nil, err
		}
		dir = filepath.Join(cache, "sealwright", "store")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	return store.Open(dir, store.Limits{})
}
