package tuf

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// fetcher downloads files for one fetch, whose context it carries because
// go-tuf's interface has none.
type fetcher struct {
	ctx    context.Context
	client *http.Client
	target bool // what is downloaded next is a target
}

// DownloadFile implements go-tuf's fetcher.Fetcher. Metadata must be strict JSON.
func (f *fetcher) DownloadFile(where string, most int64, _ time.Duration) ([]byte, error) {
	req, err := http.NewRequestWithContext(f.ctx, http.MethodGet, where, nil)
	if err != nil {
		return nil, attest.Refuse(CodeTransport, excerpt.Quote(where), "a URL", "").Because(err)
	}
	resp, err := f.client.Do(req)
	if err != nil {
		return nil, attest.Refuse(CodeTransport, where, "an answer", "").Because(err)
	}
	defer resp.Body.Close()
	most = min(most, maxTarget) // metadata tell the length of other metadata, as they please
	if resp.StatusCode != http.StatusOK {
		return nil, &metadata.ErrDownloadHTTP{StatusCode: resp.StatusCode, URL: where}
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	if err != nil {
		return nil, attest.Refuse(CodeTransport, where, "a whole answer", "").Because(err)
	}
	if int64(len(data)) > most {
		return nil, attest.Refuse(CodeSize, where, "at most "+strconv.FormatInt(most, 10)+" bytes", "more")
	}
	if f.target {
		return data, nil
	}
	return data, strict(path.Base(where), data)
}

// document is metadata as far as it is judged here. The fields that are only named
// let nobody spell them another way: go-tuf reads names regardless of case.
type document struct {
	Signatures []struct {
		KeyID string `json:"keyid"`
		Sig   string `json:"sig"`
	} `json:"signatures"`
	Signed struct {
		Type        json.RawMessage   `json:"_type"`
		SpecVersion json.RawMessage   `json:"spec_version"`
		Version     json.RawMessage   `json:"version"`
		Expires     json.RawMessage   `json:"expires"`
		Meta        map[string]object `json:"meta"`
		Targets     map[string]object `json:"targets"`
		Roles       map[string]object `json:"roles"`
		Consistent  json.RawMessage   `json:"consistent_snapshot"`
		Keys        map[string]key    `json:"keys"`
		Delegations *struct {
			Keys  map[string]key `json:"keys"`
			Roles []struct {
				Name string `json:"name"`
			} `json:"roles"`
		} `json:"delegations"`
	} `json:"signed"`
}

// object is a JSON object, never null, which go-tuf would follow.
type object struct{}

type key struct {
	Type   string `json:"keytype"`
	Scheme string `json:"scheme"`
	Value  struct {
		Public string `json:"public"`
	} `json:"keyval"`
}

// strict reports, by a nil error, that metadata is strict JSON; that no key has
// two ids, by which it could count twice, nor a length on which go-tuf panics; and
// that no role that it names could lead out of the directory, for go-tuf reads the
// file of a role by its name.
func strict(name string, data []byte) error {
	var d document
	if err := strictjson.Unmarshal(data, &d, strictjson.Options{Bytes: maxTargets, Depth: 16, Values: 200_000, AllowUnknown: true}); err != nil {
		return attest.Refuse(CodeMetadata, name, "strict JSON", "").Because(err)
	}
	err := checkKeys(name, d.Signed.Keys)
	if d.Signed.Delegations == nil || err != nil {
		return err
	}
	for _, r := range d.Signed.Delegations.Roles {
		if r.Name == "" || strings.ContainsAny(r.Name, `/\`) || strings.HasPrefix(r.Name, ".") {
			return attest.Refuse(CodeName, name, "roles whose names are no paths", excerpt.Quote(r.Name))
		}
	}
	return checkKeys(name, d.Signed.Delegations.Keys)
}

func checkKeys(name string, keys map[string]key) error {
	seen := map[string]bool{}
	for _, k := range keys {
		// A key in PEM may differ in the space around it.
		public := strings.Join(strings.Fields(k.Value.Public), "")
		if seen[public] {
			return attest.Refuse(CodeKey, name, "each key under one id", excerpt.Quote(public))
		}
		seen[public] = true
		if raw, err := hex.DecodeString(public); k.Type == "ed25519" && (err != nil || len(raw) != ed25519.PublicKeySize) {
			return attest.Refuse(CodeMetadata, name, "an Ed25519 key of 32 bytes", excerpt.Quote(public))
		}
	}
	return nil
}

// classify gives an error of go-tuf its code.
func classify(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return attest.Refuse(attest.CodeCanceled, "context", "a live context", "").Because(errors.Join(context.Cause(ctx), err))
	}
	if len(attest.Reasons(err)) > 0 {
		return err
	}
	if status, ok := errors.AsType[*metadata.ErrDownloadHTTP](err); ok {
		return attest.Refuse(CodeStatus, status.URL, "HTTP status 200", strconv.Itoa(status.StatusCode)).Because(err)
	}
	for _, kind := range []struct {
		is   error
		code attest.Code
		want string
	}{
		{&metadata.ErrUnsignedMetadata{}, CodeSignature, "signatures by the role's keys"},
		{&metadata.ErrExpiredMetadata{}, CodeExpired, "metadata that have not expired"},
		{&metadata.ErrBadVersionNumber{}, CodeVersion, "the version that is vouched for, never an older one"},
		{&metadata.ErrLengthOrHashMismatch{}, CodeDigest, "the length and digest that are vouched for"},
	} {
		if errors.Is(err, kind.is) {
			return attest.Refuse(kind.code, "repository", kind.want, "").Because(err)
		}
	}
	return attest.Refuse(CodeMetadata, "repository", "consistent metadata", "").Because(err)
}
