package rekor

import (
	"context"
	"crypto"
	"errors"
	"strconv"
	"strings"

	"github.com/sigstore/rekor/pkg/generated/client/entries"
	"github.com/sigstore/rekor/pkg/generated/client/index"
	"github.com/sigstore/rekor/pkg/generated/models"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/key"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// maxResults bounds what a search may find.
const maxResults = 10_000

// A Query tells what to look for in a log's index. At least one field is set; of
// several, all must hold. The index is a convenience: that it does not list an
// entry does not tell that the log has none.
type Query struct {
	Digest  digest.Digest    // SHA-256 or SHA-512 of an artifact
	Public  crypto.PublicKey // that signed, of a kind that key.Check accepts
	Email   string           // a certificate's address
	Subject string           // a certificate's name of any kind
}

// wire returns the query as the client library has it.
func (q Query) wire() (*models.SearchIndex, error) {
	fields := map[string]any{"operator": "and"}
	var errs []error
	if q.Digest != (digest.Digest{}) {
		if err := q.Digest.Validate(); err != nil || q.Digest.Algorithm != digest.SHA256 && q.Digest.Algorithm != digest.SHA512 {
			errs = append(errs, attest.Refuse(CodeQuery, "Query.Digest", "a SHA-256 or SHA-512 digest", excerpt.Quote(q.Digest.String())).Because(err))
		}
		fields["hash"] = string(q.Digest.Algorithm) + ":" + q.Digest.Hex
	}
	if q.Public != nil {
		text, err := key.MarshalPublicPEM(q.Public)
		if err != nil {
			errs = append(errs, attest.Refuse(CodeQuery, "Query.Public", "a usable key", "").Because(err))
		}
		fields["publicKey"] = map[string]any{"format": "x509", "content": text}
	}
	if q.Email != "" {
		if len(q.Email) > 320 || strings.Count(q.Email, "@") != 1 || strings.ContainsAny(q.Email, " \r\n\t") {
			errs = append(errs, attest.Refuse(CodeQuery, "Query.Email", "an email address", excerpt.Quote(q.Email)))
		}
		fields["email"] = q.Email
	}
	if q.Subject != "" {
		if len(q.Subject) > 512 {
			errs = append(errs, attest.Refuse(CodeQuery, "Query.Subject", "at most 512 bytes", strconv.Itoa(len(q.Subject))))
		}
		fields["subject"] = q.Subject
	}
	if len(fields) == 1 {
		errs = append(errs, attest.Refuse(CodeQuery, "Query", "at least one field", "none"))
	}
	text, err := strictjson.Marshal(fields)
	if err != nil {
		errs = append(errs, attest.Refuse(CodeQuery, "Query", "text", "").Because(err))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	out := &models.SearchIndex{}
	if err := out.UnmarshalBinary(text); err != nil {
		return nil, attest.Refuse(CodeQuery, "Query", "a query of the protocol", "").Because(err)
	}
	return out, nil
}

// Search returns the numbers of entries that the log's index lists for a query,
// each once.
func (l *Log) Search(ctx context.Context, q Query) ([]ID, error) {
	query, err := q.wire()
	if err != nil {
		return nil, err
	}
	got, err := l.api.Index.SearchIndexContext(ctx, index.NewSearchIndexParamsWithHTTPClient(l.http).WithQuery(query))
	if err != nil {
		return nil, classify(ctx, err)
	}
	if len(got.Payload) > maxResults {
		return nil, attest.Refuse(attest.CodeLimit, "search", "at most "+strconv.Itoa(maxResults)+" entries", strconv.Itoa(len(got.Payload)))
	}
	var out []ID
	seen := map[ID]bool{}
	for _, text := range got.Payload {
		id := ID(text)
		if err := id.Validate(); err != nil {
			return nil, err
		}
		if !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out, nil
}

// ByID fetches the entry of a number.
func (l *Log) ByID(ctx context.Context, id ID) (*Entry, error) {
	if err := id.Validate(); err != nil {
		return nil, err
	}
	got, err := l.api.Entries.GetLogEntryByUUIDContext(ctx, entries.NewGetLogEntryByUUIDParamsWithHTTPClient(l.http).WithEntryUUID(string(id)))
	if err != nil {
		return nil, classify(ctx, err)
	}
	e, err := read(got.Payload)
	if err != nil {
		return nil, err
	}
	// The log may tell the tree where it was not asked for one, but not another.
	if !id.of(e.Body) || len(id) == len(e.ID) && id != e.ID {
		return nil, attest.Refuse(CodeOther, "entry", string(id), string(e.ID))
	}
	return e, nil
}

// ByIndex fetches the entry at an index of the log.
func (l *Log) ByIndex(ctx context.Context, at int64) (*Entry, error) {
	if at < 0 {
		return nil, attest.Refuse(CodeQuery, "index", "0 or more", strconv.FormatInt(at, 10))
	}
	got, err := l.api.Entries.GetLogEntryByIndexContext(ctx, entries.NewGetLogEntryByIndexParamsWithHTTPClient(l.http).WithLogIndex(at))
	if err != nil {
		return nil, classify(ctx, err)
	}
	e, err := read(got.Payload)
	if err != nil {
		return nil, err
	}
	if e.Index != at {
		return nil, attest.Refuse(CodeOther, "entry", "index "+strconv.FormatInt(at, 10), strconv.FormatInt(e.Index, 10))
	}
	return e, nil
}
