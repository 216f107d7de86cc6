package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/dsse"
	"github.com/sealwright/sealwright/attest/folder"
	"github.com/sealwright/sealwright/deploy"
	"github.com/sealwright/sealwright/deploy/dirtarget"
	"github.com/sealwright/sealwright/deploy/ledger"
	evidence "github.com/sealwright/sealwright/examples/internal/line"
	"github.com/sealwright/sealwright/internal/strictjson"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/slsa"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/process"
	"github.com/sealwright/sealwright/reproducible/sandbox"
	"github.com/sealwright/sealwright/reproducible/store"
	"github.com/sealwright/sealwright/scan"
	"github.com/sealwright/sealwright/scan/gobinary"
	"github.com/sealwright/sealwright/scan/gomod"
	"github.com/sealwright/sealwright/scan/osv"
	"github.com/sealwright/sealwright/scan/report"
	"github.com/sealwright/sealwright/tee"
)

// A line is one run: what it works with, and what it has so far.
type line struct {
	flags    *flags
	temp     string
	out      *os.Root // the folder of evidence
	outDir   string
	target   *os.Root
	store    *store.Store
	builder  reproducible.Builder
	isolated bool
	machine  *machine // the TPM
	people   map[string]attest.Signer
	progress *progress
	account  account

	terms    evidence.Terms
	spec     *reproducible.Spec
	results  [2]*reproducible.Result
	artifact attest.Descriptor
	first    *attest.Statement // provenance of the first build
	read     *evidence.Evidence
	leave    deploy.Authorization
	started  time.Time
}

// open prepares the folder, the store, the strongest builder that the machine
// grants, the TPM and the keys.
func open(ctx context.Context, f *flags, temp string) (l *line, err error) {
	l = &line{flags: f, temp: temp}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.close())
		}
	}()
	if err := l.openFolders(); err != nil {
		return l, err
	}
	if err := l.openBuilder(ctx); err != nil {
		return l, err
	}
	if l.machine, err = openMachine(ctx, f); err != nil {
		return l, fmt.Errorf("TPM: %w", err)
	}
	if err := l.openKeys(); err != nil {
		return l, err
	}
	l.terms.Place = deploy.Place{Environment: "production", Target: deploy.Target{Name: "app"}}
	return l, nil
}

func (l *line) openFolders() (err error) {
	l.outDir = l.flags.out
	if l.outDir == "" {
		l.outDir = filepath.Join(l.temp, "evidence")
	}
	target := l.flags.target
	if target == "" {
		target = l.outDir + ".target"
	}
	if entries, err := os.ReadDir(l.outDir); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty", l.outDir)
	}
	for _, dir := range []string{l.outDir, target} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	if l.target, err = os.OpenRoot(target); err != nil {
		return err
	}
	l.account.Target = target
	if l.out, err = os.OpenRoot(l.outDir); err != nil {
		return err
	}
	for _, dir := range []string{evidence.TrustDir, evidence.AttestationDir, evidence.ArtifactDir, evidence.LedgerDir} {
		if err := l.out.Mkdir(dir, 0o755); err != nil {
			return err
		}
	}
	return nil
}

// openBuilder takes the sandbox where the machine grants one, and otherwise a
// plain process, which isolates nothing. Either way the terms require exactly what
// was granted, so that no build can fall short of it unnoticed.
func (l *line) openBuilder(ctx context.Context) (err error) {
	dir := l.flags.store
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return err
		}
		dir = filepath.Join(cache, "sealwright", "store")
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	if l.store, err = store.Open(dir, store.Limits{}); err != nil {
		return err
	}
	box, err := sandbox.New(sandbox.Config{Store: l.store, Now: time.Now, Trace: &sandbox.TraceOptions{}})
	if err == nil {
		var granted sandbox.Capabilities
		if granted, err = box.Probe(ctx); err == nil && granted.Granted.Has(reproducible.NoNetwork) {
			l.builder, l.isolated = box, true
			// A fixed clock and sorted directories slow, and the Go command needs neither.
			l.terms.Require = granted.Granted &^ (reproducible.FixedClock | reproducible.SortedInputs)
			if l.flags.host != "" {
				l.terms.Require &^= reproducible.InputsPinned
			}
			return nil
		}
		err = errors.Join(err, granted.Missing)
	}
	l.account.NoSandbox = fmt.Sprint(err)
	l.terms.Require = process.Achieved
	l.builder, err = process.New(process.Config{Store: l.store, Dir: l.temp, Now: time.Now})
	return err
}

