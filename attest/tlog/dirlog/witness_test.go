package dirlog_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest"
	"github.com/sealwright/sealwright/attest/tlog"
	"github.com/sealwright/sealwright/attest/tlog/dirlog"
	"github.com/sealwright/sealwright/attest/tlog/witness"
)

// watched returns a log that two of three witnesses must cosign, and what asks those
// that are up.
func watched(t *testing.T) (dirlog.Config, tlog.Trust, map[string]bool) {
	c := config(t, t.TempDir())
	up := map[string]bool{}
	witnesses := map[string]*witness.Witness{}
	trust := tlog.Trust{Logs: []tlog.Log{{Key: c.Signer.Key()}}, Quorum: "some"}
	group := tlog.Group{Name: "some", Threshold: 2}
	for _, name := range []string{"a", "b", "c"} {
		s, err := tlog.NewSigner("example.com/"+name, tlog.CosignatureV1, attesttest.Signer(name), nil)
		require.NoError(t, err)
		w, err := witness.New(witness.Config{Signers: []*tlog.Signer{s}, Logs: []tlog.Key{c.Signer.Key()}, Store: &witness.Memory{},
			Now: func() time.Time { return time.Unix(1_800_000_000, 0) }})
		require.NoError(t, err)
		witnesses[name], up[name] = w, true
		trust.Witnesses = append(trust.Witnesses, tlog.Witness{Name: name, Key: s.Key()})
		group.Members = append(group.Members, name)
	}
	trust.Groups = []tlog.Group{group}
	withoutLogs := trust
	withoutLogs.Logs = nil
	quorum, err := tlog.NewWitnesses(withoutLogs)
	require.NoError(t, err)
	c.Quorum = quorum
	c.Witness = func(ctx context.Context, tree *dirlog.Reader) ([]byte, error) {
		var lines []byte
		for _, name := range []string{"a", "b", "c"} {
			if up[name] {
				line, err := ask(ctx, witnesses[name], tree)
				if err != nil {
					return nil, err
				}
				lines = append(lines, line...)
			}
		}
		return lines, nil
	}
	return c, trust, up
}

// ask proves the tree's consistency with what the witness has seen.
func ask(ctx context.Context, w *witness.Witness, tree *dirlog.Reader) ([]byte, error) {
	older := uint64(0)
	for {
		proof, err := tree.ProveConsistency(older)
		if err != nil {
			return nil, err
		}
		lines, err := w.AddCheckpoint(ctx, witness.Request{OldSize: older, Proof: proof, Checkpoint: tree.Signed()})
		conflict := (*witness.ConflictError)(nil)
		if !errors.As(err, &conflict) || conflict.Size == older {
			return lines, err
		}
		older = conflict.Size
	}
}

func TestACheckpointIsPublishedOnceWitnessed(t *testing.T) {
	c, trust, up := watched(t)
	require.NoError(t, dirlog.Create(t.Context(), c))
	believed, err := tlog.NewPolicy(trust)
	require.NoError(t, err)
	l := open(t, c)
	for i := range 3 {
		entry := fmt.Appendf(nil, "entry %d", i)
		p, err := l.Add(t.Context(), entry)
		require.NoError(t, err)
		head, err := believed.Verify(p, entry)
		require.NoError(t, err)
		require.Len(t, head.Cosigned, 3)
	}
	up["a"] = false
	p, err := l.Add(t.Context(), []byte("entry 3"))
	require.NoError(t, err)
	_, err = believed.Verify(p, []byte("entry 3"))
	require.NoError(t, err, "two suffice")

	up["b"] = false
	_, err = l.Add(t.Context(), []byte("entry 4"))
	requireCode(t, dirlog.CodeWitness, err)
	require.Equal(t, uint64(4), l.Reader().Checkpoint().Size, "not published")
	published, err := dirlog.OpenReader(c.Root, c.Signer.Key(), nil)
	require.NoError(t, err)
	require.Equal(t, uint64(4), published.Checkpoint().Size)
	_, err = l.Add(t.Context(), []byte("entry 5"))
	requireCode(t, dirlog.CodePoisoned, err)
	require.NoError(t, l.Close())

	_, err = dirlog.Open(t.Context(), c)
	requireCode(t, dirlog.CodeWitness, err)
	// A crash may leave the cosigned checkpoint in any state beside the other.
	require.NoError(t, c.Root.WriteFile(".checkpoint.cosigned", []byte("torn"), 0o644))
	up["b"] = true
	l = open(t, c)
	require.Equal(t, uint64(5), l.Reader().Checkpoint().Size, "what a witness may have seen is not forgotten")
	p, err = l.Reader().Prove(4)
	require.NoError(t, err)
	_, err = believed.Verify(p, []byte("entry 4"))
	require.NoError(t, err)
	up["a"] = true
	p, err = l.Add(t.Context(), []byte("entry 5"))
	require.NoError(t, err)
	_, err = believed.Verify(p, []byte("entry 5"))
	require.NoError(t, err)
	require.NoError(t, l.Reader().Check(t.Context()))
}

