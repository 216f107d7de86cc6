package graph

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// maxEnvelope bounds an envelope: a statement of 16 MiB in base64, and the rest.
const maxEnvelope = 24 << 20

// unpack takes the statement out of an attestation, without looking at a signature.
func unpack(a attest.Attestation) (payload []byte, err error) {
	if len(a.Body) > maxEnvelope {
		return nil, attest.Refuse(CodeLimit, "attestation", "at most "+strconv.Itoa(maxEnvelope)+" bytes", strconv.Itoa(len(a.Body)))
	}
	switch body := a.Body; {
	case a.MediaType == attest.MediaTypeInToto:
		return body, nil
	case a.MediaType == attest.MediaTypeDSSE:
		return payloadOf(body)
	case strings.HasPrefix(a.MediaType, "application/vnd.dev.sigstore.bundle"):
		if body, err = field(body, "dsseEnvelope"); err != nil {
			return nil, err
		}
		return payloadOf(body)
	default:
		return nil, attest.Refuse(CodeEnvelope, "media type", "a statement, an envelope or a bundle", excerpt.Quote(a.MediaType))
	}
}

// payloadOf returns the statement in a DSSE envelope.
func payloadOf(body []byte) ([]byte, error) {
	parts, err := strictjson.Fields(body, strictLimits(body), "payloadType", "payload")
	if err != nil {
		return nil, badEnvelope("/", err)
	}
	var texts [2]string
	for i, part := range parts {
		if part == nil {
			return nil, badEnvelope("/payload", nil)
		}
		if texts[i], err = part.Text(); err != nil {
			return nil, badEnvelope("/payload", err)
		}
	}
	if texts[0] != attest.MediaTypeInToto {
		return nil, attest.Refuse(CodeEnvelope, "/payloadType", attest.MediaTypeInToto, excerpt.Quote(texts[0]))
	}
	if strings.ContainsAny(texts[1], "\r\n") {
		return nil, badEnvelope("/payload", nil)
	}
	payload, err := base64.StdEncoding.Strict().DecodeString(texts[1])
	if err != nil {
		return nil, badEnvelope("/payload", err)
	}
	return payload, nil
}

func field(body []byte, name string) ([]byte, error) {
	parts, err := strictjson.Fields(body, strictLimits(body), name)
	if err != nil || parts[0] == nil {
		return nil, badEnvelope("/"+name, err)
	}
	return parts[0], nil
}

func badEnvelope(where string, err error) *attest.Error {
	return attest.Refuse(CodeEnvelope, where, "a DSSE envelope in its one spelling", "").Because(err)
}
