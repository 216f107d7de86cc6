package ledger

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

const (
	segmentMagic  = "SWLEDG1\n"
	segmentHeader = 20
	segmentSuffix = ".seg"
)

// A segment is one file of consecutive entries.
type segment struct {
	name  string
	first uint64 // the index of its first entry
}

func newSegment(first uint64) segment {
	return segment{fmt.Sprintf("%020d%s", first, segmentSuffix), first}
}

// header returns the first bytes of the segment's file.
func (s segment) header() []byte {
	b := make([]byte, 0, segmentHeader)
	b = append(b, segmentMagic...)
	b = binary.BigEndian.AppendUint64(b, s.first)
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
}

// readHeader demands that a file begins as the segment should.
func (s segment) readHeader(r io.Reader) error {
	b := make([]byte, segmentHeader)
	if _, err := io.ReadFull(r, b); err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return attest.Refuse(CodeRead, "header", "20 bytes", "").Because(err)
	}
	if want := s.header(); string(b) != string(want) {
		return attest.Refuse(CodeSegment, "header", fmt.Sprintf("%x", want), fmt.Sprintf("%x", b))
	}
	return nil
}

// segmentsOf picks the segments among a directory's files, in order. A file that
// is named almost like a segment is refused, so that none is overlooked.
func segmentsOf(names []string) ([]segment, error) {
	var out []segment
	for _, name := range names {
		digits, ok := strings.CutSuffix(name, segmentSuffix)
		if !ok {
			continue
		}
		first, err := strconv.ParseUint(digits, 10, 63)
		if err != nil || newSegment(first).name != name {
			return nil, attest.Refuse(CodeSegment, "name", "20 digits and "+segmentSuffix, excerpt.Quote(name)).Because(err)
		}
		out = append(out, segment{name, first})
	}
	return out, nil
}
