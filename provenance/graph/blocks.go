package graph

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/sealwright/sealwright/attest"
)

// A block file is bytes, a CRC-32C for each blockSize of them, and a footer: magic,
// the number of bytes, the CRC-32C of the checksums, and that of the footer so far.
const (
	blockSize  = 4096
	footerSize = 8 + 8 + 4 + 4
	footMagic  = "SWgraph3"
)

// castagnoli returns the table of CRC-32C, which processors compute by themselves.
var castagnoli = sync.OnceValue(func() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) })

func checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli()) }

func crcUpdate(sum uint32, b []byte) uint32 { return crc32.Update(sum, castagnoli(), b) }

// writeSize is how much a blockWriter writes at once, in whole blocks.
const writeSize = 64 * blockSize

// A blockWriter writes a block file.
type blockWriter struct {
	file io.WriteCloser
	buf  []byte // what is not written yet
	sums []byte // of what is
	size uint64
	err  error
}

func newBlockWriter(f io.WriteCloser) *blockWriter {
	return &blockWriter{file: f, buf: make([]byte, 0, writeSize)}
}

func (w *blockWriter) write(b []byte) {
	w.size += uint64(len(b))
	for len(b) > 0 {
		n := min(len(b), writeSize-len(w.buf))
		w.buf = append(w.buf, b[:n]...)
		b = b[n:]
		if len(w.buf) == writeSize {
			w.sum()
			w.put(w.buf)
			w.buf = w.buf[:0]
		}
	}
}

// sum computes the checksums of the blocks in buf.
func (w *blockWriter) sum() {
	for block := range slices.Chunk(w.buf, blockSize) {
		w.sums = binary.LittleEndian.AppendUint32(w.sums, checksum(block))
	}
}

func (w *blockWriter) put(b []byte) {
	if w.err == nil {
		_, w.err = w.file.Write(b)
	}
}

// close writes checksums and footer, makes the file durable, and returns the
// footer's checksum, by which the manifest knows the file.
func (w *blockWriter) close() (sum uint32, err error) {
	w.sum()
	foot := binary.LittleEndian.AppendUint64([]byte(footMagic), w.size)
	foot = binary.LittleEndian.AppendUint32(foot, checksum(w.sums))
	sum = checksum(foot)
	w.put(slices.Concat(w.buf, w.sums, binary.LittleEndian.AppendUint32(foot, sum)))
	if s, ok := w.file.(interface{ Sync() error }); ok && w.err == nil {
		w.err = s.Sync()
	}
	if err := w.file.Close(); w.err == nil {
		w.err = err
	}
	return sum, w.err
}

// blocks is a block file that is read. Each block is compared with its checksum when
// it is first used, or each time where the file cannot be mapped.
type blocks struct {
	name   string
	data   []byte      // the mapped file; nil where it cannot be mapped
	reader io.ReaderAt // the file itself; nil if it is only in data
	size   uint64
	sums   []byte
	seen   []atomic.Uint32 // one bit per block
	unmap  func() error
}

// openBlocks maps the file, which may be closed afterwards unless the result is read
// through it. sum is what the manifest knows the file by.
func openBlocks(f *os.File, sum uint32, mapping bool) (*blocks, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, attest.Refuse(CodeStorage, f.Name(), "a file", "").Because(err)
	}
	if mapping {
		data, unmap, err := mapFile(f, info.Size())
		if err == nil {
			b, err := newBlocks(f.Name(), data, f, info.Size(), sum)
			if err != nil {
				_ = unmap()
				return nil, err
			}
			b.unmap = func() error { return unmapBoth(unmap, f) }
			return b, nil
		}
	}
	b, err := newBlocks(f.Name(), nil, f, info.Size(), sum)
	if err != nil {
		return nil, err
	}
	b.unmap = f.Close
	return b, nil
}

func unmapBoth(unmap func() error, f *os.File) error {
	err := unmap()
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return err
}