func TestAWitnessThatAnswersWithSomethingElseIsNoQuorum(t *testing.T) {
	for name, lines := range map[string]string{
		"nothing":                       "",
		"no signature line":             "hello\n",
		"a signature by a stranger":     "— example.com/x AAAAAAAA\n",
		"a signature that is not by it": "",
	} {
		t.Run(name, func(t *testing.T) {
			c, _, _ := watched(t)
			require.NoError(t, dirlog.Create(t.Context(), c))
			honest := c.Witness
			c.Witness = func(ctx context.Context, tree *dirlog.Reader) ([]byte, error) {
				if name == "a signature that is not by it" {
					b, err := honest(ctx, tree)
					b[len(b)-10] ^= 1
					return b, err
				}
				return []byte(lines), nil
			}
			l := open(t, c)
			_, err := l.Add(t.Context(), []byte("entry"))
			requireCode(t, dirlog.CodeWitness, err)
		})
	}
	c, _, _ := watched(t)
	c.Quorum = nil
	requireCode(t, dirlog.CodeConfig, dirlog.Create(t.Context(), c))
	c, _, _ = watched(t)
	c.Witness = nil
	err := dirlog.Create(t.Context(), c)
	require.ErrorIs(t, err, attest.Is(dirlog.CodeConfig))
}

// A witness in the process may fail as the log's own signer does; only the latter is
// a commit that nobody saw.
func TestAWitnessWhoseSignerFailsPoisonsTheLog(t *testing.T) {
	c, _, _ := watched(t)
	require.NoError(t, dirlog.Create(t.Context(), c))
	c.Witness = func(context.Context, *dirlog.Reader) ([]byte, error) {
		return nil, attest.Refuse(tlog.CodeSigner, "", "", "")
	}
	l := open(t, c)
	_, err := l.Add(t.Context(), []byte("entry"))
	requireCode(t, dirlog.CodeWitness, err)
	_, err = l.Add(t.Context(), []byte("another"))
	requireCode(t, dirlog.CodePoisoned, err)
}

func TestACosignedCheckpointWhoseRenameIsMissingIsPublished(t *testing.T) {
	c, trust, _ := watched(t)
	require.NoError(t, dirlog.Create(t.Context(), c))
	before, err := c.Root.ReadFile("checkpoint")
	require.NoError(t, err)
	l := open(t, c)
	_, err = l.Add(t.Context(), []byte("entry"))
	require.NoError(t, err)
	require.NoError(t, l.Close())
	require.NoError(t, c.Root.Rename("checkpoint", ".checkpoint.next"))
	require.NoError(t, c.Root.WriteFile("checkpoint", before, 0o644))
	l = open(t, c)
	p, err := l.Reader().Prove(0)
	require.NoError(t, err)
	believed, err := tlog.NewPolicy(trust)
	require.NoError(t, err)
	_, err = believed.Verify(p, []byte("entry"))
	require.NoError(t, err)
}

// A machine may stop after a witness cosigned and before the log published. Each such
// state, taken as it is, goes on without a fork that the witnesses would notice.
func TestALogThatStoppedAfterItWasCosignedGoesOnFromThere(t *testing.T) {
	for _, size := range []int{1, 2, 255, 256, 257, 600} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			c, trust, _ := watched(t)
			require.NoError(t, dirlog.Create(t.Context(), c))
			honest, stopped := c.Witness, t.TempDir()
			c.Witness = func(ctx context.Context, tree *dirlog.Reader) ([]byte, error) {
				lines, err := honest(ctx, tree)
				if err == nil && tree.Checkpoint().Size > 1 {
					require.NoError(t, os.CopyFS(stopped, c.Root.FS()))
					return nil, errors.New("the machine stops")
				}
				return lines, err
			}
			l := open(t, c)
			_, err := l.Add(t.Context(), []byte("entry 0"))
			require.NoError(t, err)
			_, err = l.AddAll(t.Context(), numbered(1, size))
			requireCode(t, dirlog.CodeWitness, err)

			again := config(t, stopped)
			again.Witness, again.Quorum = honest, c.Quorum
			l = open(t, again)
			require.Equal(t, uint64(1+size), l.Reader().Checkpoint().Size)
			believed, err := tlog.NewPolicy(trust)
			require.NoError(t, err)
			p, err := l.Add(t.Context(), []byte("and on"))
			require.NoError(t, err)
			_, err = believed.Verify(p, []byte("and on"))
			require.NoError(t, err)
			require.NoError(t, l.Reader().Check(t.Context()))
		})
	}
}
