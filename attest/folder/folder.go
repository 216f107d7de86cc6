package folder

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// PredicateType is the predicate type of a seal. The predicate counts the files.
const PredicateType = "https://github.com/sealwright/sealwright/attest/folder/v1"

// SealName is the file in the directory that holds the seal, a DSSE envelope.
const SealName = "seal.dsse.json"

// Bounds of a directory.
const (
	maxFiles = 100_000
	maxSeal  = 64 << 20
)

type predicate struct {
	Files int `json:"files"`
}

// Seal signs what the directory holds, and writes the seal into it. It refuses
// anything but regular files and directories. An earlier seal is replaced. Nobody
// may write to the directory meanwhile.
func Seal(ctx context.Context, root *os.Root, a attest.Attestor) error {
	if root == nil || a == nil {
		return attest.Refuse(CodeNil, "Seal", "a directory and an attestor", "nil")
	}
	files, err := list(ctx, root)
	if err != nil {
		return err
	}
	statement, err := attest.NewStatement(PredicateType, predicate{len(files)}, files...)
	if err != nil {
		return err
	}
	seal, err := a.Attest(ctx, statement)
	if err != nil {
		return err
	}
	if err := checkForm(seal.Body, nil); err != nil {
		return err
	}
	return errors.Join(root.WriteFile(SealName+".tmp", seal.Body, 0o644), root.Rename(SealName+".tmp", SealName))
}

// Verify demands that the directory is exactly what was sealed, by a seal that v
// accepts. It tells every file that is missing, new or changed.
func Verify(ctx context.Context, root *os.Root, v attest.Verifier) (*attest.Verified, error) {
	if root == nil || v == nil {
		return nil, attest.Refuse(CodeNil, "Verify", "a directory and a verifier", "nil")
	}
	body, err := readSeal(root)
	if err != nil {
		return nil, err
	}
	want := attest.Want{AnySubject: true, PredicateTypes: []string{PredicateType}}
	verified, sealErr := v.Verify(ctx, attest.Attestation{MediaType: attest.MediaTypeDSSE, Body: body}, want)
	if sealErr != nil {
		return nil, sealErr
	}
	if err := checkForm(body, verified.Signers()); err != nil {
		return nil, err
	}
	var p predicate
	if err := verified.Statement().DecodePredicate(&p, false); err != nil {
		return nil, err
	}
	sealed := verified.Statement().Subjects()
	if p.Files != len(sealed) {
		return nil, attest.Refuse(CodeForm, SealName, strconv.Itoa(p.Files)+" subjects", strconv.Itoa(len(sealed)))
	}
	files, err := list(ctx, root)
	if err != nil {
		return nil, err
	}
	if err := compare(sealed, files); err != nil {
		return nil, err
	}
	return verified, nil
}

func readSeal(root *os.Root) ([]byte, error) {
	f, err := root.Open(SealName)
	if err != nil {
		return nil, attest.Refuse(CodeUnsealed, SealName, "a seal", "").Because(err)
	}
	defer f.Close()
	body, err := io.ReadAll(io.LimitReader(f, maxSeal+1))
	if err != nil {
		return nil, attest.Refuse(CodeFile, SealName, "a readable file", "").Because(err)
	}
	if len(body) > maxSeal {
		return nil, attest.Refuse(CodeLimit, SealName, "at most "+strconv.Itoa(maxSeal)+" bytes", "more")
	}
	return body, nil
}

// list returns every regular file below root but the seal, in ascending order of
// path, with its digest.
func list(ctx context.Context, root *os.Root) ([]attest.Descriptor, error) {
	var files []attest.Descriptor
	err := fs.WalkDir(root.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return attest.Refuse(CodeFile, path, "a readable directory", "").Because(err)
		case d.IsDir() || path == SealName:
			return nil
		case !d.Type().IsRegular():
			return attest.Refuse(CodeFile, path, "a regular file", d.Type().String())
		case len(files) == maxFiles:
			return attest.Refuse(CodeLimit, path, "at most "+strconv.Itoa(maxFiles)+" files", "more")
		}
		sum, err := digest.SumFile(ctx, root, path, digest.Options{})
		if err != nil {
			return attest.Refuse(CodeFile, path, "a readable file", "").Because(err)
		}
		files = append(files, attest.Descriptor{Name: path, Digest: sum.Digests})
		return nil
	})
	slices.SortFunc(files, func(a, b attest.Descriptor) int { return bytes.Compare([]byte(a.Name), []byte(b.Name)) })
	return files, err
}

// compare joins a reason for every name on which the two lists, both in ascending
// order, differ.
func compare(sealed, files []attest.Descriptor) error {
	var faults []error
	for len(sealed) > 0 || len(files) > 0 {
		switch {
		case len(files) == 0 || len(sealed) > 0 && sealed[0].Name < files[0].Name:
			faults = append(faults, attest.Refuse(CodeMissing, sealed[0].Name, sealed[0].Digest.String(), "no file"))
			sealed = sealed[1:]
		case len(sealed) == 0 || files[0].Name < sealed[0].Name:
			faults = append(faults, attest.Refuse(CodeExtra, files[0].Name, "no file", files[0].Digest.String()))
			files = files[1:]
		default:
			if err := files[0].Digest.Match(sealed[0].Digest); err != nil {
				faults = append(faults, attest.Refuse(CodeChanged, files[0].Name, "the sealed bytes", "others").Because(err))
			}
			sealed, files = sealed[1:], files[1:]
		}
	}
	return errors.Join(faults...)
}

// envelope is the DSSE envelope in the order of fields that attest/dsse writes.
type envelope struct {
	PayloadType string      `json:"payloadType"`
	Payload     string      `json:"payload"`
	Signatures  []signature `json:"signatures"`
}

type signature struct {
	KeyID string `json:"keyid"`
	Sig   string `json:"sig"`
}

// checkForm refuses a seal with other bytes than the canonical ones: spaces,
// other escapes, another order, signatures beyond those that were verified, or a
// keyid that is not the signer's fingerprint. Without signers it checks only the
// encoding.
func checkForm(body []byte, signers []attest.Identity) error {
	var e envelope
	if err := strictjson.Unmarshal(body, &e, strictjson.Options{Bytes: maxSeal}); err != nil {
		return attest.Refuse(CodeForm, SealName, "a DSSE envelope", "").Because(err)
	}
	again, err := strictjson.Marshal(e)
	if err != nil || !bytes.Equal(again, body) {
		return attest.Refuse(CodeForm, SealName, "the canonical encoding", "another").Because(err)
	}
	if signers == nil {
		return nil
	}
	if len(e.Signatures) != len(signers) {
		return attest.Refuse(CodeForm, SealName, strconv.Itoa(len(signers))+" signatures", strconv.Itoa(len(e.Signatures)))
	}
	for _, s := range e.Signatures {
		if !slices.ContainsFunc(signers, func(i attest.Identity) bool { return i.Key.Hex == s.KeyID }) {
			return attest.Refuse(CodeForm, SealName, "the keyid of a signer", "another")
		}
	}
	return nil
}
