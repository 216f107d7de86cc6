package policy

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
)

// A Decision is a sealed report. Only an engine makes one, through Seal or by itself;
// the zero Decision denies. It is immutable, comparable by Digest, and safe for
// concurrent use.
//
// An Allow of an Engine writes its report when somebody asks for it, and holds the
// request's evidence in memory until then and after.
type Decision struct {
	sealed *sealed
	// settled stands for a report that is not written yet: that of a request which
	// plainly allows. What could keep it from being written was looked at before.
	settled *inquiry
	// at and until are when the decision lets its subject pass; zero if never. They are
	// known without a look at the report.
	at, until time.Time
}

type sealed struct {
	report Report
	json   []byte
	digest digest.Digest
}

// unseal returns the sealed report, which it writes if need be.
func (d *Decision) unseal() (*sealed, error) {
	if d.settled == nil {
		return d.sealed, nil
	}
	written, err := seal(EngineName, d.write())
	return written.sealed, err
}

// write returns the report of a plain allow.
func (d *Decision) write() Report {
	q := *d.settled
	q.request.Now = d.at
	r, _, _ := q.report(context.Background())
	r.ValidUntil = d.until
	return r
}

// Seal makes a decision from an engine's report, under the engine's name. It is
// for implementers of PolicyEngine: who calls it vouches for the report. It
// copies r, orders findings and inputs, and refuses a report that contradicts
// itself (see the codes policy.report.*). The canonical JSON is written here, so
// that no decision exists that cannot be recorded.
func Seal(engine string, r Report) (Decision, error) {
	return seal(engine, r.clone())
}

// seal is Seal of a report that nobody else holds.
func seal(engine string, r Report) (Decision, error) {
	r.Engine = engine
	r.canonicalize()
	if err := r.validate(); err != nil {
		return Decision{}, err
	}
	b, err := encodeReport(&r)
	if err != nil {
		return Decision{}, attest.Refuse(CodeReportEncoding, "", "a report that marshals to JSON", "").Because(err)
	}
	sum := sha256.Sum256(b)
	d := digest.Digest{Algorithm: digest.SHA256, Hex: hex.EncodeToString(sum[:])}
	decision := Decision{sealed: &sealed{report: r, json: b, digest: d}}
	if r.Verdict == Allow && !r.open() {
		decision.at, decision.until = r.EvaluatedAt, r.ValidUntil
	}
	return decision, nil
}

// IsZero reports whether d carries nothing. The zero Decision denies.
func (d Decision) IsZero() bool { return d.sealed == nil && d.settled == nil }

// Verdict returns the verdict; Deny for the zero Decision. To let something
// pass, ask Allowed, which also looks at the time.
func (d Decision) Verdict() Verdict {
	switch {
	case !d.until.IsZero():
		return Allow
	case d.sealed != nil:
		return d.sealed.report.Verdict
	}
	return Deny
}

// Allowed reports whether the decision lets its subject pass at that instant:
// the verdict is Allow, no obligation is open, and EvaluatedAt <= at < ValidUntil.
func (d Decision) Allowed(at time.Time) bool {
	return !d.until.IsZero() && !at.Before(d.at) && at.Before(d.until)
}

// Err returns nil exactly when the verdict is Allow and no obligation is open.
// Otherwise it returns an *attest.Error with the code CodeDenied,
// CodeIndeterminate, CodeObligation or CodeZero, and
// attest.Reasons of it lists the reasons of the verdict and of every rule that
// is violated or undetermined, by rule id.
func (d Decision) Err() error {
	if d.IsZero() {
		return attest.Refuse(CodeZero, "", "a decision that an engine made", "the zero Decision")
	}
	if !d.until.IsZero() {
		return nil
	}
	r := &d.sealed.report
	code := CodeDenied
	switch {
	case r.Verdict == Allow:
		return attest.Refuse(CodeObligation, r.Policy.URI, "every obligation discharged", "an open one")
	case r.Verdict == Indeterminate:
		code = CodeIndeterminate
	}
	var causes []error
	for _, reason := range r.Reasons {
		causes = append(causes, &attest.Error{Reason: reason.Reason})
	}
	for _, f := range r.Findings {
		if f.Outcome != Violated && f.Outcome != Undetermined {
			continue
		}
		for _, reason := range f.Reasons {
			causes = append(causes, &attest.Error{Reason: reason.Reason})
		}
	}
	return attest.Refuse(code, r.Policy.URI, Allow.String(), r.Verdict.String()).Because(errors.Join(causes...))
}

// Report returns a deep copy of the report; the zero Report, which denies, for
// the zero Decision.
func (d Decision) Report() Report {
	if d.IsZero() {
		return Report{}
	}
	if d.settled == nil {
		return d.sealed.report.clone()
	}
	r := d.write()
	r.Engine = EngineName
	r.canonicalize()
	return r.clone()
}

// Digest returns the SHA-256 digest of the canonical JSON; the zero Digest for
// the zero Decision.
func (d Decision) Digest() digest.Digest {
	if d.IsZero() {
		return digest.Digest{}
	}
	s, err := d.unseal()
	if err != nil {
		return digest.Digest{}
	}
	return s.digest
}

// MarshalJSON returns the report's canonical JSON, the bytes that Digest covers.
// The zero Decision is refused with CodeZero: there is nothing to record.
func (d Decision) MarshalJSON() ([]byte, error) {
	if d.IsZero() {
		return nil, d.Err()
	}
	s, err := d.unseal()
	if err != nil {
		return nil, err
	}
	return bytes.Clone(s.json), nil
}

// UnmarshalJSON always fails with CodeUnmarshal: a document is no decision. To
// read a recorded report, decode it as data.
func (d *Decision) UnmarshalJSON([]byte) error {
	return attest.Refuse(CodeUnmarshal, "", "an engine", "a JSON document")
}
