package policy

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// A need is a validated copy of a Need.
type need struct {
	Need
	independentOf []int // indices of the needs named by NotSameAs
}

// compileNeeds copies and checks the needs of one rule. where names the rule.
func compileNeeds(where string, needs []Need) ([]need, []error) {
	var out []need
	var errs []error
	if len(needs) == 0 {
		errs = append(errs, attest.Refuse(CodeConfigNeed, where, "at least one need", "none"))
	}
	names := map[string]int{}
	for i, n := range needs {
		where := where + "/" + n.Name
		if _, twice := names[n.Name]; twice || n.Name == "" {
			errs = append(errs, attest.Refuse(CodeConfigNeed, where, "a unique name", quote(n.Name)))
		}
		c := need{Need: n}
		c.PredicateTypes, c.Signers, c.NotSameAs = slices.Clone(n.PredicateTypes), slices.Clone(n.Signers), slices.Clone(n.NotSameAs)
		c.Threshold = max(n.Threshold, 1)
		for _, other := range n.NotSameAs {
			j, ok := names[other]
			if !ok {
				errs = append(errs, attest.Refuse(CodeConfigNeed, where, "an earlier need", quote(other)))
			}
			c.independentOf = append(c.independentOf, j)
		}
		errs = append(errs, n.validate(where)...)
		names[n.Name] = i
		out = append(out, c)
	}
	return out, errs
}

func (n *Need) validate(where string) (errs []error) {
	refuse := func(want, got string) { errs = append(errs, attest.Refuse(CodeConfigNeed, where, want, got)) }
	if len(n.PredicateTypes) == 0 {
		refuse("a predicate type", "none")
	}
	for _, t := range n.PredicateTypes {
		if err := attest.CheckTypeURI(t); err != nil {
			refuse("a predicate type", quote(t))
		}
	}
	if n.AnySigner == (len(n.Signers) > 0) {
		refuse("either Signers or AnySigner", "both or neither")
	}
	if slices.Contains(n.Signers, "") {
		refuse("named signers", "an empty name")
	}
	if n.Threshold < 0 || n.Threshold > len(n.Signers) && !n.AnySigner {
		refuse("a threshold that the signers can reach", strconv.Itoa(n.Threshold))
	}
	if n.MaxAge < 0 {
		refuse("a positive MaxAge", n.MaxAge.String())
	}
	if n.TimeAt != "" && (n.MaxAge == 0 || n.TimeAt[0] != '/') {
		refuse("a JSON pointer, with MaxAge", quote(n.TimeAt))
	}
	if n.Quantifier > AnyMatching {
		refuse("a known quantifier", strconv.Itoa(int(n.Quantifier)))
	}
	return errs
}

// An item is one piece of the request's evidence, with what every need asks.
type item struct {
	verified      *attest.Verified
	predicateType string
	about         bool // it speaks of the request's subject
	listed        bool // its authority is accepted
	signers       []attest.Identity
	first, last   time.Time // the extremes of its trusted times
	assumed       bool      // it does not exist: Explain supposes it, new and good
}

// turnedAway counts evidence of the right type by what kept it from meeting a
// need, in the order in which the checks are made.
type turnedAway struct{ subject, authority, signer, time int }

// meet returns the evidence that meets n, or the reasons why n is unmet. until is
// when the evidence becomes too old. earlier holds the rule's needs before n.
func (n *need) meet(pool []item, now time.Time, earlier []met) (m met, until time.Time, unmet []Reason) {
	m.need = n
	var away turnedAway
	var signers, barred []attest.Identity
	for _, i := range n.independentOf {
		for _, e := range earlier[i].evidence {
			barred = append(barred, e.listed...)
		}
	}
	for i := range pool {
		e, ok := n.admit(&pool[i], &away)
		if !ok {
			continue
		}
		edge, code := n.age(&pool[i], now)
		if code == CodeNeedStale || code != "" && n.Quantifier == AnyMatching {
			away.time++
			continue
		}
		if code != "" {
			r := n.reason(code, "trusted times from "+instant(pool[i].first)+" to "+instant(pool[i].last))
			r.Evidence = e.Digest()
			unmet = append(unmet, r)
			continue
		}
		until = earliest(until, edge)
		e.eligible = independent(e.listed, barred)
		signers = append(signers, e.eligible...)
		m.evidence = append(m.evidence, e)
	}
	if len(unmet) == 0 && distinct(signers) < n.Threshold {
		unmet = append(unmet, n.shortfall(&m, away, distinct(signers)))
	}
	return m, until, unmet
}

// admit reports whether the need is about such evidence at all, whatever its age.
func (n *need) admit(it *item, away *turnedAway) (Evidence, bool) {
	if !slices.Contains(n.PredicateTypes, it.predicateType) {
		return Evidence{}, false
	}
	if !it.about {
		away.subject++
		return Evidence{}, false
	}
	if !it.listed {
		away.authority++
		return Evidence{}, false
	}
	listed := it.signers
	other := func(id attest.Identity) bool { return !slices.Contains(n.Signers, id.Principal()) }
	if !n.AnySigner && slices.ContainsFunc(listed, other) {
		listed = slices.DeleteFunc(slices.Clone(listed), other)
	}
	if len(listed) == 0 {
		away.signer++
		return Evidence{}, false
	}
	return Evidence{verified: it.verified, listed: listed}, true
}

