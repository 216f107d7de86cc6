// Pipeline walks the whole line on real input: it builds a program twice in the
// strongest isolation that this machine grants, compares the results, lists and
// scans what is inside, states where it came from, has a TPM vouch for the
// machine, signs all that, reads it back as a stranger would, lets a policy
// decide, deploys to a directory, and records the deployment in a log.
//
//	go run ./examples/pipeline -out evidence && go run ./examples/verify -dir evidence
//
// Exit status: 0 deployed, 1 refused, 2 misuse, 3 incomplete, 4 the machine failed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest"
)

const usage = `usage: pipeline [flags]

Without flags it builds the Go program in examples/app, whose one dependency is
given by digest like everything else that the build can see. For a project of
your own, give -src, -cmd and -artifact:

  pipeline -src . -cmd 'cc -O2 -o /out/hello hello.c' -artifact hello \
      -host /usr,/bin,/lib,/lib64,/etc/alternatives

In the build, the source is /src and the working directory, read-only; the
artifact is what appears at /out. -host mounts directories of this machine,
which nothing pins: the build is then not hermetic, and the account says so.
(Debian's cc leads through /etc/alternatives; leave that out where there is none.)

Exit status: 0 done, 1 refused, 2 misuse, 3 incomplete, 4 the machine failed.

`

type flags struct {
	src, sourceURI, cmd, artifact, host string
	osv, osvDate, tpm, tpmRoots         string
	out, target, store                  string
	json                                bool
}

func parseFlags(args []string) (*flags, error) {
	f := &flags{}
	set := flag.NewFlagSet("pipeline", flag.ContinueOnError)
	set.StringVar(&f.src, "src", "", "source `directory` (default examples/app)")
	set.StringVar(&f.sourceURI, "source-uri", "", "`URI` by which the source is known (default file://localhost/ and the directory's name)")
	set.StringVar(&f.cmd, "cmd", "", "`command` that builds it, for /bin/sh (default: go build)")
	set.StringVar(&f.artifact, "artifact", "", "`name` of the file that the command leaves in /out (default: the directory's name)")
	set.StringVar(&f.host, "host", "", "`directories` of this machine that the command may read, separated by commas")
	set.StringVar(&f.osv, "osv", "", "`directory` with an OSV database (Go/all.zip); without one nothing is scanned for vulnerabilities")
	set.StringVar(&f.osvDate, "osv-date", "", "`day` (2026-01-31) on which the database was last updated, where its records do not tell")
	set.StringVar(&f.tpm, "tpm", "", "TPM 2.0 `device` (/dev/tpmrm0) or Unix socket of swtpm (default: a fake, and the account says so)")
	set.StringVar(&f.tpmRoots, "tpm-roots", "", "PEM `file` with the roots of the TPM's endorsement certificate; needed with -tpm")
	set.StringVar(&f.out, "out", "", "new or empty `directory` that keeps all evidence (default: none is kept)")
	set.StringVar(&f.target, "target", "", "`directory` to deploy to (default: -out with .target, or none is kept)")
	set.StringVar(&f.store, "store", "", "`directory` that keeps inputs by digest between runs (default: in the user's cache)")
	set.BoolVar(&f.json, "json", false, "print the account as JSON")
	set.Usage = func() { fmt.Fprint(set.Output(), usage); set.PrintDefaults() }
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	switch {
	case set.NArg() > 0:
		return nil, fmt.Errorf("unexpected argument %q", set.Arg(0))
	case f.cmd != "" && (f.src == "" || f.artifact == ""):
		return nil, errors.New("-cmd needs -src and -artifact")
	case f.host != "" && f.cmd == "":
		return nil, errors.New("-host needs -cmd")
	case f.osvDate != "" && f.osv == "":
		return nil, errors.New("-osv-date needs -osv")
	case (f.tpm == "") != (f.tpmRoots == ""):
		return nil, errors.New("-tpm and -tpm-roots go together")
	}
	if f.src == "" {
		f.src = filepath.Join("examples", "app")
	}
	if _, err := os.Stat(f.src); err != nil {
		return nil, fmt.Errorf("%w (run it from the root of the repository, or give -src)", err)
	}
	abs, err := filepath.Abs(f.src)
	if err != nil {
		return nil, err
	}
	if f.artifact == "" {
		f.artifact = filepath.Base(abs)
	}
	if f.sourceURI == "" {
		f.sourceURI = "file://localhost/" + filepath.Base(abs)
	}
	return f, nil
}

func main() {
	f, err := parseFlags(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		os.Exit(0)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "pipeline:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err = run(ctx, f, os.Stdout, os.Stderr)
	stop()
	os.Exit(explain(err, os.Stderr))
}

// explain prints why the pipeline stopped, one reason a line, and returns the exit
// status.
func explain(err error, w io.Writer) int {
	if err == nil {
		return 0
	}
	fmt.Fprintln(w, "\npipeline: stopped:", err)
	reasons := attest.Reasons(err)
	for _, r := range reasons {
		fmt.Fprintln(w, "  ", r)
	}
	switch {
	case errors.Is(err, context.Canceled):
		return 3
	case len(reasons) == 0:
		return 4
	}
	return 1
}

func run(ctx context.Context, f *flags, stdout, stderr io.Writer) (err error) {
	temp, err := os.MkdirTemp("", "sealwright")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, removeAll(temp)) }()
	l, err := open(ctx, f, temp)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	l.progress = newProgress(stderr)
	for _, stage := range []struct {
		name string
		run  func(context.Context) error
	}{
		{"pinning the inputs", l.pin},
		{"building, first time", l.buildFirst},
		{"building again", l.buildAgain},
		{"comparing", l.compare},
		{"listing and scanning", l.scan},
		{"asking the TPM", l.quote},
		{"reading the evidence back and deciding", l.decide},
		{"deploying", l.deploy},
		{"recording", l.record},
		{"sealing the folder", l.seal},
	} {
		l.progress.begin(stage.name)
		err := stage.run(ctx)
		l.progress.end()
		if err != nil {
			l.account.stop(stage.name, err)
			return errors.Join(fmt.Errorf("%s: %w", stage.name, err), l.account.print(stdout, f.json))
		}
	}
	return l.account.print(stdout, f.json)
}

// removeAll also removes directories that a tool left read-only.
func removeAll(dir string) error {
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			return os.Chmod(path, 0o700)
		}
		return err
	})
	return errors.Join(err, os.RemoveAll(dir))
}

// A progress tells on a terminal what is going on and for how long; elsewhere it
// is silent.
type progress struct {
	w    io.Writer
	stop chan struct{}
	done chan struct{}
}

func newProgress(w io.Writer) *progress {
	p := &progress{}
	if f, ok := w.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			p.w = w
		}
	}
	return p
}

func (p *progress) begin(what string) {
	p.stop, p.done = make(chan struct{}), make(chan struct{})
	go func() {
		defer close(p.done)
		if p.w == nil {
			return
		}
		for start, tick := time.Now(), time.NewTicker(200*time.Millisecond); ; {
			fmt.Fprintf(p.w, "\r%-50s %5.1fs", what, time.Since(start).Seconds())
			select {
			case <-tick.C:
			case <-p.stop:
				fmt.Fprintf(p.w, "\r%s\r", strings.Repeat(" ", 60))
				tick.Stop()
				return
			}
		}
	}()
}

func (p *progress) end() {
	close(p.stop)
	<-p.done
}
