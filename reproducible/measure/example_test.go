//go:build linux

package measure_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/sealwright/sealwright/reproducible/measure"
)

// A machine is measured before and after a build. An edit behind which the
// modification time was put back is found by the change time, and reported with
// what it changed.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	compiler := filepath.Join(dir, "cc")
	_ = os.WriteFile(compiler, []byte("a compiler"), 0o755)

	before, err := measure.Snapshot(ctx, []string{dir}, measure.Options{})
	if err != nil {
		panic(err)
	}
	long := time.Unix(1, 0)
	time.Sleep(20 * time.Millisecond)
	_ = os.WriteFile(compiler, []byte("a trapdoor"), 0o755)
	_ = os.Chtimes(compiler, long, long)

	after, err := measure.Snapshot(ctx, []string{dir}, measure.Options{})
	if err != nil {
		panic(err)
	}
	report, err := measure.Diff(before, after, nil)
	if err != nil {
		panic(err)
	}
	fmt.Println(report.Verdict())
	for _, f := range report.Findings {
		fmt.Println(f.Code, filepath.Base(f.Path))
	}
	// Output:
	// tampered
	// reproducible.measure.content cc
}
