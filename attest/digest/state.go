package digest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"strconv"

	"github.com/sealwright/sealwright/internal/excerpt"
)

// A State is an unfinished Hasher that can be carried to another process: to
// resume an interrupted computation, or to append to content that grows. Who can
// change a State decides what digest comes out, so it travels sealed.
//
// A state of content of GitBlob stays bound to the declared size.
type State struct {
	plan  string
	size  int64 // bytes taken in
	want  int64 // bytes declared, or -1
	sinks [][]byte
}

const (
	stateMagic  = "sealwright-dst1\n"
	minStateKey = 32
)

// State returns a copy of what h has taken in so far; h can go on. A hash from
// Options.Extra that does not implement encoding.BinaryMarshaler is refused with
// CodeStateUnsupported.
func (h *Hasher) State() (*State, error) {
	if err := h.enter(); err != nil {
		return nil, err
	}
	defer h.leave()
	s := &State{plan: h.plan.String(), size: h.size, want: h.want}
	for _, k := range h.sinks {
		b, err := k.appendState(nil)
		if err != nil {
			return nil, err
		}
		s.sinks = append(s.sinks, b)
	}
	return s, nil
}

// Size returns the number of bytes that the state has taken in: the offset at
// which to continue.
func (s *State) Size() int64 { return s.size }

// Resume returns a Hasher that goes on from s at the given offset. o must ask
// for exactly what the State was made with (Workers and Progress are free);
// other algorithms or parameters are refused with CodeStatePlan, and an offset
// other than s.Size(), so a state that is older or newer than the caller
// thinks, with CodeStateOffset.
func Resume(s *State, offset int64, o Options) (*Hasher, error) {
	h, err := New(o)
	if err != nil {
		return nil, err
	}
	if got := h.plan.String(); got != s.plan || h.want != s.want {
		return nil, &Error{Code: CodeStatePlan, Where: "Options", Want: s.plan + " for size " + strconv.FormatInt(s.want, 10), Got: got + " for size " + strconv.FormatInt(h.want, 10)}
	}
	if s.size != offset {
		return nil, &Error{Code: CodeStateOffset, Where: "offset", Want: strconv.FormatInt(offset, 10), Got: strconv.FormatInt(s.size, 10)}
	}
	if len(s.sinks) != len(h.sinks) {
		return nil, stateSyntax("hashes")
	}
	h.size = s.size
	for i, k := range h.sinks {
		if err := k.loadState(s.sinks[i], s.size); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// Seal returns the wire form of s, authenticated with HMAC-SHA-256 (RFC 2104)
// under a secret key of at least 32 bytes. context tells what the content is,
// for example the id of an upload, so that a state of other content under the
// same key is not taken for it. Sealing does not encrypt: a state tells as much
// of the content as its digests and its last block do.
func (s *State) Seal(key []byte, context string) ([]byte, error) {
	if err := checkKey(CodeStateKey, key); err != nil {
		return nil, err
	}
	b := []byte(stateMagic)
	b = appendField(b, []byte(s.plan))
	b = binary.BigEndian.AppendUint64(b, uint64(s.size))
	b = binary.BigEndian.AppendUint64(b, uint64(s.want))
	b = binary.BigEndian.AppendUint32(b, uint32(len(s.sinks)))
	for _, k := range s.sinks {
		b = appendField(b, k)
	}
	return append(b, stateMAC(key, context, b)...), nil
}

// OpenState reads what Seal wrote under the same key and context. Anything else
// is refused with CodeStateMAC before it is looked at.
func OpenState(key []byte, context string, b []byte) (*State, error) {
	if err := checkKey(CodeStateKey, key); err != nil {
		return nil, err
	}
	if len(b) < sha256.Size {
		return nil, stateSyntax("length")
	}
	body, mac := b[:len(b)-sha256.Size], b[len(b)-sha256.Size:]
	if !hmac.Equal(mac, stateMAC(key, context, body)) {
		return nil, &Error{Code: CodeStateMAC, Where: "state", Want: "a state sealed with this key for " + excerpt.Quote(context)}
	}
	return parseState(body)
}

func parseState(b []byte) (*State, error) {
	d := decoder{rest: b}
	if string(d.take(len(stateMagic))) != stateMagic {
		return nil, stateSyntax("header")
	}
	s := &State{plan: string(d.field()), size: int64(d.uint64()), want: int64(d.uint64())}
	n := d.uint32()
	for range n {
		if d.bad { // before n, which may be huge, is believed
			break
		}
		s.sinks = append(s.sinks, bytes.Clone(d.field()))
	}
	if !d.done() || s.size < 0 || s.size > maxSize || s.want < -1 || s.want > maxSize {
		return nil, stateSyntax("body")
	}
	return s, nil
}

// stateMAC binds the document to its kind and context, each of known length.
func stateMAC(key []byte, context string, body []byte) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte("sealwright digest state v1\x00"))
	m.Write(appendField(nil, []byte(context)))
	m.Write(body)
	return m.Sum(nil)
}

func checkKey(code Code, key []byte) error {
	if len(key) < minStateKey {
		return &Error{Code: code, Where: "key", Want: "at least 32 bytes", Got: strconv.Itoa(len(key))}
	}
	return nil
}

func stateSyntax(where string) error {
	return &Error{Code: CodeStateSyntax, Where: where, Want: "a state of this version"}
}
