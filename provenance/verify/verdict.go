package verify

import (
	"errors"
	"slices"
	"strconv"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
)

// A CheckID names one check.
type CheckID string

// The checks.
const (
	CheckAuthority CheckID = "E1" // a verifier whose trust is accepted vouches for the signature over an in-toto payload
	CheckStatement CheckID = "E2" // it is an in-toto Statement v1
	CheckStrict    CheckID = "E3" // it is strict JSON of its predicate type
	CheckSubject   CheckID = "S1" // one subject is the artifact
	CheckName      CheckID = "S2" // the subject has the expected name
	CheckFormat    CheckID = "P1" // the statement is complete SLSA provenance
	CheckBuildType CheckID = "P2" // the build type is the expected one
	CheckProfile   CheckID = "P3" // a profile understands the build
	CheckGrant     CheckID = "B1" // the signer may speak for the builder
	CheckBuilder   CheckID = "B2" // the builder is the expected one, at an expected version
	CheckRunner    CheckID = "B3" // the build ran on the kind of machine that the grant demands
	CheckClaims    CheckID = "C1" // the signer's certificate agrees, and vouches for the source

	CheckSource          CheckID = "R1" // the sources are the expected ones
	CheckSourceRef       CheckID = "R2" // each source is at the expected ref
	CheckSourceDigest    CheckID = "R3" // each source is an input by a digest, the expected one where it is pinned
	CheckRepository      CheckID = "R4" // the platform ran what the expected source holds
	CheckParameters      CheckID = "X1" // the parameters have the expected values
	CheckParametersExtra CheckID = "X2" // there are no others
	CheckTime            CheckID = "T1" // the evidence was made when it may be

	CheckDependencies CheckID = "D1" // something is known of every input that is no source
	CheckCycle        CheckID = "D2" // nothing is an input of itself
	CheckDepth        CheckID = "D3" // all inputs were followed
	CheckEnvironment  CheckID = "N1" // hardware vouches for the build's environment

	CheckConflict   CheckID = "Q1" // the statements agree
	CheckLevel      CheckID = "L1" // the level suffices
	CheckReproduced CheckID = "Z1" // two operators made the same artifact

	CheckSummary    CheckID = "V1" // the summary can be read and is about the artifact
	CheckVerifier   CheckID = "V2" // the signer may speak for the verifier
	CheckResource   CheckID = "V3" // the summary is of the expected resource
	CheckResult     CheckID = "V4" // the verification passed
	CheckLevels     CheckID = "V5" // the levels suffice
	CheckPolicy     CheckID = "V6" // the policy is the pinned one
	CheckSourceRefs CheckID = "V7" // the source is at the expected ref
	CheckOwnPolicy  CheckID = "V8" // the verifier did not choose the policy itself
)

// A Status is what became of a check. The zero Status is a failure.
type Status uint8

// The statuses.
const (
	Failed  Status = iota // refuses the artifact
	Capped                // lowers the level
	Skipped               // the statement is not about the artifact, or not for us to judge
	Passed
)

// String returns "failed", "capped", "skipped" or "passed".
func (s Status) String() string {
	switch s {
	case Failed:
		return "failed"
	case Capped:
		return "capped"
	case Skipped:
		return "skipped"
	case Passed:
		return "passed"
	}
	return "status(" + strconv.Itoa(int(s)) + ")"
}

// A Finding is the result of one check on one statement, or, without Evidence, on
// all of them.
type Finding struct {
	Check    CheckID
	Status   Status
	Reason   attest.Reason // zero when the check passed
	Evidence digest.Digest
}

// A Verdict is what Verify found. Only Verify makes one that passes; the zero
// Verdict refuses. It is immutable.
type Verdict struct {
	v *verdict
}

type verdict struct {
	*Checker
	artifact digest.Set
	passed   bool
	level    int
	findings []Finding
	missing  []attest.Reason

	accepted  []record
	most      int   // the highest grant that the evidence has
	runs      []run // of the evidence that has a grant
	summaries []Summary
	deps      Dependencies
	hardware  TrackResult // what assertions of the environment tell
}

// Passed reports whether the artifact was built as expected.
func (v Verdict) Passed() bool { return v.v != nil && v.v.passed }

// Testing reports whether synthetic evidence was acceptable. Such a verdict must not
// gate anything real.
func (v Verdict) Testing() bool { return v.v != nil && v.v.roots.Testing }

// Artifact returns a copy of the digests that were judged.
func (v Verdict) Artifact() digest.Set {
	if v.v == nil {
		return nil
	}
	return v.v.artifact.Clone()
}

// Level returns the SLSA Build level that the evidence shows, never more than the
// roots grant; 0 unless Passed.
func (v Verdict) Level() int {
	if !v.Passed() {
		return 0
	}
	return v.v.level
}

// Findings returns a copy of all findings, those that passed too, in the order of
// the evidence's digests.
func (v Verdict) Findings() []Finding {
	if v.v == nil {
		return nil
	}
	return slices.Clone(v.v.findings)
}

// MissingForNext returns what keeps the artifact from the next level: the failures
// of a verdict that did not pass, the missing grants of one that did, nothing at
// the highest level.
func (v Verdict) MissingForNext() []attest.Reason {
	if v.v == nil {
		return nil
	}
	return slices.Clone(v.v.missing)
}

// err returns nil exactly when v passed; otherwise every failure, under CodeRefused.
func (v Verdict) err() error {
	if v.Passed() {
		return nil
	}
	var causes []error
	for _, f := range v.v.findings {
		if f.Status == Failed {
			causes = append(causes, &attest.Error{Reason: f.Reason})
		}
	}
	return attest.Refuse(CodeRefused, v.v.artifact.String(), "provenance as expected", strconv.Itoa(len(causes))+" failed checks").Because(errors.Join(causes...))
}
