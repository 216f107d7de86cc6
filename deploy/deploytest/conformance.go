package deploytest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/deploy"
)

// A Store is what CheckRecorder examines: it records, and answers about what it
// recorded.
type Store interface {
	deploy.DeploymentRecorder
	deploy.Querier
}

// A Harness tells CheckRecorder how to handle an implementation.
type Harness struct {
	// New returns an empty store. Each clause gets its own.
	New func(ctx context.Context) (Store, error)
	// Reopen lets go of a store as the end of its process would, and opens what it
	// kept. Nil for a store that keeps nothing, as one in memory.
	Reopen func(ctx context.Context, s Store) (Store, error)
	// VerifyReceipt checks a receipt on its own. Nil where receipts prove nothing.
	VerifyReceipt func(ctx context.Context, r deploy.Receipt) error
}

// CheckRecorder examines an implementation of deploy.DeploymentRecorder and
// deploy.Querier against every clause of their contracts. It returns nil, or one
// *attest.Error with CodeClause for each clause that is broken, joined; Where is
// the clause's name (see Clauses).
func CheckRecorder(ctx context.Context, h Harness) error {
	if h.New == nil {
		return attest.Refuse(attest.CodeNil, "Harness.New", "a function", "nil")
	}
	var errs []error
	for _, c := range clauses() {
		s, err := h.New(ctx)
		if err == nil {
			err = c.check(ctx, h, s)
		}
		if err != nil {
			errs = append(errs, attest.Refuse(CodeClause, c.name, "the contract kept", "").Because(err))
		}
	}
	return errors.Join(errs...)
}

// Clauses returns the names of the clauses, in the order of examination.
func Clauses() []string {
	var names []string
	for _, c := range clauses() {
		names = append(names, c.name)
	}
	return names
}

type clause struct {
	name  string
	check func(context.Context, Harness, Store) error
}

func clauses() []clause {
	return []clause{
		{"refuses-the-unauthorized", refusesUnauthorized},
		{"honours-the-end-of-context", honoursContext},
		{"gives-receipts", givesReceipts},
		{"fences-generations", fencesGenerations},
		{"chains-records", chainsRecords},
		{"is-idempotent", isIdempotent},
		{"refuses-replays", refusesReplays},
		{"keeps-one-of-many", keepsOneOfMany},
		{"keeps-all-places", keepsAllPlaces},
		{"shows-what-it-kept", showsKept},
		{"keeps-live-after-failure", keepsLiveAfterFailure},
		{"ends-what-is-removed", endsRemoved},
		{"answers-as-of", answersAsOf},
		{"pages-history", pagesHistory},
		{"copies-records", copiesRecords},
		{"tells-nothing-from-unknown", tellsUnknown},
		{"survives-reopening", survivesReopening},
	}
}

// place is where the clauses deploy to.
func place() deploy.Place { return At("production", "web") }

// keep records and demands success.
func keep(ctx context.Context, s Store, records ...*deploy.Record) ([]deploy.Receipt, error) {
	var out []deploy.Receipt
	for i, r := range records {
		receipt, err := s.Record(ctx, r)
		if err != nil {
			return nil, fmt.Errorf("record %d: %w", i, err)
		}
		out = append(out, receipt)
	}
	return out, nil
}

// history returns what the store holds about the environment of place.
func history(ctx context.Context, s Store) ([]deploy.Entry, error) {
	a, err := s.History(ctx, deploy.HistoryQuery{Environment: place().Environment})
	return a.Entries, err
}

// holds demands that the store holds n records.
func holds(ctx context.Context, s Store, n int) error {
	entries, err := history(ctx, s)
	if err != nil {
		return err
	}
	if len(entries) != n {
		return fmt.Errorf("%d records are kept, want %d", len(entries), n)
	}
	return nil
}

// refused demands a refusal with that code.
func refused(err error, code attest.Code) error {
	if errors.Is(err, attest.Is(code)) {
		return nil
	}
	return fmt.Errorf("want a refusal with %s, got %v", code, err)
}

