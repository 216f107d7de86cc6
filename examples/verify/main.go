// Verify checks a folder of evidence that the pipeline example kept, offline, as
// a stranger would: the seal over every file, every signature, that the builds
// agree, the TPM's quote, the policy's decision made anew, the deployment log with
// its receipt, and that what the log says runs is the artifact in the folder.
//
//	go run ./examples/verify -dir evidence
//
// The keys come with the folder, which shows that it is whole and consistent, not
// who made it. Who has the keys from elsewhere pins them with -trust.
//
// Exit status: 0 verified, 1 refused, 2 misuse, 3 incomplete, 4 the machine failed.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/folder"
	"github.com/sealwright/sealwright/deploy"
	"github.com/sealwright/sealwright/deploy/ledger"
	evidence "github.com/sealwright/sealwright/examples/internal/line"
)

const usage = `usage: verify -dir DIRECTORY [-trust DIRECTORY] [-json]

Checks a folder of evidence that pipeline -out kept, offline, as a stranger would:
the seal over every file, every signature, the artifact's digest, the TPM's quote,
the policy's decision made anew, and the deployment log. It prints each step, and
stops at the first that fails, with the reason.

The keys come with the folder, which shows that it is whole and consistent, not who
made it. If you have the keys from elsewhere, pin them with -trust.

Exit status: 0 verified, 1 refused, 2 misuse, 3 incomplete, 4 the machine failed.

`

func main() {
	set := flag.NewFlagSet("verify", flag.ContinueOnError)
	set.Usage = func() { fmt.Fprint(set.Output(), usage); set.PrintDefaults() }
	dir := set.String("dir", "", "`directory` of evidence, as pipeline -out left it")
	trust := set.String("trust", "", "`directory` with the keys to believe (default: those in the folder itself)")
	asJSON := set.Bool("json", false, "print the result as JSON")
	err := set.Parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		os.Exit(0)
	}
	if err == nil && (*dir == "" || set.NArg() > 0) {
		err = errors.New("give -dir and no argument (-h tells more)")
		fmt.Fprintln(os.Stderr, "verify:", err)
	}
	if err != nil {
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	steps, err := verify(ctx, *dir, *trust)
	stop()
	if printErr := print(os.Stdout, steps, err, *asJSON); printErr != nil {
		err = errors.Join(err, printErr)
	}
	os.Exit(status(err))
}

// status tells refusal and failure of the machine apart.
func status(err error) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, context.Canceled):
		return 3
	case errors.Is(err, errMachine):
		return 4
	}
	return 1
}

// errMachine marks what says nothing about the evidence.
var errMachine = errors.New("the machine failed")

// A step is one thing that was verified.
type step struct {
	Name  string `json:"name"`
	Shown string `json:"shown"`
}

// verify returns what was verified before the first refusal.
func verify(ctx context.Context, dir, trustDir string) (steps []step, err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errMachine, err)
	}
	defer root.Close()
	if trustDir == "" {
		trustDir = path.Join(dir, evidence.TrustDir)
	}
	trust, err := os.OpenRoot(trustDir)
	if err != nil {
		return nil, fmt.Errorf("trust: %w", err)
	}
	defer trust.Close()
	_, operator, _, err := evidence.Trust(trust)
	if err != nil {
		return nil, fmt.Errorf("trust: %w", err)
	}
	seal, err := folder.Verify(ctx, root, operator)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	whole := step{"seal", fmt.Sprintf("%d files, none missing, none new, none changed", len(seal.Statement().Subjects()))}
	steps, err = examine(ctx, root, trust)
	return append([]step{whole}, steps...), err
}

// examine verifies what the files say, whether or not the folder is sealed.
func examine(ctx context.Context, root, trust *os.Root) (steps []step, err error) {
	done := func(name, format string, args ...any) {
		steps = append(steps, step{name, fmt.Sprintf(format, args...)})
	}
	e, err := evidence.Load(ctx, root, trust)
	if err != nil {
		return steps, err
	}
	done("signatures", "%d attestations by the builder and the approver", len(e.Verified))
	done("artifact", "%s %s", e.Artifact.Name, e.Artifact.Digest)
	done("hardware", "%s", e.Hardware.Status())

	decision, err := decide(ctx, root, e)
	if err != nil {
		return steps, fmt.Errorf("decision: %w", err)
	}
	done("decision", "made anew from the evidence, with equal bytes: %s", decision)

	d, err := log(ctx, root, e)
	if err != nil {
		return steps, fmt.Errorf("log: %w", err)
	}
	done("log", "deployed to %s/%s as generation %d, recorded, and running", d.Request.Environment, d.Request.Target.Name, d.Request.Generation)
	return steps, nil
}

