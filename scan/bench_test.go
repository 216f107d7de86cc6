package scan_test

import (
	"crypto/sha256"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/scan"
	"github.com/sealwright/sealwright/scan/gobinary"
	"github.com/sealwright/sealwright/scan/gomod"
	"github.com/sealwright/sealwright/scan/scantest"
)

// goSource is a large tree that every machine with Go has.
func goSource(b *testing.B) *os.Root {
	b.Helper()
	out, err := exec.Command("go", "env", "GOROOT").Output()
	require.NoError(b, err)
	root, err := os.OpenRoot(filepath.Join(strings.TrimSpace(string(out)), "src"))
	require.NoError(b, err)
	b.Cleanup(func() { root.Close() })
	return root
}

// plain is the least that a scan can cost: every file read once and hashed.
func plain(b *testing.B, root *os.Root) int64 {
	b.Helper()
	var total int64
	buffer := make([]byte, 64<<10)
	err := fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		f, err := root.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		n, err := io.CopyBuffer(struct{ io.Writer }{sha256.New()}, struct{ io.Reader }{f}, buffer)
		total += n
		return err
	})
	require.NoError(b, err)
	return total
}

// BenchmarkDirectory scans with two scanners and tells how many times the cost of
// plain reading and hashing that is, measured in turn in the same run.
func BenchmarkDirectory(b *testing.B) {
	root := goSource(b)
	var scanned, read time.Duration
	b.SetBytes(plain(b, root))
	for b.Loop() {
		start := time.Now()
		r, err := scan.Run(b.Context(), scan.Directory(root, scan.DirectoryOptions{}), scan.Limits{}, gomod.Scanner{}, gobinary.Scanner{})
		require.NoError(b, err)
		require.NotEmpty(b, r.Packages)
		middle := time.Now()
		plain(b, root)
		scanned, read = scanned+middle.Sub(start), read+time.Since(middle)
	}
	b.ReportMetric(scanned.Seconds()/read.Seconds(), "x-plain-read")
}

// BenchmarkManyScanners tells what nine further scanners cost that want nothing.
func BenchmarkManyScanners(b *testing.B) {
	root := goSource(b)
	many := []scan.Scanner{gomod.Scanner{}}
	for _, name := range strings.Fields("b c d e f g h i j") {
		many = append(many, scantest.Scanner{Name: name})
	}
	var one, ten time.Duration
	for b.Loop() {
		start := time.Now()
		_, err := scan.Run(b.Context(), scan.Directory(root, scan.DirectoryOptions{}), scan.Limits{}, many[:1]...)
		require.NoError(b, err)
		middle := time.Now()
		_, err = scan.Run(b.Context(), scan.Directory(root, scan.DirectoryOptions{}), scan.Limits{}, many...)
		require.NoError(b, err)
		one, ten = one+middle.Sub(start), ten+time.Since(middle)
	}
	b.ReportMetric(ten.Seconds()/one.Seconds(), "x-one-scanner")
}