func refusesUnauthorized(ctx context.Context, _ Harness, s Store) error {
	_, none := s.Record(ctx, nil)
	_, zero := s.Record(ctx, &deploy.Record{Outcome: deploy.OutcomeSucceeded, Started: Epoch(), Finished: Epoch()})
	return errors.Join(refused(none, deploy.CodeNil), refused(zero, deploy.CodeUnauthorized), holds(ctx, s, 0))
}

func honoursContext(ctx context.Context, _ Harness, s Store) error {
	chain, err := Chain(ctx, place(), 1)
	if err != nil {
		return err
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := s.Record(ended, chain[0]); !errors.Is(err, context.Canceled) {
		return fmt.Errorf("want %w, got %v", context.Canceled, err)
	}
	return holds(ctx, s, 0)
}

func givesReceipts(ctx context.Context, h Harness, s Store) error {
	chain, err := Chain(ctx, place(), 5)
	if err != nil {
		return err
	}
	receipts, err := keep(ctx, s, chain...)
	if err != nil {
		return err
	}
	for i, r := range receipts {
		if err := r.Validate(); err != nil {
			return err
		}
		if r.Index != uint64(i) || r.Generation != uint64(i+1) || r.State != deploy.Live || len(r.Record.Body) == 0 {
			return fmt.Errorf("receipt %d: index %d, generation %d, state %q", i, r.Index, r.Generation, r.State)
		}
		if h.VerifyReceipt == nil {
			continue
		}
		if err := h.VerifyReceipt(ctx, r); err != nil {
			return fmt.Errorf("receipt %d: %w", i, err)
		}
	}
	return nil
}

func fencesGenerations(ctx context.Context, _ Harness, s Store) error {
	chain, err := Chain(ctx, place(), 3)
	if err != nil {
		return err
	}
	_, early := s.Record(ctx, chain[1])
	if _, err := keep(ctx, s, chain[0], chain[1]); err != nil {
		return err
	}
	stale, err := Record(ctx, Request(place(), 1, "other"), digest.Digest{})
	if err != nil {
		return err
	}
	_, late := s.Record(ctx, stale)
	return errors.Join(refused(early, deploy.CodeGeneration), refused(late, deploy.CodeGeneration), holds(ctx, s, 2))
}

func chainsRecords(ctx context.Context, _ Harness, s Store) error {
	chain, err := Chain(ctx, place(), 2)
	if err != nil {
		return err
	}
	if _, err := keep(ctx, s, chain[0]); err != nil {
		return err
	}
	loose := *chain[1]
	loose.Previous = digest.Digest{}
	_, err = s.Record(ctx, &loose)
	return errors.Join(refused(err, deploy.CodePrevious), holds(ctx, s, 1))
}

func isIdempotent(ctx context.Context, _ Harness, s Store) error {
	chain, err := Chain(ctx, place(), 2)
	if err != nil {
		return err
	}
	first, err := keep(ctx, s, chain...)
	if err != nil {
		return err
	}
	again, err := keep(ctx, s, chain...)
	if err != nil {
		return err
	}
	for i := range first {
		a, b := first[i], again[i]
		if a.Index != b.Index || a.LeafHash != b.LeafHash || a.Generation != b.Generation || a.State != b.State {
			return fmt.Errorf("record %d has two receipts: index %d and %d", i, a.Index, b.Index)
		}
	}
	return holds(ctx, s, 2)
}

func refusesReplays(ctx context.Context, _ Harness, s Store) error {
	chain, err := Chain(ctx, place(), 1)
	if err != nil {
		return err
	}
	if _, err := keep(ctx, s, chain[0]); err != nil {
		return err
	}
	other := *chain[0]
	other.Finished = other.Finished.Add(time.Second)
	_, err = s.Record(ctx, &other)
	return errors.Join(refused(err, deploy.CodeReplay), holds(ctx, s, 1))
}

func keepsOneOfMany(ctx context.Context, _ Harness, s Store) error {
	const racers = 16
	records := make([]*deploy.Record, racers)
	for i := range records {
		var err error
		if records[i], err = Record(ctx, Request(place(), 1, fmt.Sprintf("racer%d", i)), digest.Digest{}); err != nil {
			return err
		}
	}
	errs := together(racers, func(i int) error {
		_, err := s.Record(ctx, records[i])
		return err
	})
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if err := refused(err, deploy.CodeGeneration); err != nil {
			return err
		}
	}
	if won != 1 {
		return fmt.Errorf("%d of %d racing deployers won, want 1", won, racers)
	}
	return holds(ctx, s, 1)
}

