package buildtype

import (
	"encoding/json"
	"strconv"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// Bounds of a provenance object of PyPI.
const (
	mostProvenance   = 8 << 20 // bytes
	mostAttestations = 64
)

// A provenanceObject is what an index answers about a distribution (PEP 740, provenance
// objects). The publisher is the index's word and not signed: who published is told by
// the certificate (Publisher.Check), and so it is not read.
type provenanceObject struct {
	Version int                 `json:"version"`
	Bundles []attestationBundle `json:"attestation_bundles"`
}

type attestationBundle struct {
	Publisher    json.RawMessage     `json:"publisher"`
	Attestations []attestationObject `json:"attestations"`
}

type attestationObject struct {
	Version  int `json:"version"`
	Material struct {
		Certificate string            `json:"certificate"`
		Entries     []json.RawMessage `json:"transparency_entries"`
	} `json:"verification_material"`
	Envelope struct {
		Statement string `json:"statement"`
		Signature string `json:"signature"`
	} `json:"envelope"`
}

// PyPIBundles reads the provenance object of a distribution, as PyPI's Integrity API
// answers it (PEP 740), and returns each of its attestations as a Sigstore bundle of
// version 0.3 for a verifier, such as one of package attest/sigstore. Nothing is
// verified here. At most 8 MiB and 64 attestations are read.
func PyPIBundles(provenance []byte) ([]attest.Attestation, error) {
	var o provenanceObject
	if err := strictjson.Unmarshal(provenance, &o, strictjson.Options{Bytes: mostProvenance}); err != nil {
		return nil, attest.Refuse(CodePublication, "provenance", "a provenance object of PEP 740", "").Because(err)
	}
	if o.Version != 1 {
		return nil, attest.Refuse(CodePublication, "/version", "1", strconv.Itoa(o.Version))
	}
	var out []attest.Attestation
	for i, b := range o.Bundles {
		for j, a := range b.Attestations {
			where := "/attestation_bundles/" + strconv.Itoa(i) + "/attestations/" + strconv.Itoa(j)
			bundle, err := a.bundle(where)
			if err != nil {
				return nil, err
			}
			if out = append(out, bundle); len(out) > mostAttestations {
				return nil, attest.Refuse(CodePublication, where, "at most "+strconv.Itoa(mostAttestations)+" attestations", "more")
			}
		}
	}
	if len(out) == 0 {
		return nil, attest.Refuse(CodePublication, "/attestation_bundles", "an attestation", "none")
	}
	return out, nil
}

// bundle writes the attestation in the form of sigstore_bundle.proto, which its log
// entries have already.
func (a attestationObject) bundle(where string) (attest.Attestation, error) {
	if a.Version != 1 || a.Material.Certificate == "" || len(a.Material.Entries) == 0 || a.Envelope.Statement == "" || a.Envelope.Signature == "" {
		return attest.Attestation{}, attest.Refuse(CodePublication, where, "an attestation object of version 1, whole", "less")
	}
	const mediaType = "application/vnd.dev.sigstore.bundle.v0.3+json"
	type object = map[string]any
	body, err := strictjson.Marshal(object{
		"mediaType": mediaType,
		"verificationMaterial": object{
			"certificate": object{"rawBytes": a.Material.Certificate},
			"tlogEntries": a.Material.Entries,
		},
		"dsseEnvelope": object{
			"payload": a.Envelope.Statement, "payloadType": attest.MediaTypeInToto,
			"signatures": []object{{"sig": a.Envelope.Signature}},
		},
	})
	if err != nil {
		return attest.Attestation{}, attest.Refuse(CodePublication, where, "what JSON can hold", "").Because(err)
	}
	return attest.Attestation{MediaType: mediaType, Body: body}, nil
}
