package layout

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/in-toto/in-toto-golang/in_toto"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/key"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// maxSignatures bounds the signatures of a document; each may cost a verification
// for each owner.
const maxSignatures = 32

// A document is a signed layout or link. Exactly one of layout and link is set.
type document struct {
	layout     *in_toto.Layout
	link       *in_toto.Link
	message    []byte // what is signed
	signatures []signature
}

type signature struct {
	keyID string
	bytes []byte
}

// parseDocument reads a metablock or a DSSE envelope. Its signatures are not
// verified.
func parseDocument(b []byte, where string) (*document, error) {
	o := strictjson.Options{Bytes: len(b) + 1, Depth: 32, AllowUnknown: true}
	parts, err := strictjson.Fields(b, o, "payload", "signed")
	if err != nil {
		return nil, attest.Refuse(CodeFormat, where, "a metablock or envelope", "").Because(err)
	}
	switch {
	case parts[0] != nil && parts[1] == nil:
		return parseEnvelope(b, where)
	case parts[0] == nil && parts[1] != nil:
		return parseMetablock(b, where)
	}
	return nil, attest.Refuse(CodeFormat, where, "a metablock or envelope", "both or neither")
}

func parseEnvelope(b []byte, where string) (*document, error) {
	var e struct {
		PayloadType string `json:"payloadType"`
		Payload     []byte `json:"payload"`
		Signatures  []struct {
			KeyID string `json:"keyid"`
			Sig   []byte `json:"sig"`
		} `json:"signatures"`
	}
	if err := strictjson.Unmarshal(b, &e, strictjson.Options{Bytes: len(b) + 1}); err != nil {
		return nil, attest.Refuse(CodeFormat, where, "a DSSE envelope", "").Because(err)
	}
	if e.PayloadType != in_toto.PayloadType {
		return nil, attest.Refuse(CodeFormat, where, in_toto.PayloadType, excerpt.Quote(e.PayloadType))
	}
	d := &document{message: fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(e.PayloadType), e.PayloadType, len(e.Payload), e.Payload)}
	for _, s := range e.Signatures {
		d.signatures = append(d.signatures, signature{s.KeyID, s.Sig})
	}
	return d, d.parse(e.Payload, where)
}

func parseMetablock(b []byte, where string) (*document, error) {
	var m struct {
		Signed     rawJSON             `json:"signed"`
		Signatures []in_toto.Signature `json:"signatures"`
	}
	if err := strictjson.Unmarshal(b, &m, strictjson.Options{Bytes: len(b) + 1}); err != nil {
		return nil, attest.Refuse(CodeFormat, where, "a metablock", "").Because(err)
	}
	d := new(document)
	for _, s := range m.Signatures {
		sig, err := hex.DecodeString(s.Sig)
		if err != nil {
			return nil, attest.Refuse(CodeFormat, where, "signatures in hexadecimal", excerpt.Quote(s.Sig))
		}
		d.signatures = append(d.signatures, signature{s.KeyID, sig})
	}
	if err := d.parse(m.Signed, where); err != nil {
		return nil, err
	}
	// What is signed is the canonical JSON of what was read: what this package did
	// not read, nobody signed.
	block := in_toto.Metablock{}
	if d.layout != nil {
		block.Signed = *d.layout
	} else {
		block.Signed = *d.link
	}
	var err error
	if d.message, err = block.GetSignableRepresentation(); err != nil {
		return nil, attest.Refuse(CodeFormat, where, "a document with a canonical form", "").Because(err)
	}
	return d, nil
}

// rawJSON is one value as it stands.
type rawJSON []byte

// UnmarshalJSON keeps the bytes.
func (r *rawJSON) UnmarshalJSON(b []byte) error { *r = slices.Clone(b); return nil }

// parse reads the layout or link.
func (d *document) parse(b []byte, where string) error {
	if len(d.signatures) == 0 || len(d.signatures) > maxSignatures {
		return attest.Refuse(CodeFormat, where, "1 to "+strconv.Itoa(maxSignatures)+" signatures", strconv.Itoa(len(d.signatures)))
	}
	o := strictjson.Options{Bytes: len(b) + 1, Depth: 32, AllowUnknown: true}
	parts, err := strictjson.Fields(b, o, "_type")
	kind := ""
	if err == nil && parts[0] != nil {
		kind, err = parts[0].Text()
	}
	o.AllowUnknown = false
	switch {
	case err != nil:
	case kind == "layout":
		d.layout = new(in_toto.Layout)
		err = strictjson.Unmarshal(b, d.layout, o)
	case kind == "link":
		d.link = new(in_toto.Link)
		err = strictjson.Unmarshal(b, d.link, o)
	default:
		return attest.Refuse(CodeFormat, where, "a layout or a link", excerpt.Quote(kind))
	}
	if err != nil {
		return attest.Refuse(CodeFormat, where, "a layout or a link", "").Because(err)
	}
	return nil
}

// schemeFits tells which kind of key signs by which scheme.
func schemeFits(keyType, scheme string) bool {
	switch keyType {
	case "ed25519":
		return scheme == "ed25519"
	case "rsa":
		return scheme == "rsassa-pss-sha256"
	case "ecdsa":
		return strings.HasPrefix(scheme, "ecdsa-sha2-nistp")
	}
	return false
}

// publicKey returns a key of a layout as the standard library has it.
func publicKey(k in_toto.Key, id string) (crypto.PublicKey, error) {
	where := "/keys/" + excerpt.Quote(id)
	if k.KeyID != id || len(id) < 8 || strings.Trim(id, "0123456789abcdef") != "" {
		return nil, attest.Refuse(CodeKey, where, "its own id, in hexadecimal", excerpt.Quote(k.KeyID))
	}
	if k.KeyVal.Private != "" {
		return nil, attest.Refuse(CodeKey, where, "a public key", "a private one")
	}
	if !schemeFits(k.KeyType, k.Scheme) {
		return nil, attest.Refuse(CodeKey, where, "ed25519, rsassa-pss-sha256 or ecdsa-sha2-nistp", excerpt.Quote(k.KeyType+" "+k.Scheme))
	}
	if k.KeyType == "ed25519" {
		raw, err := hex.DecodeString(k.KeyVal.Public)
		if err != nil || len(raw) != ed25519.PublicKeySize {
			return nil, attest.Refuse(CodeKey, where, "32 bytes in hexadecimal", excerpt.Quote(k.KeyVal.Public))
		}
		return ed25519.PublicKey(raw), nil
	}
	// in-toto strips the final newline of PEM blocks.
	pub, err := key.ParsePublicPEM([]byte(strings.TrimSpace(k.KeyVal.Public) + "\n"))
	if err != nil {
		return nil, attest.Refuse(CodeKey, where, "a public key in PEM", "").Because(err)
	}
	switch pub.(type) {
	case *rsa.PublicKey:
		if k.KeyType == "rsa" {
			return pub, nil
		}
	case *ecdsa.PublicKey:
		if k.KeyType == "ecdsa" {
			return pub, nil
		}
	}
	return nil, attest.Refuse(CodeKey, where, k.KeyType, "another kind of key")
}
