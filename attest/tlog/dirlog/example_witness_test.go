package dirlog_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/sealwright/sealwright/attest/attesttest"
	"github.com/sealwright/sealwright/attest/tlog"
	"github.com/sealwright/sealwright/attest/tlog/dirlog"
	"github.com/sealwright/sealwright/attest/tlog/witness"
)

// A checkpoint is published once a witness cosigned it. The witness tells by a
// conflict which checkpoint it has seen last; the log proves consistency from there.
func ExampleConfig_witness() {
	if err := witnessed(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output: cosigned by example.com/witness at 2027-01-15T08:00:00Z
}

func witnessed(ctx context.Context) error {
	logSigner, err := tlog.NewSigner("example.com/log", tlog.Ed25519, attesttest.Signer("log"), nil)
	if err != nil {
		return err
	}
	witnessSigner, err := tlog.NewSigner("example.com/witness", tlog.CosignatureV1, attesttest.Signer("witness"), nil)
	if err != nil {
		return err
	}
	// In the same process here; a witness.Client asks one over HTTP.
	w, err := witness.New(witness.Config{
		Signers: []*tlog.Signer{witnessSigner}, Logs: []tlog.Key{logSigner.Key()}, Store: new(witness.Memory),
		Now: func() time.Time { return time.Unix(1_800_000_000, 0) },
	})
	if err != nil {
		return err
	}
	trust := tlog.Trust{Witnesses: []tlog.Witness{{Name: "w", Key: witnessSigner.Key()}}, Quorum: "w"}
	quorum, err := tlog.NewWitnesses(trust)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "log")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	seen := uint64(0)
	config := dirlog.Config{Root: root, Signer: logSigner, Quorum: quorum,
		Witness: func(ctx context.Context, tree *dirlog.Reader) ([]byte, error) {
			for {
				proof, err := tree.ProveConsistency(seen)
				if err != nil {
					return nil, err
				}
				lines, err := w.AddCheckpoint(ctx, witness.Request{OldSize: seen, Proof: proof, Checkpoint: tree.Signed()})
				conflict := (*witness.ConflictError)(nil)
				if errors.As(err, &conflict) && conflict.Size != seen {
					seen = conflict.Size
					continue
				}
				return lines, err
			}
		}}
	if err := dirlog.Create(ctx, config); err != nil {
		return err
	}
	log, err := dirlog.Open(ctx, config)
	if err != nil {
		return err
	}
	defer log.Close()
	proof, err := log.Add(ctx, []byte("release 1.2.3"))
	if err != nil {
		return err
	}
	trust.Logs = []tlog.Log{{Key: logSigner.Key()}}
	policy, err := tlog.NewPolicy(trust)
	if err != nil {
		return err
	}
	head, err := policy.Verify(proof, []byte("release 1.2.3"))
	if err != nil {
		return err
	}
	fmt.Println("cosigned by", head.Cosigned[0].Key.Name, "at", head.Cosigned[0].Time.UTC().Format(time.RFC3339))
	return nil
}
