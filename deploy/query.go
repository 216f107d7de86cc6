package deploy

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// maxHistory is the most entries in one answer of History.
const maxHistory = 1000

var _ Querier = (*Timeline)(nil)

// Live implements Querier.
func (t *Timeline) Live(ctx context.Context, env EnvironmentID) (Answer, error) {
	return t.collect(ctx, env, func(c *course) *Entry { return c.live })
}

// AsOf implements Querier. The zero instant is refused with CodeQuery.
func (t *Timeline) AsOf(ctx context.Context, env EnvironmentID, at time.Time) (Answer, error) {
	if at.IsZero() {
		return Answer{}, attest.Refuse(CodeQuery, "instant", "an instant", "none")
	}
	return t.collect(ctx, env, func(c *course) *Entry { return c.at(at) })
}

// collect picks one entry or none of each place in the environment.
func (t *Timeline) collect(ctx context.Context, env EnvironmentID, pick func(*course) *Entry) (Answer, error) {
	if err := ctx.Err(); err != nil {
		return Answer{}, err
	}
	if !ValidName(string(env)) {
		return Answer{}, attest.Refuse(CodeQuery, "environment", "a name", excerpt.Quote(string(env)))
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	a := Answer{Size: uint64(len(t.entries))}
	s := t.envs[env]
	if s == nil {
		return a, nil
	}
	for _, c := range s.courses {
		if e := pick(c); e != nil {
			a.Entries = append(a.Entries, *e)
		}
	}
	slices.SortFunc(a.Entries, func(x, y Entry) int {
		return cmp.Compare(x.Deployment.Place().String(), y.Deployment.Place().String())
	})
	return a, nil
}

// History implements Querier. A query that selects nothing in particular, that
// names a digest other than SHA-256 or a negative limit is refused with
// CodeQuery.
func (t *Timeline) History(ctx context.Context, q HistoryQuery) (Answer, error) {
	if err := ctx.Err(); err != nil {
		return Answer{}, err
	}
	if err := q.validate(); err != nil {
		return Answer{}, err
	}
	if q.Limit == 0 || q.Limit > maxHistory {
		q.Limit = maxHistory
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	a := Answer{Size: uint64(len(t.entries))}
	indexes := t.candidates(q)
	first, _ := slices.BinarySearch(indexes, q.From)
	for _, i := range indexes[first:] {
		e := t.entries[i]
		if q.Environment != "" && e.Deployment.Request.Environment != q.Environment {
			continue
		}
		if len(a.Entries) == q.Limit {
			a.Next = i
			break
		}
		a.Entries = append(a.Entries, *e)
	}
	return a, nil
}

// candidates returns, in ascending order, the indexes that q may select.
func (t *Timeline) candidates(q HistoryQuery) []uint64 {
	if !q.Digest.IsZero() {
		return t.digests[q.Digest.Hex]
	}
	if s := t.envs[q.Environment]; s != nil {
		return s.indexes
	}
	return nil
}

func (q HistoryQuery) validate() error {
	switch {
	case q.Environment == "" && q.Digest.IsZero():
		return attest.Refuse(CodeQuery, "query", "an environment or a digest", "neither")
	case q.Environment != "" && !ValidName(string(q.Environment)):
		return attest.Refuse(CodeQuery, "environment", "a name", excerpt.Quote(string(q.Environment)))
	case !q.Digest.IsZero() && (q.Digest.Algorithm != digest.SHA256 || q.Digest.Validate() != nil):
		return attest.Refuse(CodeQuery, "digest", "a sha256 digest", excerpt.Quote(q.Digest.String()))
	case q.Limit < 0:
		return attest.Refuse(CodeQuery, "limit", "0 or more", strconv.Itoa(q.Limit))
	}
	return nil
}

// Head implements Querier.
func (t *Timeline) Head(ctx context.Context, p Place) (Head, error) {
	if err := ctx.Err(); err != nil {
		return Head{}, err
	}
	if err := p.Validate(); err != nil {
		return Head{}, err
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.places[p].head(), nil
}
