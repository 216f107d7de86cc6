// Digest sums, verifies and proves files, to be compared by hand with sha256sum,
// b3sum, fsverity and veritysetup. It shows how package attest/digest and its
// packages merkle and blake3 are used together.
package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/digest/merkle"
)

const usage = `usage: digest COMMAND [flags] ARGUMENTS

  sum FILE|DIR ...     print digests as sha256sum does; several (-a) in one read
  verify DIGESTS FILE  is the file what ALGORITHM:HEX[,ALGORITHM:HEX...] says? With
                       -checkpoints, all processors work on one SHA-256
  verify ROOT FILE     is the file what this root says? With -tree, tell where not
  tree FILE            print the root of a hash tree; for fsverity the file digest
  prove FILE           prove the bytes -range of a file (-kind rfc9162) to someone
                       who has only -root; needs -tree and writes the proof to -out
  prove -check PROOF BYTES
                       verify such a proof, of -range under -root, given the bytes

Trust ROOT and DIGESTS as far as you trust where you have them from. A tree, a
proof and checkpoints may come from anyone: with a wrong one nothing passes.

Try:  digest sum FILE; sha256sum FILE          digest sum -a blake3 FILE; b3sum FILE
      digest tree FILE; fsverity digest FILE   digest tree -kind rfc9162 -out T FILE

Exit status: 0 yes, 1 refused, 2 misuse, 3 incomplete (interrupted, or a file
changed meanwhile), 4 the machine failed (a file cannot be read).

Flags:
`

var errMisuse = errors.New("misuse; see digest -h")

// status tells what an error means to the caller of the program.
func status(err error) int {
	var e *digest.Error
	var p *fs.PathError
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errMisuse):
		return 2
	case errors.Is(err, context.Canceled):
		return 3
	case !errors.As(err, &e) && errors.As(err, &p):
		return 4
	case e == nil:
		return 1
	}
	switch e.Code {
	case digest.CodeAlgorithm, digest.CodeFSVerity, digest.CodeKind, digest.CodeSyntax, digest.CodeLength,
		digest.CodeUndeclared, merkle.CodeParams, merkle.CodeRoot, merkle.CodeKind, merkle.CodeRange:
		return 2
	case digest.CodeCancelled, digest.CodeChanged:
		return 3
	case digest.CodeOpen, digest.CodeRead, digest.CodeReader, merkle.CodeWrite:
		return 4
	}
	return 1
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:])
	stop()
	if status(err) > 0 {
		fmt.Fprintln(os.Stderr, "digest:", err)
	}
	os.Exit(status(err))
}

// A call is what the flags say, and where to print.
type call struct {
	stdout                                          *bufio.Writer
	json                                            bool
	algorithms, checkpoints, kind, salt, tree, root string
	out, check                                      string
	block                                           int
	span                                            merkle.Range
}

func run(ctx context.Context, args []string) error {
	c := call{stdout: bufio.NewWriter(os.Stdout)}
	f := flag.NewFlagSet("digest", flag.ContinueOnError)
	f.Usage = func() { fmt.Fprint(os.Stderr, usage); f.PrintDefaults() }
	f.BoolVar(&c.json, "json", false, "print JSON")
	f.StringVar(&c.algorithms, "a", "sha256", "sum: `algorithms` sha256,sha512,blake3,fsverity-sha256,...")
	f.StringVar(&c.checkpoints, "checkpoints", "", "`file` that sum of one file writes and verify reads")
	f.StringVar(&c.kind, "kind", "fsverity", "tree: fsverity, dmverity0, dmverity1 or rfc9162")
	f.IntVar(&c.block, "block", 4096, "tree: `bytes` to a leaf")
	f.StringVar(&c.salt, "salt", "", "tree: salt in `hex`")
	f.StringVar(&c.tree, "tree", "", "tree `file` to read")
	f.StringVar(&c.root, "root", "", "prove: `root`, as digest tree prints it")
	f.StringVar(&c.out, "out", "", "tree, prove: `file` to write")
	f.StringVar(&c.check, "check", "", "prove: `proof` to verify")
	f.Func("range", "prove: `offset+length` in bytes", func(s string) error {
		if _, err := fmt.Sscanf(s, "%d+%d", &c.span.Offset, &c.span.Length); err != nil || s != fmt.Sprintf("%d+%d", c.span.Offset, c.span.Length) {
			return errors.New("want OFFSET+LENGTH")
		}
		return nil
	})
	commands := map[string]func(context.Context, ...string) error{"sum": c.sum, "verify": c.verify, "tree": c.build, "prove": c.prove}
	name := ""
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		name, args = args[0], args[1:]
	}
	if err := f.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return errMisuse
	}
	if commands[name] == nil {
		return fmt.Errorf("want one of sum, verify, tree, prove, then flags and arguments: %w", errMisuse)
	}
	want := map[string]int{"verify": 2, "tree": 1, "prove": 1}[name]
	if f.NArg() == 0 || want > 0 && f.NArg() != want {
		return fmt.Errorf("digest %s with %d arguments: %w", name, f.NArg(), errMisuse)
	}
	err := commands[name](ctx, f.Args()...)
	return cmp.Or(err, c.stdout.Flush())
}

// say prints facts, unless there is an error.
func (c *call) say(err error, facts map[string]string) error {
	if err != nil {
		return err
	}
	if c.json {
		return json.NewEncoder(c.stdout).Encode(facts)
	}
	for _, name := range slices.Sorted(maps.Keys(facts)) {
		fmt.Fprintf(c.stdout, "%-12s%s\n", name, facts[name])
	}
	return nil
}

// progress returns a callback that draws a bar, once the work has taken a while and
// if there is a terminal to draw it on.
func progress(name string) func(done, total int64) {
	if info, err := os.Stderr.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return nil
	}
	began := time.Now()
	var bar *progressbar.ProgressBar
	return func(done, total int64) {
		if bar == nil && time.Since(began) > 300*time.Millisecond {
			bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(os.Stderr), progressbar.OptionShowBytes(true),
				progressbar.OptionSetDescription(filepath.Base(name)), progressbar.OptionThrottle(50*time.Millisecond), progressbar.OptionClearOnFinish())
		}
		if bar != nil {
			_ = bar.Set64(done) // a bar that cannot be drawn is no failure
		}
	}
}
