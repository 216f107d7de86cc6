package main

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/deploy"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/scan"
)

// An account is what the pipeline tells about its run.
type account struct {
	Artifact   attest.Descriptor `json:"artifact"`
	Size       int64             `json:"size"`
	Inputs     []fileAccount     `json:"inputs"`
	Builds     []buildAccount    `json:"builds"`
	NoSandbox  string            `json:"noSandbox,omitempty"`
	Comparison string            `json:"comparison"`
	Source     scanAccount       `json:"source"`
	Inside     scanAccount       `json:"inside"`
	Database   *databaseAccount  `json:"database"` // null: not scanned for vulnerabilities
	Findings   []findingAccount  `json:"findings"`
	NotScanned string            `json:"notScanned,omitempty"`
	TPM        string            `json:"tpm"`
	Hardware   string            `json:"hardware"`
	Verdict    string            `json:"verdict"`
	Rules      []ruleAccount     `json:"rules"`
	Decision   digest.Digest     `json:"decision,omitzero"`
	Evidence   []fileAccount     `json:"evidence"` // what the policy judged
	Target     string            `json:"target"`
	Release    string            `json:"release"`
	LogIndex   uint64            `json:"logIndex"`
	LogSize    uint64            `json:"logSize"`
	Running    []runningAccount  `json:"running"`
	Folder     string            `json:"folder,omitempty"`
	Stopped    *stopAccount      `json:"stopped,omitempty"` // null: all went well
}

type stopAccount struct {
	At      string          `json:"at"`
	Error   string          `json:"error"`
	Reasons []attest.Reason `json:"reasons,omitempty"`
}

type fileAccount struct {
	Name   string        `json:"name"`
	Digest digest.Digest `json:"digest"`
}

type buildAccount struct {
	Took     time.Duration           `json:"took"`
	Achieved reproducible.Guarantees `json:"achieved"`
	Digest   digest.Set              `json:"digest"`
}

type scanAccount struct {
	Packages int             `json:"packages"`
	Complete bool            `json:"complete"`
	Gaps     []attest.Reason `json:"gaps,omitempty"`
}

type databaseAccount struct {
	Root    digest.Digest `json:"root"`
	Records int           `json:"records"`
	Newest  time.Time     `json:"newest"`
}

type findingAccount struct {
	ID       string        `json:"id"`
	Severity scan.Severity `json:"severity"`
	Package  string        `json:"package"`
}

type ruleAccount struct {
	ID      string   `json:"id"`
	Outcome string   `json:"outcome"`
	Reasons []string `json:"reasons,omitempty"`
}

type runningAccount struct {
	Place    deploy.Place  `json:"place"`
	Artifact digest.Set    `json:"artifact"`
	Request  digest.Digest `json:"request"`
}

func (a *account) stop(at string, err error) {
	a.Stopped = &stopAccount{at, err.Error(), attest.Reasons(err)}
}

func (a *account) decision(d policy.Decision) {
	r := d.Report()
	a.Verdict, a.Decision = r.Verdict.String(), d.Digest()
	for _, f := range r.Findings {
		rule := ruleAccount{ID: f.Rule, Outcome: f.Outcome.String()}
		for _, reason := range f.Reasons {
			rule.Reasons = append(rule.Reasons, reason.Reason.String())
		}
		a.Rules = append(a.Rules, rule)
	}
}

func (a *account) log(r deploy.Receipt, live deploy.Answer) {
	a.LogIndex, a.LogSize = r.Index, r.TreeSize
	for _, e := range live.Entries {
		for _, s := range e.Deployment.Request.Subjects {
			a.Running = append(a.Running, runningAccount{e.Deployment.Place(), s.Digest, e.Deployment.RequestDigest})
		}
	}
}

// print tells the account to a person, or as JSON to a program. A run that stopped
// has told only a part.
func (a *account) print(w io.Writer, asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(a)
	}
	say := func(title, format string, args ...any) {
		fmt.Fprintf(w, "%-12s %s\n", title, fmt.Sprintf(format, args...))
	}
	if a.Size > 0 {
		say("built", "%s, %d bytes, %s", a.Artifact.Name, a.Size, a.Artifact.Digest)
	}
	for _, in := range a.Inputs {
		say("", "from %-32s %s", in.Name, in.Digest)
	}
	if a.NoSandbox != "" {
		say("isolation", "NONE: this machine grants no sandbox: %s", a.NoSandbox)
	}
	for i, b := range a.Builds {
		say("", "build %d took %.1f s with %s", i+1, b.Took.Seconds(), guarantees(b.Achieved))
	}
	if a.Comparison != "" {
		say("compared", "the two builds are %s", a.Comparison)
	}
	a.printScan(say)
	if a.Hardware != "" {
		say("hardware", "%s, by %s", a.Hardware, a.TPM)
	}
	for i, e := range a.Evidence {
		say([]string{"signed", ""}[min(i, 1)], "%-37s %s", e.Name, e.Digest)
	}
	if a.Verdict != "" {
		say("policy", "%s (%s)", a.Verdict, a.Decision)
	}
	for _, r := range a.Rules {
		say("", "%-18s %s", r.ID, r.Outcome)
		for _, reason := range r.Reasons {
			say("", "%-18s %s", "", reason)
		}
	}
	if a.Release != "" {
		say("deployed", "%s in %s", a.Release, a.Target)
	}
	if a.LogSize > 0 {
		say("recorded", "entry %d of a log of %d", a.LogIndex, a.LogSize)
	}
	for _, r := range a.Running {
		say("running", "%s/%s: %s", r.Place.Environment, r.Place.Target.Name, r.Artifact)
	}
	if a.Folder != "" {
		say("evidence", "%s; verify it with: go run ./examples/verify -dir %s", a.Folder, a.Folder)
	}
	return nil
}

// guarantees tells what a build had, by what it lacked where that is shorter.
func guarantees(g reproducible.Guarantees) string {
	lacking := reproducible.AllGuarantees &^ g
	switch {
	case lacking == 0:
		return fmt.Sprintf("all %d guarantees of the sandbox", len(g.Names()))
	case len(lacking.Names()) < len(g.Names()):
		return fmt.Sprintf("all %d guarantees of the sandbox but %s", len(g.Names())+len(lacking.Names()), lacking)
	}
	return fmt.Sprintf("no guarantees but %s", g)
}

func (a *account) printScan(say func(title, format string, args ...any)) {
	if a.Source.Packages+a.Inside.Packages+len(a.Source.Gaps)+len(a.Inside.Gaps) == 0 {
		return
	}
	whole := func(s scanAccount) string {
		if s.Complete {
			return "complete"
		}
		return fmt.Sprintf("INCOMPLETE: %v", s.Gaps)
	}
	say("inventory", "%d packages in the source (%s), %d in the artifact (%s)",
		a.Source.Packages, whole(a.Source), a.Inside.Packages, whole(a.Inside))
	switch {
	case a.Database == nil:
		say("advisories", "not scanned: no advisory database was given (-osv)")
	case a.NotScanned != "":
		say("advisories", "not scanned: %s", a.NotScanned)
	default:
		say("advisories", "%d findings in %d records up to %s", len(a.Findings), a.Database.Records, a.Database.Newest.Format(time.DateOnly))
	}
	for _, f := range a.Findings {
		say("", "%-18s %-9s %s", f.ID, f.Severity, f.Package)
	}
}
