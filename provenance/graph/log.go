package graph

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"io"
	"os"
	"strconv"

	"github.com/sealwright/sealwright/attest"
)

// The log is a header and frames. A frame is a frame header and a payload: the facts
// of one addition. Once it is durable, an acknowledgement follows, a frame header
// without payload, and only then does the addition return.
//
// So what a crash tears is the last frame, and nothing acknowledges it: if a frame is
// not what was written and an acknowledgement of it, or of anything later, can be
// found behind it, the log is damaged; if none can, what is there was never
// acknowledged. All checksums begin with the log's random id, so that no content
// looks like an acknowledgement.
const (
	logMagic    = "SWgraphL"
	logHeader   = 8 + 16 + 4
	frameHeader = 4 + 8 + 4 + 4 // magic, number, length of the payload, checksum
	dataMagic   = "SWfd"
	ackMagic    = "SWfa"
	maxPayload  = 64 << 20
)

// newLog returns the header of a new log.
func newLog() []byte {
	b := make([]byte, 8+16, logHeader)
	copy(b, logMagic)
	_, _ = rand.Read(b[8:]) // never fails (crypto/rand)
	return binary.LittleEndian.AppendUint32(b, checksum(b))
}

// appendHead appends the header of a frame with that payload, or of an acknowledgement.
func appendHead(b []byte, id []byte, magic string, number uint64, payload []byte) []byte {
	start := len(b)
	b = append(b, magic...)
	b = binary.LittleEndian.AppendUint64(b, number)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(payload)))
	return binary.LittleEndian.AppendUint32(b, frameSum(id, b[start:], payload))
}

func frameSum(id, head, payload []byte) uint32 {
	sum := checksum(id)
	for _, b := range [...][]byte{head[:16], payload} {
		sum = crcUpdate(sum, b)
	}
	return sum
}

// A frame is one that was read; ok is false if there is none of that form.
func readFrame(b, id []byte, magic string) (number uint64, payload []byte, ok bool) {
	if len(b) < frameHeader || string(b[:4]) != magic {
		return 0, nil, false
	}
	n := binary.LittleEndian.Uint32(b[12:])
	if n > maxPayload || uint64(len(b)-frameHeader) < uint64(n) {
		return 0, nil, false
	}
	payload = b[frameHeader : frameHeader+int(n)]
	return binary.LittleEndian.Uint64(b[4:]), payload, binary.LittleEndian.Uint32(b[16:]) == frameSum(id, b, payload)
}

// A logState is what readLog found.
type logState struct {
	id     []byte
	next   uint64 // number of the next frame
	end    int64  // of what is whole
	acked  bool   // the last frame has its acknowledgement
	length int64  // of the file
}

// readLog calls apply with the payload of every whole frame. It refuses a log that is
// damaged, and passes over what was torn at its end.
func readLog(name string, b []byte, apply func(payload []byte) error) (s logState, err error) {
	if len(b) < logHeader || string(b[:8]) != logMagic || checksum(b[:24]) != binary.LittleEndian.Uint32(b[24:]) {
		return s, attest.Refuse(CodeDamaged, name, "the header of a log", "another one")
	}
	s = logState{id: bytes.Clone(b[8:24]), end: logHeader, acked: true, length: int64(len(b))}
	for rest := b[logHeader:]; len(rest) > 0; rest = b[s.end:] {
		if s.acked {
			number, payload, ok := readFrame(rest, s.id, dataMagic)
			if !ok || number != s.next {
				return s, s.torn(name, rest)
			}
			if err := apply(payload); err != nil {
				return s, err
			}
			s.end += int64(frameHeader + len(payload))
			s.acked = false
			s.next++
			continue
		}
		number, payload, ok := readFrame(rest, s.id, ackMagic)
		if !ok || number != s.next-1 || len(payload) != 0 {
			return s, s.torn(name, rest)
		}
		s.end += frameHeader
		s.acked = true
	}
	return s, nil
}

// torn refuses the log unless nothing in rest was acknowledged.
func (s *logState) torn(name string, rest []byte) error {
	least := s.next
	if !s.acked {
		least-- // the frame is whole, and its acknowledgement is not
	}
	for at := 0; ; at++ {
		i := bytes.Index(rest[at:], []byte(ackMagic))
		if i < 0 {
			return nil
		}
		at += i
		if number, _, ok := readFrame(rest[at:], s.id, ackMagic); ok && number >= least {
			where := name + " at " + strconv.FormatInt(s.end, 10)
			return attest.Refuse(CodeDamaged, where, "an unchanged frame", "frame "+strconv.FormatUint(s.next, 10)+" differs, but was acknowledged")
		}
	}
}

// A logWriter appends to a log.
type logWriter struct {
	f    *os.File
	id   []byte
	next uint64
	end  int64
}

// continueLog prepares the log for writing: what was torn is cut off, and a whole
// frame without acknowledgement gets it.
func continueLog(f *os.File, s logState) (*logWriter, error) {
	w := &logWriter{f: f, id: s.id, next: s.next, end: s.end}
	if s.length > s.end {
		if err := f.Truncate(s.end); err != nil {
			return nil, err
		}
	}
	if !s.acked {
		if err := w.put(appendHead(nil, w.id, ackMagic, w.next-1, nil)); err != nil {
			return nil, err
		}
	}
	return w, f.Sync()
}

// append writes a payload, makes it durable and acknowledges it.
func (w *logWriter) append(payload []byte) error {
	if err := w.put(appendHead(nil, w.id, dataMagic, w.next, payload)); err != nil {
		return err
	}
	if err := w.put(payload); err != nil {
		return err
	}
	if err := w.f.Sync(); err != nil {
		return err
	}
	w.next++
	return w.put(appendHead(nil, w.id, ackMagic, w.next-1, nil))
}

func (w *logWriter) put(b []byte) error {
	n, err := w.f.WriteAt(b, w.end)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	w.end += int64(n)
	return err
}