// together runs f concurrently for 0 to n-1 and returns its errors.
func together(n int, f func(int) error) []error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = f(i) })
	}
	wg.Wait()
	return errs
}

func keepsAllPlaces(ctx context.Context, h Harness, s Store) error {
	const writers, each = 16, 3
	indexes := make([][]uint64, writers)
	errs := together(writers, func(i int) error {
		chain, err := Chain(ctx, At("production", fmt.Sprintf("web%d", i)), each)
		if err != nil {
			return err
		}
		receipts, err := keep(ctx, s, chain...)
		for _, r := range receipts {
			indexes[i] = append(indexes[i], r.Index)
			if h.VerifyReceipt != nil {
				err = errors.Join(err, h.VerifyReceipt(ctx, r))
			}
		}
		return err
	})
	if err := errors.Join(errs...); err != nil {
		return err
	}
	seen := make(map[uint64]bool)
	for _, list := range indexes {
		for _, i := range list {
			if seen[i] || i >= writers*each {
				return fmt.Errorf("index %d is given twice or out of order", i)
			}
			seen[i] = true
		}
	}
	return holds(ctx, s, writers*each)
}

func showsKept(ctx context.Context, _ Harness, s Store) error {
	chain, err := Chain(ctx, place(), 3)
	if err != nil {
		return err
	}
	for i, r := range chain {
		if _, err := keep(ctx, s, r); err != nil {
			return err
		}
		live, err := s.Live(ctx, place().Environment)
		if err != nil {
			return err
		}
		head, err := s.Head(ctx, place())
		if err != nil {
			return err
		}
		want := r.Authorization.RequestDigest()
		if len(live.Entries) != 1 || live.Entries[0].Deployment.RequestDigest != want || live.Entries[0].Verified.IsZero() {
			return fmt.Errorf("after record %d something else is live", i)
		}
		if live.Size != uint64(i+1) || head != (deploy.Head{Generation: uint64(i + 1), Request: want}) {
			return fmt.Errorf("after record %d: size %d, head %+v", i, live.Size, head)
		}
	}
	return nil
}

func keepsLiveAfterFailure(ctx context.Context, _ Harness, s Store) error {
	chain, err := Chain(ctx, place(), 2)
	if err != nil {
		return err
	}
	chain[1].Outcome = deploy.OutcomeFailed
	receipts, err := keep(ctx, s, chain...)
	if err != nil {
		return err
	}
	if receipts[1].State != deploy.Failed {
		return fmt.Errorf("a failed deployment is %q", receipts[1].State)
	}
	return liveIs(ctx, s, chain[0])
}

// liveIs demands that exactly the record's request is live.
func liveIs(ctx context.Context, s Store, r *deploy.Record) error {
	a, err := s.Live(ctx, place().Environment)
	if err != nil {
		return err
	}
	if len(a.Entries) != 1 || a.Entries[0].Deployment.RequestDigest != r.Authorization.RequestDigest() {
		return fmt.Errorf("%d entries are live, or another than generation %d", len(a.Entries), r.Authorization.Request().Generation)
	}
	return nil
}

func endsRemoved(ctx context.Context, _ Harness, s Store) error {
	chain, err := Chain(ctx, place(), 1)
	if err != nil {
		return err
	}
	req := Request(place(), 2, "v1")
	req.Action = deploy.ActionRemove
	removal, err := Record(ctx, req, chain[0].Authorization.RequestDigest())
	if err != nil {
		return err
	}
	receipts, err := keep(ctx, s, chain[0], removal)
	if err != nil {
		return err
	}
	a, err := s.Live(ctx, place().Environment)
	if err != nil {
		return err
	}
	if len(a.Entries) != 0 || receipts[1].State != deploy.Removed {
		return fmt.Errorf("%d entries are live after a removal that is %q", len(a.Entries), receipts[1].State)
	}
	return nil
}