func (l *line) close() error {
	var errs []error
	for _, root := range []*os.Root{l.out, l.target} {
		if root != nil {
			errs = append(errs, root.Close())
		}
	}
	if l.machine != nil {
		errs = append(errs, l.machine.close())
	}
	return errors.Join(errs...)
}

// attest signs a statement in the name of a principal and keeps it in the folder.
func (l *line) attest(ctx context.Context, principal, name string, s *attest.Statement) error {
	attestor, err := dsse.NewAttestor(l.people[principal])
	if err != nil {
		return err
	}
	a, err := attestor.Attest(ctx, s)
	if err != nil {
		return err
	}
	return l.out.WriteFile(name+evidence.Suffix, a.Body, 0o644)
}

func (l *line) buildFirst(ctx context.Context) error {
	if err := l.build(ctx, 0); err != nil {
		return err
	}
	made, ok := l.results[0].Artifact(l.flags.artifact)
	if !ok || len(l.results[0].Artifacts) != 1 {
		return fmt.Errorf("want the one file %s, got %d files", l.flags.artifact, len(l.results[0].Artifacts))
	}
	l.artifact = attest.Descriptor{Name: made.Path, Digest: made.Digest}
	l.account.Artifact, l.account.Size = l.artifact, made.Size
	return l.copyArtifact(ctx)
}

func (l *line) buildAgain(ctx context.Context) error { return l.build(ctx, 1) }

// build runs the spec and states where the result came from.
func (l *line) build(ctx context.Context, i int) error {
	result, err := l.builder.Build(ctx, l.spec)
	var failed *reproducible.RunError
	if errors.As(err, &failed) {
		return fmt.Errorf("%w\n%s", err, failed.Result.Log.Text)
	}
	if err != nil {
		return err
	}
	l.results[i] = result
	build, err := reproducible.Describe(l.spec, result, reproducible.DescribeOptions{
		Builder: provenance.Builder{ID: evidence.BuilderID}, InvocationID: fmt.Sprintf("urn:sealwright:run:%d:%d", result.Started.UnixNano(), i+1),
	})
	if err != nil {
		return err
	}
	statement, err := slsa.Encode(build)
	if err != nil {
		return err
	}
	if i == 0 {
		l.first = statement
	}
	l.account.Builds = append(l.account.Builds, buildAccount{result.Finished.Sub(result.Started), result.Achieved, result.Artifacts[0].Digest})
	return l.attest(ctx, evidence.Builder, fmt.Sprintf("%s%d", evidence.ProvenanceFile, i+1), statement)
}

// copyArtifact takes the artifact out of the store, verified on the way.
func (l *line) copyArtifact(ctx context.Context) error {
	from, err := l.store.Open(ctx, digest.Digest{Algorithm: digest.SHA256, Hex: l.artifact.Digest[digest.SHA256]})
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := l.out.OpenFile(path.Join(evidence.ArtifactDir, path.Base(l.artifact.Name)), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Close())
}

func (l *line) compare(ctx context.Context) error {
	c, err := reproducible.Compare(l.results[0], l.results[1])
	if err != nil {
		return err
	}
	l.account.Comparison = c.Verdict().String()
	statement, err := reproducible.ComparisonStatement(c)
	if err != nil {
		return err
	}
	if err := l.attest(ctx, evidence.Builder, "attestations/comparison", statement); err != nil {
		return err
	}
	return c.Err()
}