// age returns when the evidence becomes too old, zero for never, or the code of
// what is wrong with its times.
func (n *need) age(it *item, now time.Time) (edge time.Time, code attest.Code) {
	if it.assumed {
		return edge, ""
	}
	if it.last.After(now) {
		return edge, CodeNeedFuture
	}
	if n.MaxAge == 0 {
		return edge, ""
	}
	at := it.first
	if n.TimeAt != "" {
		at = predicateTime(it.verified.Statement(), n.TimeAt)
	}
	switch {
	case at.IsZero():
		return edge, CodeNeedUntimed
	case at.After(now):
		return edge, CodeNeedFuture
	case !now.Before(at.Add(n.MaxAge)):
		return edge, CodeNeedStale
	}
	return at.Add(n.MaxAge), ""
}

// predicateTime returns the RFC 3339 time at the JSON pointer, or zero if there is
// none.
func predicateTime(s *attest.Statement, pointer string) (t time.Time) {
	raw := s.Predicate()
	for _, token := range strings.Split(pointer, "/")[1:] {
		var object map[string]json.RawMessage
		if err := strictjson.Unmarshal(raw, &object, strictjson.Options{Bytes: len(raw), AllowUnknown: true}); err != nil {
			return time.Time{}
		}
		raw = object[strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")]
	}
	if err := t.UnmarshalJSON(raw); err != nil {
		return time.Time{}
	}
	return t
}

// shortfall tells why too few principals stand behind the need.
func (n *need) shortfall(m *met, away turnedAway, got int) Reason {
	var all []attest.Identity
	for _, e := range m.evidence {
		all = append(all, e.listed...)
	}
	code := CodeNeedMissing
	switch {
	case distinct(all) >= n.Threshold:
		code = CodeNeedSame
	case len(m.evidence) > 0:
		code = CodeNeedThreshold
	case away.time > 0:
		code = CodeNeedStale
	case away.signer > 0:
		code = CodeNeedSigner
	case away.authority > 0:
		code = CodeNeedAuthority
	case away.subject > 0:
		code = CodeNeedSubject
	}
	return n.reason(code, fmt.Sprintf("%d principals on %d attestations; turned away: %d of other subjects, %d of other authorities, %d of other signers, %d for their time",
		got, len(m.evidence), away.subject, away.authority, away.signer, away.time))
}

// reason describes the need as what was wanted.
func (n *need) reason(code attest.Code, got string) Reason {
	want := strings.Join(n.PredicateTypes, " or ") + " signed by "
	if n.AnySigner {
		want += strconv.Itoa(n.Threshold) + " principals of an accepted authority"
	} else {
		want += strconv.Itoa(n.Threshold) + " of " + strings.Join(n.Signers, ", ")
	}
	if n.MaxAge > 0 {
		want += ", younger than " + n.MaxAge.String()
	}
	return Reason{
		Reason: attest.Reason{Code: code, Where: n.Name, Want: want, Got: got},
		Remedy: remedy(code),
	}
}

// remedy advises what to do about an unmet need.
func remedy(code attest.Code) string {
	switch code {
	case CodeNeedMissing:
		return "have the evidence made, or pass it with the request"
	case CodeNeedSubject:
		return "have the evidence made about this very digest"
	case CodeNeedAuthority:
		return "verify the evidence under an accepted authority"
	case CodeNeedSigner:
		return "have a listed principal sign the evidence"
	case CodeNeedStale:
		return "have the evidence made anew"
	case CodeNeedFuture:
		return "compare the clocks of the engine's caller and of the time authority"
	case CodeNeedUntimed:
		return "have the evidence logged or timestamped"
	case CodeNeedThreshold:
		return "have more of the listed principals sign"
	case CodeNeedSame:
		return "have a principal sign who answers no other part of the rule"
	}
	return ""
}

func instant(t time.Time) string {
	if t.IsZero() {
		return "none"
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// independent returns the identities that share neither principal nor key with a
// barred one.
func independent(ids, barred []attest.Identity) []attest.Identity {
	if len(barred) == 0 {
		return ids
	}
	return slices.DeleteFunc(slices.Clone(ids), func(id attest.Identity) bool {
		return slices.ContainsFunc(barred, func(b attest.Identity) bool { return same(id, b) })
	})
}

func same(a, b attest.Identity) bool {
	return a.Principal() == b.Principal() || a.Key == b.Key && !a.Key.IsZero()
}

// distinct counts the parties behind the identities: those that share a principal
// or a key, directly or through others, are one.
func distinct(ids []attest.Identity) int {
	if len(ids) < 2 {
		return len(ids)
	}
	ids = slices.Clone(ids)
	slices.SortFunc(ids, compareIdentity)
	ids = slices.Compact(ids)
	if len(ids) < 2 {
		return len(ids)
	}
	party := make([]int, len(ids)) // the least index in the same party
	for i := range ids {
		party[i] = i
		for j := range i {
			if !same(ids[i], ids[j]) || party[i] == party[j] {
				continue
			}
			from, to := max(party[i], party[j]), min(party[i], party[j])
			for k := range i + 1 {
				if party[k] == from {
					party[k] = to
				}
			}
		}
	}
	slices.SortFunc(party, cmp.Compare[int])
	return len(slices.Compact(party))
}
