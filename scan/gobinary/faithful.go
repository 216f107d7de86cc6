package gobinary

import (
	"bytes"
	"context"
	"io"
	"runtime/debug"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/scan"
)

// The linker frames the list of modules by these bytes (cmd/go/internal/modload).
const (
	frameStart = "\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6"
	frameEnd   = "\xf9\x32\x43\x31\x86\x18\x20\x72\x00\x82\x42\x10\x41\x16\xd8\xf2"
)

// faithful reports, by a nil error, that what was read of the build information
// is all that stands there. debug.ParseBuildInfo passes over every line that it
// does not know, so one changed letter would hide a module: what it read must
// give the very bytes between the linker's frames again.
func faithful(ctx context.Context, content *io.SectionReader, info *debug.BuildInfo) error {
	list := *info
	list.GoVersion = ""
	want := []byte(frameStart + list.String() + frameEnd)
	if list.String() == "" {
		return nil // CodeNoModules
	}
	got, same := make([]byte, len(want)), false
	compare := func(at int64) {
		n, _ := content.ReadAt(got, at)
		same = same || bytes.Equal(got[:n], want)
	}
	err := chunks(ctx, content, func(chunk []byte, at int64) {
		for i := 0; !same; {
			next := bytes.Index(chunk[i:], []byte(frameStart))
			if next < 0 {
				return
			}
			i += next
			compare(at + int64(i))
			i++
		}
	})
	if err == nil && !same {
		return attest.Refuse(CodeLines, "", "build information of known lines", "others beside "+scan.Quote(list.Path))
	}
	return err
}