// decide makes the policy's decision anew and demands the recorded bytes. The
// approval came later than the decision and is not part of it.
func decide(ctx context.Context, root *os.Root, e *evidence.Evidence) (digest.Digest, error) {
	before := *e
	before.Verified = map[string]*attest.Verified{}
	for name, v := range e.Verified {
		if name != evidence.ApprovalFile+evidence.Suffix {
			before.Verified[name] = v
		}
	}
	decision, err := before.Decide(ctx)
	if err != nil {
		return digest.Digest{}, err
	}
	document, err := decision.MarshalJSON()
	if err != nil {
		return digest.Digest{}, err
	}
	recorded, err := evidence.Read(root, evidence.DecisionFile)
	if err != nil {
		return digest.Digest{}, err
	}
	if !bytes.Equal(recorded, document) {
		return digest.Digest{}, errors.New("the evidence leads to another decision than the recorded one")
	}
	return decision.Digest(), decision.Err()
}

// log reads the deployment log and its receipt, and demands that what it says runs
// was authorized by this decision and is this artifact.
func log(ctx context.Context, root *os.Root, e *evidence.Evidence) (*deploy.Deployment, error) {
	dir, err := root.OpenRoot(evidence.LedgerDir)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	trust := ledger.Trust{Origin: evidence.Origin, Key: e.LogKey}
	reader, err := ledger.OpenReader(ctx, ledger.ReaderConfig{Dir: ledger.Directory(dir), Trust: trust})
	if err != nil {
		return nil, err
	}
	timeline, err := ledger.ReadTimeline(ctx, reader, e.Operator)
	if err != nil {
		return nil, err
	}
	document, err := evidence.Read(root, evidence.ReceiptFile)
	if err != nil {
		return nil, err
	}
	receipt, err := deploy.ParseReceipt(document)
	if err != nil {
		return nil, err
	}
	d, err := ledger.VerifyReceipt(ctx, receipt, trust, e.Operator)
	if err != nil {
		return nil, err
	}
	live, err := timeline.Live(ctx, e.Terms.Place.Environment)
	if err != nil {
		return nil, err
	}
	if len(live.Entries) != 1 || live.Entries[0].Deployment.RequestDigest != d.RequestDigest {
		return nil, errors.New("the log does not say that this deployment runs")
	}
	return d, runs(root, e, d)
}

func runs(root *os.Root, e *evidence.Evidence, d *deploy.Deployment) error {
	recorded, err := evidence.Read(root, evidence.DecisionFile)
	if err != nil {
		return err
	}
	if len(d.Request.Subjects) != 1 || len(d.Grant.Decisions) != 1 || len(d.Grant.Approvals) != 1 {
		return errors.New("want one artifact, one decision and one approval")
	}
	if err := d.Request.Subjects[0].Digest.Match(e.Artifact.Digest); err != nil {
		return err
	}
	if got := d.Grant.Decisions[0].Decision; got != digest.FromBytes(recorded) {
		return fmt.Errorf("authorized by another decision: %s", got)
	}
	approval := e.Verified[evidence.ApprovalFile+evidence.Suffix]
	if approval == nil || d.Grant.Approvals[0].Evidence != approval.Evidence() {
		return errors.New("authorized by another approval")
	}
	return nil
}

func print(w io.Writer, steps []step, err error, asJSON bool) error {
	reasons := attest.Reasons(err)
	if asJSON {
		result := struct {
			Verified bool            `json:"verified"`
			Steps    []step          `json:"steps"`
			Error    string          `json:"error,omitempty"`
			Reasons  []attest.Reason `json:"reasons,omitempty"`
		}{err == nil, steps, "", reasons}
		if err != nil {
			result.Error = err.Error()
		}
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(result)
	}
	for _, s := range steps {
		fmt.Fprintf(w, "ok       %-11s %s\n", s.Name, s.Shown)
	}
	if err == nil {
		fmt.Fprintln(w, "verified")
		return nil
	}
	fmt.Fprintln(w, "REFUSED ", err)
	for _, r := range reasons {
		fmt.Fprintln(w, "        ", r)
	}
	return nil
}