// scan lists what is inside the source and the artifact, and asks the advisory
// database where there is one. Without one it says so; it never says "clean".
func (l *line) scan(ctx context.Context) error {
	source, err := os.OpenRoot(l.flags.src)
	if err != nil {
		return err
	}
	defer source.Close()
	started := time.Now()
	tree, err := scan.Run(ctx, scan.Directory(source, scan.DirectoryOptions{}), scan.Limits{}, gomod.Scanner{})
	if err != nil {
		return err
	}
	file := scan.File(l.out, path.Join(evidence.ArtifactDir, path.Base(l.artifact.Name)), l.artifact.Digest)
	found, err := scan.Run(ctx, file, scan.Limits{}, gobinary.Scanner{})
	if err != nil {
		return err
	}
	l.account.Source = scanAccount{len(tree.Packages), tree.Coverage.Complete(), tree.Coverage.Reasons()}
	l.account.Inside = scanAccount{len(found.Packages), found.Coverage.Complete(), found.Coverage.Reasons()}
	if l.flags.osv != "" {
		if found, err = l.match(ctx, found, started); err != nil {
			return err
		}
	}
	bill, err := report.CycloneDXStatement(found, time.Time{})
	if err != nil {
		return err
	}
	coverage, err := report.CoverageStatement(found, started, time.Now())
	if err != nil {
		return err
	}
	return errors.Join(
		l.attest(ctx, evidence.Builder, "attestations/bill-of-materials", bill),
		l.attest(ctx, evidence.Builder, "attestations/coverage", coverage))
}

// match holds the packages against the advisory database. An incomplete scan, or one
// that knows no package of the artifact, such as of a program in C, is no
// vulnerability statement; the policy then misses it and does not allow.
func (l *line) match(ctx context.Context, found *scan.Report, started time.Time) (*scan.Report, error) {
	const month = 30 * 24 * time.Hour
	l.terms.Vulnerabilities = &evidence.Vulnerabilities{At: scan.Low, MaxDatabaseAge: 12 * month}
	db, err := osv.Load(ctx, os.DirFS(l.flags.osv), osv.Options{Ecosystems: []string{"Go"}})
	if err != nil {
		return nil, err
	}
	if found, err = scan.Match(ctx, found, scan.Limits{}, db); err != nil {
		return nil, err
	}
	updated := db.Info().Newest
	if l.flags.osvDate != "" {
		if updated, err = time.Parse(time.DateOnly, l.flags.osvDate); err != nil {
			return nil, err
		}
	}
	l.account.Database = &databaseAccount{db.Info().Root, db.Info().Records["Go"], updated}
	l.account.Inside.Complete, l.account.Inside.Gaps = found.Coverage.Complete(), found.Coverage.Reasons()
	for _, f := range found.Findings {
		l.account.Findings = append(l.account.Findings, findingAccount{f.Advisory.ID, f.Severity, f.Package.PURL})
	}
	if len(found.Packages) == 0 {
		l.account.NotScanned = "no package in the artifact is known, so no advisory could match"
		return found, nil
	}
	statement, err := report.VulnsStatement(found, report.Invocation{
		URI: evidence.BuilderID, Matcher: osv.Name, DB: report.Database{URI: "https://osv.dev", LastUpdate: updated},
		Started: started, Finished: time.Now(),
	})
	if err != nil {
		l.account.NotScanned = err.Error()
		return found, nil
	}
	return found, l.attest(ctx, evidence.Builder, "attestations/vulnerabilities", statement)
}

// quote has the TPM vouch, for this nonce, that the machine which holds the
// builder's key is in a known state, and speaks for the first build's provenance.
func (l *line) quote(ctx context.Context) error {
	nonce := make([]byte, 32)
	if _, err := rand.Read(nonce); err != nil {
		return err
	}
	binding, err := tee.Expect{
		Purpose: evidence.Purpose, Nonce: nonce, Key: l.people[evidence.Builder].Public(),
		Audience: evidence.Audience, Statement: digest.FromBytes(l.first.Bytes()), At: time.Now(),
	}.Binding()
	if err != nil {
		return err
	}
	ev, err := l.machine.quoter.Quote(ctx, binding)
	if err != nil {
		return err
	}
	l.terms.Hardware, err = l.machine.terms(ctx, ev, nonce)
	if err != nil {
		return err
	}
	raw, err := ev.Encode()
	if err != nil {
		return err
	}
	statement, err := tee.Assertion([]attest.Descriptor{l.artifact}, ev, attest.Descriptor{})
	if err != nil {
		return err
	}
	l.account.TPM = l.machine.name
	return errors.Join(
		l.out.WriteFile(evidence.HardwareFile, raw, 0o644),
		l.attest(ctx, evidence.Builder, "attestations/hardware", statement))
}