// newBlocks reads the end of a block file from data or, if that is nil, from r.
func newBlocks(name string, data []byte, r io.ReaderAt, length int64, sum uint32) (*blocks, error) {
	b := &blocks{name: name, data: data, reader: r}
	refuse := func(want string) (*blocks, error) {
		return nil, attest.Refuse(CodeDamaged, name, want, strconv.FormatInt(length, 10)+" bytes")
	}
	if length < footerSize {
		return refuse("a block file")
	}
	foot, err := b.raw(length-footerSize, footerSize)
	if err != nil {
		return nil, err
	}
	if string(foot[:8]) != footMagic || checksum(foot[:20]) != sum || binary.LittleEndian.Uint32(foot[20:]) != sum {
		return refuse("the footer that the manifest knows")
	}
	b.size = binary.LittleEndian.Uint64(foot[8:])
	count := b.size/blockSize + (b.size%blockSize+blockSize-1)/blockSize
	if b.size > uint64(length) || b.size+4*count+footerSize != uint64(length) {
		return refuse("a file of the length in its footer")
	}
	if b.sums, err = b.raw(int64(b.size), int(4*count)); err != nil {
		return nil, err
	}
	if checksum(b.sums) != binary.LittleEndian.Uint32(foot[16:]) {
		return refuse("unchanged checksums")
	}
	b.seen = make([]atomic.Uint32, (count+31)/32)
	return b, nil
}

func (b *blocks) raw(off int64, n int) ([]byte, error) {
	if b.data != nil {
		return b.data[off : off+int64(n)], nil
	}
	buf := make([]byte, n)
	if _, err := b.reader.ReadAt(buf, off); err != nil && err != io.EOF {
		return nil, attest.Refuse(CodeStorage, b.name, "the bytes of the file", "").Because(err)
	}
	return buf, nil
}

// read returns n bytes from off, checked. The result must not be changed, and is
// gone once the file is closed.
func (b *blocks) read(off, n uint64) ([]byte, error) {
	if n > b.size || off > b.size-n {
		return nil, attest.Refuse(CodeDamaged, b.name, "an offset in the file", "another one")
	}
	if n == 0 {
		return nil, nil
	}
	first, last := off/blockSize, (off+n-1)/blockSize
	if b.data == nil {
		return b.readBlocks(first, last, off, n)
	}
	for i := first; i <= last; i++ {
		if b.seen[i/32].Load()>>(i%32)&1 == 0 {
			end := min((i+1)*blockSize, b.size)
			if err := b.check(i, b.data[i*blockSize:end]); err != nil {
				return nil, err
			}
			b.seen[i/32].Or(1 << (i % 32))
		}
	}
	return b.data[off : off+n : off+n], nil
}

// readBlocks reads through the file, and so checks again each time.
func (b *blocks) readBlocks(first, last, off, n uint64) ([]byte, error) {
	start, end := first*blockSize, min((last+1)*blockSize, b.size)
	buf := make([]byte, end-start)
	if err := b.load(buf, start); err != nil {
		return nil, err
	}
	return buf[off-start : off-start+n], nil
}

// load reads whole blocks from off on, past the mapping, and checks them.
func (b *blocks) load(buf []byte, off uint64) error {
	if b.reader == nil {
		copy(buf, b.data[off:])
	} else if n, err := b.reader.ReadAt(buf, int64(off)); n < len(buf) {
		return attest.Refuse(CodeStorage, b.name, "the bytes of the file", "").Because(err)
	}
	for i := off / blockSize; len(buf) > 0; i++ {
		n := min(blockSize, len(buf))
		if err := b.check(i, buf[:n]); err != nil {
			return err
		}
		buf = buf[n:]
	}
	return nil
}

// aside returns n bytes from off, past the mapping; they are in buf.
func (b *blocks) aside(buf *[]byte, off, n uint64) ([]byte, error) {
	if n > b.size || off > b.size-n {
		return nil, attest.Refuse(CodeDamaged, b.name, "an offset in the file", "another one")
	}
	start := off / blockSize * blockSize
	end := min((off+n+blockSize-1)/blockSize*blockSize, b.size)
	*buf = slices.Grow((*buf)[:0], int(end-start))[:end-start]
	return (*buf)[off-start : off-start+n], b.load(*buf, start)
}

func (b *blocks) check(i uint64, block []byte) error {
	if checksum(block) != binary.LittleEndian.Uint32(b.sums[4*i:]) {
		return attest.Refuse(CodeDamaged, b.name, "an unchanged block", "block "+strconv.FormatUint(i, 10)+" differs")
	}
	return nil
}
