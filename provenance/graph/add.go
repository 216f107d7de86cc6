package graph

import (
	"context"
	"crypto/sha256"
	"errors"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/sealwright/sealwright/attest"
)

// Added tells what an addition did.
type Added struct {
	New   int // statements that are stored now and were not before
	Known int // statements that were there already, or stand twice in the call
}

// Add stores verified statements with who vouches for them, all of them or, with an
// error that tells every reason, none. When it returns without an error they are
// durable. A statement is known by the digest of its envelope and who vouches for it:
// adding it again changes nothing. Many statements in one call are much faster than
// many calls.
func (s *Store) Add(ctx context.Context, list ...*attest.Verified) (Added, error) {
	facts, err := read(ctx, len(list), func(m *reading, i int) (*fact, error) {
		v := list[i]
		if v.IsZero() {
			return nil, attest.Refuse(CodeNil, "attestation", "a verified statement", "the zero Verified")
		}
		seal, err := sealKey(v)
		if err != nil {
			return nil, attest.Refuse(CodeStatement, "signers", "names in UTF-8", "").Because(err)
		}
		return m.newFact(v.Statement(), v.Evidence(), seal)
	})
	if err != nil {
		return Added{}, err
	}
	return s.add(ctx, facts)
}

// AddUnverified is Add for attestations that nobody has verified: DSSE envelopes,
// Sigstore bundles with one, or bare statements (attest.MediaTypeInToto). No signature
// is looked at, and nobody vouches for what they say. A statement that is verified later
// is then stored a second time: what an unverified reading said never becomes part of
// what was verified.
func (s *Store) AddUnverified(ctx context.Context, list ...attest.Attestation) (Added, error) {
	facts, err := read(ctx, len(list), func(m *reading, i int) (*fact, error) {
		payload, err := unpack(list[i])
		if err != nil {
			return nil, err
		}
		if list[i].MediaType == attest.MediaTypeInToto {
			return m.payloadFact(payload, nil)
		}
		evidence := sha256.Sum256(list[i].Body)
		return m.payloadFact(payload, &evidence)
	})
	if err != nil {
		return Added{}, err
	}
	return s.add(ctx, facts)
}

// read calls one for each number below n, on all processors, and joins its errors.
func read(ctx context.Context, n int, one func(m *reading, i int) (*fact, error)) ([]*fact, error) {
	facts, faults := make([]*fact, n), make([]error, n)
	var next atomic.Int64
	var group sync.WaitGroup
	workers := min(runtime.GOMAXPROCS(0), n)
	for range workers {
		group.Go(func() {
			m := newReading(n / workers)
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				f, err := one(m, i)
				if err != nil {
					err = attest.Refuse(CodeStatement, "attestation "+strconv.Itoa(i), "a statement that can be stored", "").Because(err)
				}
				facts[i], faults[i] = f, err
			}
		})
	}
	group.Wait()
	if ctx.Err() != nil {
		return nil, canceled(ctx)
	}
	return facts, errors.Join(faults...)
}

func (s *Store) add(ctx context.Context, facts []*fact) (Added, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.writable(); err != nil {
		return Added{}, err
	}
	if err := s.relieve(ctx); err != nil {
		return Added{}, err
	}
	var added Added
	b, parts := s.batch.emptied(), s.parts()
	s.batch = b
	for i, f := range facts {
		known, err := b.stored(parts, f)
		if same := b.same(f); err == nil && same != nil {
			known = true
			if same.payload != f.payload {
				err = contradiction()
			}
		}
		if err != nil {
			return Added{}, attest.Refuse(CodeStatement, "attestation "+strconv.Itoa(i), "a statement that can be stored", "").Because(err)
		}
		if known {
			added.Known++
			continue
		}
		b.add(f)
		added.New++
		if b.size > maxPayload {
			return Added{}, attest.Refuse(CodeLimit, "addition", "at most "+strconv.Itoa(maxPayload)+" bytes in one call", "more")
		}
	}
	if added.New == 0 {
		return added, nil
	}
	return added, s.commit(b)
}

// commit makes the batch durable, and then visible.
func (s *Store) commit(b *batch) error {
	payload := b.encode()
	err := s.log.append(payload)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		err = s.delta.apply(payload)
	}
	if err != nil {
		// What is in the log is not known: the next Open finds out.
		s.broken = attest.Refuse(CodeClosed, "store", "a log that can be written", "").Because(err)
		return attest.Refuse(CodeStorage, s.manifest.Log, "a durable addition", "").Because(err)
	}
	return nil
}

func (s *Store) writable() error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.broken != nil {
		return s.broken
	}
	if s.lock == nil {
		return attest.Refuse(CodeReadOnly, "store", "one that Open opened", "OpenReader")
	}
	return nil
}

// stored reports whether the statement is in one of the parts with the same voucher.
func (b *batch) stored(parts []part, f *fact) (bool, error) {
	b.wire = append(b.wire[:0], f.envelope...)
	key, fp, r := b.wire, fingerprint(b.wire), &b.record
	for _, p := range parts {
		if p.nodes() == 0 {
			continue
		}
		if may, err := p.mayHold(fp); err != nil || !may {
			if err != nil {
				return false, err
			}
			continue
		}
		p = p.aside()
		node, found, err := p.find(fp, key)
		if err != nil {
			return false, err
		}
		if !found {
			continue
		}
		list, err := p.postings(node, roleEnvelope)
		if err != nil {
			return false, err
		}
		for i := range list.count() {
			statement, err := list.at(i)
			if err != nil {
				return false, err
			}
			if err := parseRecord(p, statement, r); err != nil {
				return false, err
			}
			seal, err := p.node(r.seal)
			if err != nil {
				return false, err
			}
			if string(seal.key) != f.seal {
				continue
			}
			if r.payload != f.payload {
				return false, contradiction()
			}
			return true, nil
		}
	}
	return false, nil
}

func contradiction() error {
	return attest.Refuse(CodeContradiction, "evidence", "one statement per envelope", "another one than before")
}

func parseRecord(p part, statement uint32, r *record) error {
	b, err := p.record(statement)
	if err != nil {
		return err
	}
	return r.parse(b, p.nodes())
}