func answersAsOf(ctx context.Context, _ Harness, s Store) error {
	chain, err := Chain(ctx, place(), 2)
	if err != nil {
		return err
	}
	if _, err := keep(ctx, s, chain...); err != nil {
		return err
	}
	tick := time.Nanosecond
	for _, c := range []struct {
		at   time.Time
		want uint64
	}{
		{chain[0].Finished.Add(-tick), 0}, {chain[0].Finished, 1},
		{chain[1].Finished.Add(-tick), 1}, {chain[1].Finished, 2},
	} {
		a, err := s.AsOf(ctx, place().Environment, c.at)
		if err != nil {
			return err
		}
		var got uint64
		if len(a.Entries) == 1 {
			got = a.Entries[0].Deployment.Request.Generation
		}
		if got != c.want {
			return fmt.Errorf("at %v generation %d ran, want %d", c.at, got, c.want)
		}
	}
	return nil
}

func pagesHistory(ctx context.Context, _ Harness, s Store) error {
	chain, err := Chain(ctx, place(), 5)
	if err != nil {
		return err
	}
	if _, err := keep(ctx, s, chain...); err != nil {
		return err
	}
	q := deploy.HistoryQuery{Environment: place().Environment, Limit: 2}
	next := uint64(0)
	for range 3 {
		a, err := s.History(ctx, q)
		if err != nil {
			return err
		}
		for _, e := range a.Entries {
			if e.Index != next {
				return fmt.Errorf("history gives index %d, want %d", e.Index, next)
			}
			next++
		}
		q.From = a.Next
	}
	if next != 5 || q.From != 0 {
		return fmt.Errorf("history gives %d of 5 records, and continues at %d", next, q.From)
	}
	return nil
}

func copiesRecords(ctx context.Context, _ Harness, s Store) error {
	chain, err := Chain(ctx, place(), 1)
	if err != nil {
		return err
	}
	before, err := chain[0].Statement()
	if err != nil {
		return err
	}
	if _, err := keep(ctx, s, chain[0]); err != nil {
		return err
	}
	if after, err := chain[0].Statement(); err != nil || string(after.Bytes()) != string(before.Bytes()) {
		return fmt.Errorf("the record was changed: %w", err)
	}
	want := append([]digest.Digest(nil), chain[0].Attestations...)
	chain[0].Attestations[0] = sum([]byte("scribbled over"))
	entries, err := history(ctx, s)
	if err != nil {
		return err
	}
	if len(entries) != 1 || !reflect.DeepEqual(entries[0].Deployment.Attestations, want) {
		return errors.New("the record was retained: what the caller wrote later shows")
	}
	return nil
}

func tellsUnknown(ctx context.Context, _ Harness, s Store) error {
	a, err := s.Live(ctx, "elsewhere")
	if err != nil || len(a.Entries) != 0 {
		return fmt.Errorf("an environment without records has %d, %w", len(a.Entries), err)
	}
	if _, err := s.History(ctx, deploy.HistoryQuery{}); err == nil {
		return errors.New("a query for nothing in particular is answered")
	}
	if _, err := s.Live(ctx, "Production"); err == nil {
		return errors.New("an invalid environment is answered")
	}
	return nil
}

func survivesReopening(ctx context.Context, h Harness, s Store) error {
	if h.Reopen == nil {
		return nil
	}
	chain, err := Chain(ctx, place(), 4)
	if err != nil {
		return err
	}
	first, err := keep(ctx, s, chain[:3]...)
	if err != nil {
		return err
	}
	before, err := history(ctx, s)
	if err != nil {
		return err
	}
	if s, err = h.Reopen(ctx, s); err != nil {
		return err
	}
	after, err := history(ctx, s)
	if err != nil {
		return err
	}
	if len(before) != len(after) {
		return fmt.Errorf("%d records before, %d after reopening", len(before), len(after))
	}
	for i := range before {
		if before[i].State != after[i].State || !reflect.DeepEqual(before[i].Deployment, after[i].Deployment) {
			return fmt.Errorf("record %d changed by reopening", i)
		}
	}
	again, err := keep(ctx, s, chain...)
	if err != nil {
		return err
	}
	if again[2].Index != first[2].Index || again[3].Index != 3 {
		return errors.New("indexes do not continue after reopening")
	}
	return liveIs(ctx, s, chain[3])
}
