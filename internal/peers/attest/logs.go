package main

import (
	"context"
	"crypto"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest"
	"github.com/sealwright/sealwright/attest/batch"
	"github.com/sealwright/sealwright/attest/tlog"
	"github.com/sealwright/sealwright/attest/tlog/dirlog"
	"github.com/sealwright/sealwright/internal/peers/goals"
)

// logs measures the embedded log on the disk of dir.
func logs(dir string, t *goals.Table) {
	ctx := context.Background()
	l := newLog(filepath.Join(dir, "one"))
	var all []float64
	for n := range 300 {
		start := time.Now()
		must(l.Add(ctx, fmt.Appendf(nil, "entry %d", n)))
		all = append(all, float64(time.Since(start).Microseconds())/1000)
	}
	check(l.Close())
	slices.Sort(all)
	t.AtMost("dirlog, entry to durable proof: wall p50", all[len(all)/2], 10, " ms")
	t.Measured("dirlog, entry to durable proof: wall p99", all[len(all)*99/100], " ms")

	l = newLog(filepath.Join(dir, "many"))
	entries := make([][]byte, 16_000)
	for i := range entries {
		entries[i] = fmt.Appendf(nil, "entry %d", i)
	}
	const rounds, callers = 8, 2
	start, begun := time.Now(), cpu()
	var running sync.WaitGroup
	for range callers {
		running.Go(func() {
			for range rounds {
				must(l.AddAll(ctx, entries))
			}
		})
	}
	running.Wait()
	t.AtLeast("dirlog in batches: wall entries/s with proofs", float64(rounds*callers*len(entries))/time.Since(start).Seconds(), 50_000, "")
	t.Measured("dirlog in batches: entries for each second of CPU", float64(rounds*callers*len(entries))/(cpu()-begun).Seconds(), "")
	check(l.Close())
}

func newLog(dir string) *dirlog.Log {
	check(os.Mkdir(dir, 0o755))
	root := must(os.OpenRoot(dir))
	c := dirlog.Config{Root: root, Signer: must(tlog.NewSigner("example.com/log", tlog.Ed25519, attesttest.Signer("log"), nil))}
	check(dirlog.Create(context.Background(), c))
	return must(dirlog.Open(context.Background(), c))
}

// counted is a signer that counts.
type counted struct {
	attest.Signer
	calls *atomic.Int64
}

func (c counted) Sign(ctx context.Context, message []byte) ([]byte, error) {
	c.calls.Add(1)
	return c.Signer.Sign(ctx, message)
}

func (c counted) Public() crypto.PublicKey { return c.Signer.Public() }

// signing measures 10,000 statements under one signature.
func signing(t *goals.Table) {
	var calls atomic.Int64
	signer := must(tlog.NewSigner("example.com/batch", tlog.Ed25519, counted{attesttest.Signer("batch"), &calls}, nil))
	a := must(batch.NewAttestor(signer))
	statements := make([]*attest.Statement, 10_000)
	for n := range statements {
		statements[n] = statement(n)
	}
	start := cpu()
	made := must(a.AttestAll(context.Background(), statements))
	spent := cpu() - start
	v := must(batch.NewVerifier(batch.Trust{Authority: "peers", Keys: []batch.Key{{Principal: "p", Key: signer.Key()}}, Threshold: 1}))
	for _, one := range made {
		must(v.Verify(context.Background(), one, anything()))
	}
	t.AtMost("10,000 statements, each verified alone: signatures", float64(calls.Load()), 1, "")
	t.Measured("10,000 statements: CPU of signing", spent.Seconds()*1000, " ms")
}
