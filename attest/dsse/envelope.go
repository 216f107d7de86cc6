package dsse

import (
	"cmp"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"

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
	raw, err := read(body, strictjson.Options{Bytes: most, Depth: 3, Values: 4 + 3*MaxSignatures})
	if err != nil {
		return nil, err
	}
	var e envelope
	var faults []error
	if raw.PayloadType != attest.MediaTypeInToto {
		faults = append(faults, attest.Refuse(CodePayloadType, "/payloadType", attest.MediaTypeInToto, excerpt.Quote(raw.PayloadType)))
	}
	if raw.Payload == "" {
		faults = append(faults, attest.Refuse(CodeNoPayload, "/payload", "a statement", "nothing"))
	} else if e.payload, err = decode("/payload", raw.Payload); err != nil {
		faults = append(faults, err)
	}
	if e.signatures, err = decodeSignatures(raw.Signatures); err != nil {
		faults = append(faults, err)
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	e.pae = wire.PAE(raw.PayloadType, e.payload)
	return &e, nil
}

// read reads the JSON form. It takes the document apart instead of decoding it
// into a wire.Envelope, which would take as long as verifying a signature.
func read(body []byte, o strictjson.Options) (e wire.Envelope, err error) {
	parts, err := strictjson.Fields(body, o, "payloadType", "payload", "signatures")
	if err != nil {
		return e, refuseJSON("", err)
	}
	if e.PayloadType, err = text("/payloadType", parts[0]); err != nil {
		return e, err
	}
	if e.Payload, err = text("/payload", parts[1]); err != nil {
		return e, err
	}
	if parts[2] == nil {
		return e, nil
	}
	signatures, err := strictjson.Elements(parts[2], o)
	if err != nil {
		return e, refuseJSON("/signatures", err)
	}
	e.Signatures = make([]wire.Signature, len(signatures))
	for i, s := range signatures {
		if e.Signatures[i], err = readSignature(at(i), s, o); err != nil {
			return e, err
		}
	}
	return e, nil
}

func readSignature(where string, data []byte, o strictjson.Options) (s wire.Signature, err error) {
	parts, err := strictjson.Fields(data, o, "keyid", "sig")
	if err != nil {
		return s, refuseJSON(where, err)
	}
	if s.KeyID, err = text(where+"/keyid", parts[0]); err != nil {
		return s, err
	}
	s.Sig, err = text(where+"/sig", parts[1])
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

func decodeSignatures(raw []wire.Signature) ([]signature, error) {
	if len(raw) == 0 {
		return nil, attest.Refuse(CodeNoSignature, "/signatures", "at least one", "none")
	}
	if len(raw) > MaxSignatures {
		return nil, attest.Refuse(attest.CodeLimit, "/signatures", "at most "+strconv.Itoa(MaxSignatures), strconv.Itoa(len(raw)))
	}
	out := make([]signature, len(raw))
	var faults []error
	for i, s := range raw {
		where := at(i) + "/sig"
		if s.Sig == "" {
			faults = append(faults, attest.Refuse(CodeNoSignature, where, "a signature", "nothing"))
			continue
		}
		if len(s.Sig) > maxSignature {
			faults = append(faults, attest.Refuse(attest.CodeLimit, where, "at most "+strconv.Itoa(maxSignature)+" characters", strconv.Itoa(len(s.Sig))))
			continue
		}
		b, err := decode(where, s.Sig)
		if err != nil {
			faults = append(faults, err)
		}
		out[i] = signature{s.KeyID, b}
	}
	return out, errors.Join(faults...)
}

// at returns the JSON pointer of the i-th signature.
func at(i int) string { return "/signatures/" + strconv.Itoa(i) }

// decode reads canonical standard base64. encoding/base64 skips line breaks even
// where it is strict, so that they are looked for here.
func decode(where, s string) ([]byte, error) {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || strings.ContainsAny(s, "\r\n") {
		return nil, attest.Refuse(CodeBase64, where, "canonical standard base64", "").Because(err)
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
