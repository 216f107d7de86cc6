package line

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/dsse"
	"github.com/sealwright/sealwright/attest/key"
	"github.com/sealwright/sealwright/internal/strictjson"
	"github.com/sealwright/sealwright/tee/tpm2"
)

// The layout of a folder of evidence. Everything else in it is refused by the
// seal.
const (
	TermsFile       = "terms.json"               // Terms
	TrustDir        = "trust"                    // the keys of the principals, and the hardware's roots
	AttestationDir  = "attestations"             // what the builder and the approver signed
	ApprovalFile    = "attestations/approval"    // + Suffix
	ProvenanceFile  = "attestations/provenance-" // + the number of the build + Suffix
	HardwareFile    = "hardware.cbor"            // tee.Evidence
	ArtifactDir     = "artifact"                 // what was built
	DecisionFile    = "decision.json"            // policy.Decision
	LedgerDir       = "ledger"                   // the deployment log
	ReceiptFile     = "receipt.json"             // deploy.Receipt
	AccountFile     = "account.json"             // what the pipeline told
	HardwareRootPEM = "trust/hardware-root.pem"  // roots of the TPM's certificates
	EnrolmentFile   = "trust/enrolment.json"     // tpm2.Enrolment; only of a real TPM
	Suffix          = ".dsse.json"
)

// KeyFile is where a principal's public key lies.
func KeyFile(principal string) string { return path.Join(TrustDir, principal+".pem") }

// maxFile bounds a file of the folder.
const maxFile = 256 << 20

// Read returns a file of the folder.
func Read(root *os.Root, name string) ([]byte, error) {
	info, err := root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxFile {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrInvalid}
	}
	return root.ReadFile(name)
}

// Trust returns verifiers that believe the keys in the folder's trust directory,
// or in another one of the same layout: for the builder's and approver's
// attestations, and for the operator's. It also returns the operator's key, which
// signs the log.
func Trust(root *os.Root) (people, operator attest.Verifier, log crypto.PublicKey, err error) {
	keys := map[string]crypto.PublicKey{}
	for _, name := range []string{Builder, Approver, Operator} {
		text, err := Read(root, path.Base(KeyFile(name)))
		if err != nil {
			return nil, nil, nil, err
		}
		if keys[name], err = key.ParsePublicPEM(text); err != nil {
			return nil, nil, nil, err
		}
	}
	verifier := func(names ...string) (attest.Verifier, error) {
		trust := dsse.Trust{Authority: Authority, Threshold: 1}
		for _, name := range names {
			trust.Keys = append(trust.Keys, dsse.Key{Principal: name, Public: keys[name]})
		}
		return dsse.NewVerifier(trust)
	}
	if people, err = verifier(Builder, Approver); err != nil {
		return nil, nil, nil, err
	}
	operator, err = verifier(Operator)
	return people, operator, keys[Operator], err
}

// Machine reads what the trust directory says of the hardware: its roots, and the
// record of the TPM's enrolment where there is one.
func Machine(root *os.Root) (roots []*x509.Certificate, enrolled []tpm2.Enrolment, err error) {
	text, err := Read(root, path.Base(HardwareRootPEM))
	if err != nil {
		return nil, nil, err
	}
	if roots, err = ParseRoots(text); err != nil {
		return nil, nil, err
	}
	document, err := Read(root, path.Base(EnrolmentFile))
	if errors.Is(err, fs.ErrNotExist) {
		return roots, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	var e tpm2.Enrolment
	if err := strictjson.Unmarshal(document, &e, strictjson.Options{}); err != nil {
		return nil, nil, err
	}
	return roots, []tpm2.Enrolment{e}, nil
}

// ParseRoots reads certificates in PEM, and nothing else.
func ParseRoots(text []byte) (roots []*x509.Certificate, err error) {
	for len(bytes.TrimSpace(text)) > 0 {
		block, rest := pem.Decode(text)
		if block == nil {
			return nil, errors.New("not a list of certificates in PEM")
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		roots, text = append(roots, c), rest
	}
	return roots, nil
}

// Attestations returns the folder's attestations by file name, in ascending order.
func Attestations(root *os.Root) (names []string, all map[string]attest.Attestation, err error) {
	entries, err := fs.ReadDir(root.FS(), AttestationDir)
	if err != nil {
		return nil, nil, err
	}
	all = map[string]attest.Attestation{}
	for _, e := range entries {
		name := path.Join(AttestationDir, e.Name())
		if !strings.HasSuffix(name, Suffix) {
			return nil, nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrInvalid}
		}
		body, err := Read(root, name)
		if err != nil {
			return nil, nil, err
		}
		names, all[name] = append(names, name), attest.Attestation{MediaType: attest.MediaTypeDSSE, Body: body}
	}
	slices.Sort(names)
	return names, all, nil
}
