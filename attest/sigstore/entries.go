package sigstore

import (
	"encoding/hex"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/chain"
	"github.com/sealwright/sealwright/attest/tsa"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// usedLogs are the logs whose entries count.
type usedLogs []*log

// check reports, by a nil error, that each log's key is valid at each time.
func (u usedLogs) check(times []attest.TrustedTime) error {
	var errs []error
	for _, l := range u {
		for _, t := range times {
			if !l.window.Contains(t.Time) {
				errs = append(errs, attest.Refuse(CodeEntryTime, "log "+excerpt.Quote(l.name), l.window.String(), t.Time.UTC().Format(time.RFC3339)))
			}
		}
	}
	return errors.Join(errs...)
}

// names returns the names of the logs, each once.
func (u usedLogs) names() (names []string) {
	for _, l := range u {
		names = appendNew(names, l.name)
	}
	return names
}

// entries verifies the log entries, and adds to p what they prove. An entry of
// a log that is not trusted counts nothing; any other that fails is a fault.
func (v *Verifier) entries(b *bundle, s *signer, p *proof) (usedLogs, error) {
	var used usedLogs
	var errs, unknown []error
	var seen []*log
	for i := range b.entries {
		e := &b.entries[i]
		where := "/verificationMaterial/tlogEntries/" + strconv.Itoa(i)
		if len(e.LogID) == 0 || e.Kind == (wireKind{}) || len(e.Body) == 0 {
			errs = append(errs, attest.Refuse(CodeEntry, where, "logId, kindVersion and canonicalizedBody", "none"))
			continue
		}
		l := v.root.logOf(e.LogID)
		if l == nil {
			unknown = append(unknown, attest.Refuse(CodeLogUnknown, where, "a trusted log", hex.EncodeToString(e.LogID[:min(32, len(e.LogID))])))
			continue
		}
		if slices.Contains(seen, l) {
			errs = append(errs, attest.Refuse(CodeEntryRepeated, where, "one entry of a log", excerpt.Quote(l.name)))
			continue
		}
		seen = append(seen, l)
		if err := v.accept(l, e, b, s, p, where); err != nil {
			errs = append(errs, err)
			continue
		}
		used = append(used, l)
	}
	names := used.names()
	if len(names) < v.demand.Logs {
		short := attest.Refuse(CodeLogThreshold, "/verificationMaterial/tlogEntries", strconv.Itoa(v.demand.Logs)+" logs", strconv.Itoa(len(names)))
		errs = append(append([]error{short}, errs...), unknown...)
	}
	errs = append(errs, obey(v.rules.Logs, "/verificationMaterial/tlogEntries", names))
	return used, errors.Join(errs...)
}

// accept verifies one entry of the log and adds what it proves to p. It reports
// every fault.
func (v *Verifier) accept(l *log, e *wireEntry, b *bundle, s *signer, p *proof, where string) error {
	body, err := readBody(e, where)
	if err != nil {
		return err
	}
	errs := body.bind(b, s, where)
	errs = append(errs, l.checkForm(e, b.version, body.v2, where)...)
	inclusion := attest.Inclusion{Log: l.name, Index: uint64(e.LogIndex)}
	if e.Proof != nil {
		origin, err := l.verifyInclusion(e, body.v2, where+"/inclusionProof")
		errs = append(errs, err)
		inclusion = attest.Inclusion{Log: origin, Index: uint64(e.Proof.LogIndex)}
	}
	cosigners, err := v.witnessed(e, where)
	errs = append(errs, err)
	at := time.Unix(e.Time, 0)
	promised := e.Promise != nil && !body.v2
	if promised && !l.verifyPromise(e) {
		errs = append(errs, attest.Refuse(CodePromise, where+"/inclusionPromise", "a signed entry timestamp by the log", "another"))
	}
	if e.Time != 0 && s.leaf != nil && !(chain.Window{Start: s.leaf.NotBefore, End: s.leaf.NotAfter}).Contains(at) {
		errs = append(errs, attest.Refuse(CodeEntryTime, where+"/integratedTime", "a time in the certificate's validity", at.UTC().Format(time.RFC3339)))
	}
	if e.Time != 0 && s.key != nil && !s.key.Window.Contains(at) {
		errs = append(errs, attest.Refuse(CodeEntryTime, where+"/integratedTime", s.key.Window.String(), at.UTC().Format(time.RFC3339)))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	p.inclusions = append(p.inclusions, inclusion)
	p.cosigners = append(p.cosigners, cosigners...)
	if promised {
		p.times = append(p.times, attest.TrustedTime{Time: at, Authority: l.name})
	}
	return nil
}

// witnessed returns the witnesses who cosigned the entry's checkpoint, none where
// none are demanded.
func (v *Verifier) witnessed(e *wireEntry, where string) ([]string, error) {
	if v.witnesses == nil {
		return nil, nil
	}
	where += "/inclusionProof/checkpoint"
	if e.Proof == nil || e.Proof.Checkpoint == nil {
		return nil, attest.Refuse(CodeWitness, where, "a cosigned checkpoint", "none")
	}
	names, err := v.witnesses.Witnessed(e.Proof.Checkpoint)
	if err != nil {
		return nil, attest.Refuse(CodeWitness, where, "cosignatures that meet the quorum", "").Because(err)
	}
	return names, obey(v.rules.Witnesses, where, names)
}

// obey reports, by a nil error, that names meet a rule, if there is one.
func obey(rule NameRule, where string, names []string) error {
	if rule == nil {
		return nil
	}
	if err := rule.EvalNames(names); err != nil {
		return attest.Refuse(CodeRule, where, "authorities that meet the rule", "").Because(err)
	}
	return nil
}

// checkForm reports what an entry lacks that the bundle's version or the kind
// of log demands.
func (l *log) checkForm(e *wireEntry, version int, v2 bool, where string) (errs []error) {
	switch {
	case v2 && e.Promise != nil:
		errs = append(errs, attest.Refuse(CodePromise, where, "no signed entry timestamp in Rekor v2", "one"))
	case e.Promise != nil && (len(e.Promise) == 0 || e.Time == 0):
		errs = append(errs, attest.Refuse(CodePromise, where, "a signed entry timestamp with its time", "an empty one"))
	case version == 1 && e.Promise == nil:
		errs = append(errs, attest.Refuse(CodePromise, where, "a signed entry timestamp in a bundle of version 0.1", "none"))
	}
	if e.Proof == nil && (version > 1 || v2) {
		errs = append(errs, attest.Refuse(CodeInclusion, where, "an inclusion proof", "none"))
	}
	if v2 && e.Proof != nil && e.Proof.LogIndex != e.LogIndex {
		errs = append(errs, attest.Refuse(CodeEntry, where+"/logIndex", strconv.FormatInt(e.Proof.LogIndex, 10), strconv.FormatInt(e.LogIndex, 10)))
	}
	return errs
}

// isUnknownStamper reports whether a timestamp is by nobody trusted, as against
// a faulty one by somebody who is.
func isUnknownStamper(err error) bool {
	reasons := attest.Reasons(err)
	return len(reasons) == 1 && reasons[0].Code == tsa.CodeSigner
}
