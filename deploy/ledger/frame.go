package ledger

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"strconv"

	"github.com/sealwright/sealwright/attest"
	"golang.org/x/mod/sumdb/tlog"
)

// The layout of a frame; see the package's documentation.
const (
	frameCRC    = 4
	frameIndex  = 8
	frameLeaf   = 16
	frameHeader = 48
)

// A frame is one entry as it stands in a segment.
type frame struct {
	index uint64
	leaf  tlog.Hash
	entry []byte // type and payload
}

// newFrame encodes an entry, all but the index, which the writer gives it.
func newFrame(entry []byte, leaf tlog.Hash) []byte {
	b := make([]byte, frameHeader+len(entry))
	binary.BigEndian.PutUint32(b, uint32(len(entry)))
	copy(b[frameLeaf:], leaf[:])
	copy(b[frameHeader:], entry)
	return b
}

// setIndex completes an encoded frame.
func setIndex(b []byte, index uint64) {
	binary.BigEndian.PutUint64(b[frameIndex:], index)
	binary.BigEndian.PutUint32(b[frameCRC:], frameSum(b))
}

// frameSum is the CRC-32C of everything in the frame but the sum itself.
func frameSum(b []byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli)
	return crc32.Update(crc32.Checksum(b[:frameCRC], table), table, b[frameIndex:])
}

// readFrame reads the next frame and checks it: bounds, checksum, index, leaf
// hash. At the clean end of a segment it returns io.EOF. The frame's entry is
// valid until the next call with the same buffer.
func readFrame(r io.Reader, buf []byte, next uint64, maxEntry int) (frame, []byte, error) {
	buf = grow(buf, frameHeader)
	if n, err := io.ReadFull(r, buf); err == io.EOF {
		return frame{}, buf, io.EOF
	} else if err == io.ErrUnexpectedEOF {
		return frame{}, buf, attest.Refuse(CodeFrameTruncated, "header", "48 bytes", strconv.Itoa(n))
	} else if err != nil {
		return frame{}, buf, attest.Refuse(CodeRead, "header", "48 bytes", "").Because(err)
	}
	size := int64(binary.BigEndian.Uint32(buf))
	if size < 1 || size > int64(maxEntry) {
		return frame{}, buf, attest.Refuse(CodeFrameLength, "length", "1 to "+strconv.Itoa(maxEntry), strconv.FormatInt(size, 10))
	}
	buf = grow(buf, frameHeader+int(size))
	if n, err := io.ReadFull(r, buf[frameHeader:]); err == io.EOF || err == io.ErrUnexpectedEOF {
		return frame{}, buf, attest.Refuse(CodeFrameTruncated, "entry", strconv.FormatInt(size, 10)+" bytes", strconv.Itoa(n))
	} else if err != nil {
		return frame{}, buf, attest.Refuse(CodeRead, "entry", strconv.FormatInt(size, 10)+" bytes", "").Because(err)
	}
	f, err := parseFrame(buf, next)
	return f, buf, err
}

// parseFrame checks a whole frame, whose length is that of b.
func parseFrame(b []byte, next uint64) (frame, error) {
	if got, want := frameSum(b), binary.BigEndian.Uint32(b[frameCRC:]); got != want {
		return frame{}, attest.Refuse(CodeFrameChecksum, "checksum", hex32(want), hex32(got))
	}
	f := frame{binary.BigEndian.Uint64(b[frameIndex:]), tlog.Hash(b[frameLeaf:frameHeader]), b[frameHeader:]}
	if f.index != next {
		return frame{}, attest.Refuse(CodeFrameIndex, "index", strconv.FormatUint(next, 10), strconv.FormatUint(f.index, 10))
	}
	if leaf := tlog.RecordHash(f.entry); leaf != f.leaf {
		return frame{}, attest.Refuse(CodeFrameLeaf, "leaf", f.leaf.String(), leaf.String())
	}
	return f, nil
}

func hex32(v uint32) string { return "0x" + strconv.FormatUint(uint64(v), 16) }

// grow returns a buffer of n bytes that keeps what b holds.
func grow(b []byte, n int) []byte {
	if cap(b) >= n {
		return b[:n]
	}
	bigger := make([]byte, n, n+n/2)
	copy(bigger, b)
	return bigger
}
