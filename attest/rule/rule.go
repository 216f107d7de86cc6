package rule

import (
	"errors"
	"regexp"
	"slices"
	"strconv"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
)

// Bounds of a rule.
const (
	MaxMembers = 256 // matches
	MaxDepth   = 16
)

// A Rule is immutable and safe for concurrent use. Err tells whether it was well
// made; one that was not, and the zero Rule, refuse everybody.
type Rule struct{ node *node }

// A node is a match, if match is set, or at least k of its members.
type node struct {
	label    string
	match    func(attest.Identity) bool
	k        int
	distinct bool
	members  []*node
	size     int // matches in it
	depth    int
	err      error
}

// Is matches the identity of exactly this issuer and subject; the issuer is empty
// for keys that a verifier's configuration names.
func Is(issuer, subject string) Rule {
	label := "identity " + strconv.Quote(subject) + " of issuer " + strconv.Quote(issuer)
	if subject == "" {
		return fault(label, CodeMatch, "a subject", "none")
	}
	return leaf(label, func(i attest.Identity) bool { return i.Issuer == issuer && i.Subject == subject })
}

// Name matches the authority of exactly this name: a log's origin, a witness's or
// timestamp authority's name, a principal without issuer.
func Name(name string) Rule { return Is("", name) }

// Key matches whoever signed with the key of this fingerprint
// (attest.Identity.Key).
func Key(fingerprint digest.Digest) Rule {
	label := "key " + fingerprint.String()
	if err := fingerprint.Validate(); err != nil {
		return fault(label, CodeMatch, "a digest", "another")
	}
	return leaf(label, func(i attest.Identity) bool { return i.Key == fingerprint })
}

// Matching matches identities of exactly this issuer whose whole subject matches a
// regular expression (RE2); it is anchored at both ends whatever it says. An issuer
// cannot be a pattern, and an expression that matches the empty text is refused:
// it is most likely not meant.
func Matching(issuer, subject string) Rule {
	label := "identity like " + strconv.Quote(subject) + " of issuer " + strconv.Quote(issuer)
	if _, err := regexp.Compile(subject); err != nil {
		return fault(label, CodeMatch, "a regular expression", "another")
	}
	whole, err := regexp.Compile(`\A(?:` + subject + `)\z`)
	if err != nil || subject == "" || whole.MatchString("") {
		return fault(label, CodeMatch, "a regular expression that does not match the empty text", "another")
	}
	return leaf(label, func(i attest.Identity) bool { return i.Issuer == issuer && whole.MatchString(i.Subject) })
}

// AllOf is met when all its members are.
func AllOf(members ...Rule) Rule { return combine("all", len(members), false, members) }

// AnyOf is met when one of its members is.
func AnyOf(members ...Rule) Rule { return combine("any", 1, false, members) }

// Hybrid is met when both keys of somebody signed, a classical and a post-quantum
// one, by their fingerprints: it holds as long as one of the two algorithms does.
// An attestation names a principal once, with one key; so Hybrid is for a Quorum
// over two attestations. For both signatures in one, see dsse.Trust.EveryKey and
// batch.Trust.EveryKey.
func Hybrid(classical, postQuantum digest.Digest) Rule {
	if classical == postQuantum {
		return fault("hybrid", CodeDuplicate, "two keys", classical.String()+" twice")
	}
	return combine("hybrid", 2, false, []Rule{Key(classical), Key(postQuantum)})
}

// Threshold is met when k members are, by k distinct principals. An authority may
// stand in one member only, once.
func Threshold(k int, members ...Rule) Rule {
	return combine("threshold "+strconv.Itoa(k), k, true, members)
}

func leaf(label string, match func(attest.Identity) bool) Rule {
	return Rule{&node{label: label, match: match, size: 1, depth: 1}}
}

func fault(where string, code attest.Code, want, got string) Rule {
	return Rule{&node{label: where, err: attest.Refuse(code, where, want, got)}}
}

func combine(label string, k int, distinct bool, members []Rule) Rule {
	n := &node{label: label, k: k, distinct: distinct, depth: 1}
	var faults []error
	seen := map[string]bool{}
	for i, m := range members {
		if m.node == nil {
			faults = append(faults, attest.Refuse(CodeZero, label+" member "+strconv.Itoa(i+1), "a rule", "the zero Rule"))
			continue
		}
		faults = append(faults, m.node.err)
		n.members = append(n.members, m.node)
		n.size += m.node.size
		n.depth = max(n.depth, m.node.depth+1)
		if n.size > MaxMembers || n.depth > MaxDepth {
			return fault(label, CodeSize, strconv.Itoa(MaxMembers)+" matches, nested "+strconv.Itoa(MaxDepth)+" deep", "more")
		}
		for _, l := range m.node.labels() {
			if distinct && seen[l] {
				faults = append(faults, attest.Refuse(CodeDuplicate, label, "each authority once", l))
			}
			seen[l] = true
		}
	}
	if len(members) == 0 {
		faults = append(faults, attest.Refuse(CodeEmpty, label, "at least one member", "none"))
	} else if k < 1 || k > len(members) {
		faults = append(faults, attest.Refuse(CodeThreshold, label, "1 to "+strconv.Itoa(len(members)), strconv.Itoa(k)))
	}
	n.err = errors.Join(faults...)
	return Rule{n}
}

// labels returns the matches in n.
func (n *node) labels() []string {
	if n.match != nil {
		return []string{n.label}
	}
	var all []string
	for _, m := range n.members {
		for _, l := range m.labels() {
			if !slices.Contains(all, l) {
				all = append(all, l)
			}
		}
	}
	return all
}

// Err returns every fault of a rule that was not well made.
func (r Rule) Err() error {
	if r.node == nil {
		return attest.Refuse(CodeZero, "rule", "a rule", "the zero Rule")
	}
	return r.node.err
}
