package policy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// A need is a validated copy of a Need.
type need struct {
	Need
	independentOf []int // indices of the needs named by NotSameAs
	number        int   // equal needs of several rules share one
}

// numberNeeds numbers the needs of all rules, and returns how many numbers there are. A
// need with NotSameAs depends on its rule, and equals no other.
func numberNeeds(rules []compiled) (count int) {
	numbers := map[string]int{}
	for i := range rules {
		for j := range rules[i].needs {
			n := &rules[i].needs[j]
			text := fmt.Sprintf("%q %q %q %v %d %d %q %d", n.Name, n.PredicateTypes, n.Signers, n.AnySigner, n.Threshold, n.MaxAge, n.TimeAt, n.Quantifier)
			number, known := numbers[text]
			if !known || len(n.NotSameAs) > 0 {
				number = count
				count++
			}
			if n.number = number; len(n.NotSameAs) == 0 {
				numbers[text] = number
			}
		}
	}
	return count
}

// maxNeeds bounds the needs of one rule.
const maxNeeds = 64

// compileNeeds copies and checks the needs of one rule. where names the rule.
func compileNeeds(where string, needs []Need) ([]need, []error) {
	var out []need
	var errs []error
	if len(needs) == 0 {
		errs = append(errs, attest.Refuse(CodeConfigNeed, where, "at least one need", "none"))
	}
	if len(needs) > maxNeeds {
		return nil, append(errs, attest.Refuse(CodeConfigNeed, where, "at most "+strconv.Itoa(maxNeeds)+" needs", strconv.Itoa(len(needs))))
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
	assumed       bool // it does not exist: Explain supposes it, new and good
	signers       []attest.Identity
	first, last   time.Time // the extremes of its trusted times
	desk          *desk     // nil if there is but one need, judged once
}

// turnedAway counts evidence of the right type by what kept it from meeting a
// need, in the order in which the checks are made.
type turnedAway struct{ subject, authority, signer, time int }

// An evidenceStore is memory that the needs of a request share.
type evidenceStore struct {
	list   []Evidence
	pieces []piece // never moved: Evidence points into it
}

func newStore(most int) *evidenceStore {
	return &evidenceStore{list: make([]Evidence, 0, most), pieces: make([]piece, 0, most)}
}

func (s *evidenceStore) add(p piece) {
	if len(s.pieces) == cap(s.pieces) {
		s.pieces = make([]piece, 0, 2*cap(s.pieces)+1)
	}
	s.pieces = append(s.pieces, p)
	s.list = append(s.list, Evidence{&s.pieces[len(s.pieces)-1]})
}

// A meeting is what becomes of one need, for every rule that has it.
type meeting struct {
	done  bool
	met   met
	until time.Time
	unmet []Reason
}

// meet returns the evidence that meets n, or the reasons why n is unmet. until is
// when the evidence becomes too old. earlier holds the rule's needs before n.
func (n *need) meet(pool []item, now time.Time, earlier []met, store *evidenceStore) (m met, until time.Time, unmet []Reason) {
	m.need = n
	var away turnedAway
	var few [4]attest.Identity
	signers := few[:0]
	var barred []attest.Identity
	from := len(store.list)
	for _, i := range n.independentOf {
		for _, e := range earlier[i].evidence {
			barred = append(barred, e.piece.listed...)
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
			r.Evidence = e.verified.Evidence()
			unmet = append(unmet, r)
			continue
		}
		until = earliest(until, edge)
		e.eligible = independent(e.listed, barred)
		signers = append(signers, e.eligible...)
		store.add(e)
	}
	m.evidence = store.list[from:len(store.list):len(store.list)]
	if len(unmet) == 0 && distinct(signers) < n.Threshold {
		unmet = append(unmet, n.shortfall(&m, away, distinct(signers)))
	}
	return m, until, unmet
}

// admit reports whether the need is about such evidence at all, whatever its age.
func (n *need) admit(it *item, away *turnedAway) (piece, bool) {
	if !slices.Contains(n.PredicateTypes, it.predicateType) {
		return piece{}, false
	}
	if !it.about {
		away.subject++
		return piece{}, false
	}
	if !it.listed {
		away.authority++
		return piece{}, false
	}
	listed := it.signers
	other := func(id attest.Identity) bool {
		return !slices.ContainsFunc(n.Signers, func(name string) bool { return isPrincipal(&id, name) })
	}
	if !n.AnySigner && slices.ContainsFunc(listed, other) {
		listed = slices.DeleteFunc(slices.Clone(listed), other)
	}
	if len(listed) == 0 {
		away.signer++
		return piece{}, false
	}
	return piece{verified: it.verified, listed: listed, desk: it.desk}, true
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
		all = append(all, e.piece.listed...)
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

// isPrincipal reports whether id.Principal() is name, without writing it down.
func isPrincipal(id *attest.Identity, name string) bool {
	if id.Issuer == "" {
		return id.Subject == name
	}
	i, s := len(id.Issuer), len(id.Subject)
	return len(name) == i+1+s && name[:i] == id.Issuer && name[i] == '#' && name[i+1:] == id.Subject
}

// distinct counts the parties behind the identities: those that share a principal
// or a key, directly or through others, are one.
func distinct(ids []attest.Identity) int {
	if len(ids) < 2 {
		return len(ids)
	}
	party := make([]int, len(ids)) // a forest: each points towards the root of its party
	root := func(i int) int {
		for party[i] != i {
			party[i] = party[party[i]]
			i = party[i]
		}
		return i
	}
	names, keys := map[string]int{}, map[digest.Digest]int{}
	parties := 0
	for i, id := range ids {
		party[i] = i
		parties++
		join := func(j int, known bool) {
			if a, b := root(i), root(j); known && a != b {
				party[a] = b
				parties--
			}
		}
		j, known := names[id.Principal()]
		join(j, known)
		names[id.Principal()] = i
		if !id.Key.IsZero() {
			j, known := keys[id.Key]
			join(j, known)
			keys[id.Key] = i
		}
	}
	return parties
}
