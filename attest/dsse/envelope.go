package dsse

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"

	wire "github.com/secure-systems-lab/go-securesystemslib/dsse"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// MaxSignatures bounds the signatures of an envelope.
const MaxSignatures = 64

// Bounds of an envelope besides those of its statement.
const (
	defaultStatement = 16 << 20
	maxSignature     = 16 << 10 // one signature in base64
	overhead         = MaxSignatures*(maxSignature+1<<10) + 1<<10
)

// envelope is a decoded DSSE envelope; nothing in it is verified.
type envelope struct {
	payload    []byte
	pae        []byte // what is signed
	signatures []signature
}

type signature struct {
	hint  string // keyid
	bytes []byte
}

// parse reads body strictly. It joins the reasons of every field at fault.
func parse(body []byte, statement int) (*envelope, error) {
	if statement == 0 {
		statement = defaultStatement
	}
	most := base64.StdEncoding.EncodedLen(statement) + overhead
	whole, err := strictjson.Whole(body, strictjson.Options{Bytes: most, Depth: 3, Values: 4 + 3*MaxSignatures})
	if err != nil {
		return nil, refuseJSON("", err)
	}
	var f [3]strictjson.Part
	if err := whole.Members(false, f[:], "payloadType", "payload", "signatures"); err != nil {
		return nil, refuseJSON("", err)
	}
	var e envelope
	payloadType, err := text("/payloadType", f[0])
	if err != nil {
		return nil, err
	}
	var faults []error
	if payloadType != attest.MediaTypeInToto {
		faults = append(faults, attest.Refuse(CodePayloadType, "/payloadType", attest.MediaTypeInToto, excerpt.Quote(payloadType)))
	}
	if isEmpty(f[1]) {
		faults = append(faults, attest.Refuse(CodeNoPayload, "/payload", "a statement", "nothing"))
	} else if err := e.readPayload(payloadType, f[1]); err != nil {
		faults = append(faults, err)
	}
	if e.signatures, err = readSignatures(f[2]); err != nil {
		faults = append(faults, err)
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return &e, nil
}

// isEmpty reports whether a text is absent or empty.
func isEmpty(p strictjson.Part) bool { return p == nil || string(p) == `""` }

// readPayload decodes the payload to where the pre-authentication encoding has
// it, so that a large one exists once.
func (e *envelope) readPayload(payloadType string, p strictjson.Part) error {
	room := len(wire.PAE(payloadType, nil)) + 20 // the length of the payload is longer than 0
	b, err := decode("/payload", p, make([]byte, room, room+base64.StdEncoding.DecodedLen(len(p))))
	if err != nil {
		return err
	}
	e.payload = b[room:]
	head := fmt.Appendf(nil, "DSSEv1 %d %s %d ", len(payloadType), payloadType, len(e.payload))
	e.pae = b[room-len(head):]
	copy(e.pae, head)
	return nil
}

func readSignatures(p strictjson.Part) ([]signature, error) {
	if p == nil {
		return nil, attest.Refuse(CodeNoSignature, "/signatures", "at least one", "none")
	}
	var out []signature
	var faults []error
	it, err := p.Elements()
	if err != nil {
		return nil, refuseJSON("/signatures", err)
	}
	for it.Next() {
		if it.Index() >= MaxSignatures {
			return nil, attest.Refuse(attest.CodeLimit, "/signatures", "at most "+strconv.Itoa(MaxSignatures), "more")
		}
		s, err := readSignature(at(it.Index()), it.Value())
		faults = append(faults, err)
		out = append(out, s)
	}
	if len(out) == 0 {
		return nil, attest.Refuse(CodeNoSignature, "/signatures", "at least one", "none")
	}
	return out, errors.Join(faults...)
}

func readSignature(where string, p strictjson.Part) (s signature, err error) {
	var f [2]strictjson.Part
	if err := p.Members(false, f[:], "keyid", "sig"); err != nil {
		return s, refuseJSON(where, err)
	}
	if s.hint, err = text(where+"/keyid", f[0]); err != nil {
		return s, err
	}
	where += "/sig"
	if isEmpty(f[1]) {
		return s, attest.Refuse(CodeNoSignature, where, "a signature", "nothing")
	}
	if len(f[1]) > maxSignature+2 {
		return s, attest.Refuse(attest.CodeLimit, where, "at most "+strconv.Itoa(maxSignature)+" characters", strconv.Itoa(len(f[1])-2))
	}
	s.bytes, err = decode(where, f[1], nil)
	return s, err
}

// text reads a string; "" where it is missing.
func text(where string, part strictjson.Part) (string, error) {
	if part == nil {
		return "", nil
	}
	s, err := part.Text()
	if err != nil {
		return "", refuseJSON(where, err)
	}
	return s, nil
}

// at returns the JSON pointer of the i-th signature.
func at(i int) string { return "/signatures/" + strconv.Itoa(i) }

// decode appends to dst what canonical standard base64 stands for.
func decode(where string, p strictjson.Part, dst []byte) ([]byte, error) {
	b, err := p.Base64(dst)
	if bad, ok := errors.AsType[*strictjson.Error](err); ok && bad.Cause == strictjson.CauseBase64 {
		return nil, attest.Refuse(CodeBase64, where, "canonical standard base64", "").Because(err)
	}
	if err != nil {
		return nil, refuseJSON(where, err)
	}
	return b, nil
}

// refuseJSON turns what strictjson found below the JSON pointer where into a
// refusal.
func refuseJSON(where string, err error) error {
	code := CodeEnvelope
	var e *strictjson.Error
	if errors.As(err, &e) {
		where += e.Pointer
		if e.Cause.Limit() {
			code = attest.CodeLimit
		}
	}
	return attest.Refuse(code, cmp.Or(where, "envelope"), "strict JSON of a DSSE envelope", "").Because(err)
}