// decide writes the terms, forgets everything, reads the evidence back from the
// folder, and lets the policy judge that.
func (l *line) decide(ctx context.Context) error {
	l.terms.At = time.Now().UTC().Round(0)
	terms, err := strictjson.Marshal(l.terms)
	if err != nil {
		return err
	}
	if err := l.out.WriteFile(evidence.TermsFile, terms, 0o644); err != nil {
		return err
	}
	trust, err := l.out.OpenRoot(evidence.TrustDir)
	if err != nil {
		return err
	}
	defer trust.Close()
	if l.read, err = evidence.Load(ctx, l.out, trust); err != nil {
		return err
	}
	l.account.Hardware = l.read.Hardware.Status().String()
	for _, name := range slices.Sorted(maps.Keys(l.read.Verified)) {
		l.account.Evidence = append(l.account.Evidence, fileAccount{name, l.read.Verified[name].Evidence()})
	}
	decision, err := l.read.Decide(ctx)
	if err != nil {
		return err
	}
	document, err := decision.MarshalJSON()
	if err != nil {
		return err
	}
	if err := l.out.WriteFile(evidence.DecisionFile, document, 0o644); err != nil {
		return err
	}
	l.account.decision(decision)
	if err := decision.Err(); err != nil {
		return err
	}
	return l.authorize(ctx, decision)
}

// deploy puts the artifact into the target directory, under the authorization.
func (l *line) deploy(ctx context.Context) error {
	l.started = time.Now()
	release, err := dirtarget.Directory{Root: l.target}.Apply(ctx, l.leave, l.started, func(_ context.Context, d attest.Descriptor) (io.ReadCloser, error) {
		return l.out.Open(path.Join(evidence.ArtifactDir, path.Base(d.Name)))
	})
	if err != nil {
		return err
	}
	l.account.Release = path.Join(release.Place, release.Path)
	return nil
}

// record writes what was done into the log and asks the log what runs now.
func (l *line) record(ctx context.Context) error {
	operator, err := dsse.NewAttestor(l.people[evidence.Operator])
	if err != nil {
		return err
	}
	dir, err := l.out.OpenRoot(evidence.LedgerDir)
	if err != nil {
		return err
	}
	defer dir.Close()
	recorder, err := ledger.CreateRecorder(ctx, ledger.RecorderConfig{
		Ledger:   ledger.Config{Dir: ledger.Directory(dir), Origin: evidence.Origin, Signer: l.people[evidence.Operator]},
		Attestor: operator, Verifier: l.read.Operator,
	})
	if err != nil {
		return err
	}
	receipt, err := recorder.Record(ctx, &deploy.Record{
		Authorization: l.leave, Outcome: deploy.OutcomeSucceeded, Started: l.started, Finished: time.Now(),
		Attestations: l.read.Digests(),
	})
	if err != nil {
		return errors.Join(err, recorder.Close())
	}
	live, err := recorder.Live(ctx, l.terms.Place.Environment)
	if err := errors.Join(err, recorder.Close()); err != nil {
		return err
	}
	l.account.log(receipt, live)
	document, err := receipt.MarshalJSON()
	if err != nil {
		return err
	}
	return l.out.WriteFile(evidence.ReceiptFile, document, 0o644)
}

// seal adds the account and closes the folder against change.
func (l *line) seal(ctx context.Context) error {
	if l.flags.out != "" {
		l.account.Folder = l.outDir
	}
	document, err := strictjson.Marshal(l.account)
	if err != nil {
		return err
	}
	if err := l.out.WriteFile(evidence.AccountFile, document, 0o644); err != nil {
		return err
	}
	operator, err := dsse.NewAttestor(l.people[evidence.Operator])
	if err != nil {
		return err
	}
	return folder.Seal(ctx, l.out, operator)
}

// nonce returns chance as text.
func nonce() (string, error) {
	b := make([]byte, 16)
	_, err := rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b), err
}
