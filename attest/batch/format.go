package batch

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/tlog"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// MediaType is that of a batch attestation.
const MediaType = "application/vnd.sealwright.batch.v1+json"

// originPrefix begins the origin of a batch.
const originPrefix = "sealwright/batch/v1/"

// maxProof bounds a proof without extra data.
const maxProof = tlog.MaxNote + (tlog.MaxProof+4)*64

type body struct {
	Statement []byte `json:"statement"`
	Proof     string `json:"proof"`
}

func originOf(root tlog.Hash) string { return originPrefix + hex.EncodeToString(root[:]) }

// leafOf is the entry of a statement.
func leafOf(statement []byte) []byte {
	return append([]byte(attest.MediaTypeInToto+"\n"), statement...)
}

func format(statement []byte, proof tlog.Proof) (attest.Attestation, error) {
	text, err := proof.Marshal()
	if err != nil {
		return attest.Attestation{}, err
	}
	b, err := strictjson.Marshal(body{statement, string(text)})
	if err != nil {
		return attest.Attestation{}, attest.Refuse(CodeForm, "attestation", "JSON", "").Because(err)
	}
	return attest.Attestation{MediaType: MediaType, Body: b}, nil
}

// parse reads an attestation; nothing in it is verified.
func parse(b []byte, limit int) (statement []byte, proof tlog.Proof, err error) {
	if limit == 0 {
		limit = 16 << 20
	}
	var read body
	most := base64.StdEncoding.EncodedLen(limit) + 2*maxProof
	if err := strictjson.Unmarshal(b, &read, strictjson.Options{Bytes: most, Depth: 1, Values: 3}); err != nil {
		return nil, proof, attest.Refuse(CodeForm, "attestation", "strict JSON", "").Because(err)
	}
	if proof, err = tlog.ParseProof([]byte(read.Proof)); err != nil {
		return nil, proof, err
	}
	again, err := strictjson.Marshal(read)
	if err != nil || !bytes.Equal(again, b) || len(read.Statement) == 0 || len(proof.Extra) > 0 {
		return nil, proof, attest.Refuse(CodeForm, "attestation", "a statement and a proof in their only form", "another").Because(err)
	}
	return read.Statement, proof, nil
}
