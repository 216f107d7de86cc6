package tlog

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// MaxPolicy bounds the logs, the witnesses and the groups of a policy, each.
const MaxPolicy = 32

// QuorumNone is the Trust.Quorum that demands no witness.
const QuorumNone = "none"

// A Witness is a cosigner and its name in a policy.
type Witness struct {
	Name string
	Key  Key    // of algorithm CosignatureV1 or MLDSA44
	URL  string // for who talks to it; nothing here does
}

// A Log is a believed log: the key's name is its origin.
type Log struct {
	Key Key // of algorithm Ed25519 or MLDSA44
	URL string
}

// A Group has witnessed a checkpoint when at least Threshold of its members have:
// witnesses, or groups that stand before it.
type Group struct {
	Name      string
	Threshold int // 1 to the number of members
	Members   []string
}

// A Trust says which checkpoints are believed (C2SP tlog-policy). It is the input
// of NewPolicy.
type Trust struct {
	Logs      []Log // at least one
	Witnesses []Witness
	Groups    []Group
	// Quorum names the witness or group that must have witnessed a checkpoint, or
	// is QuorumNone. Its zero value is refused.
	Quorum string
	// MLDSA44 verifies signatures of that algorithm; it may be nil if no key needs
	// it.
	MLDSA44 VerifyMLDSA44
}

// A Policy is a Trust that was checked. It is immutable and safe for concurrent
// use; nil and the zero Policy refuse everything.
type Policy struct {
	trust Trust
	keys  []Key
}

// Trust returns a copy of what the policy was made of.
func (p *Policy) Trust() Trust {
	if p == nil {
		return Trust{}
	}
	t := p.trust
	t.Logs, t.Witnesses, t.Groups = slices.Clone(t.Logs), slices.Clone(t.Witnesses), slices.Clone(t.Groups)
	for i := range t.Groups {
		t.Groups[i].Members = slices.Clone(t.Groups[i].Members)
	}
	return t
}

// NewPolicy checks a trust. It refuses, with every fault at once, no log, a key in
// a role that its algorithm does not allow, one public key twice among the logs or
// among the witnesses whatever their names, a name twice, a group of an unknown
// member or of one that is in a group already, a threshold out of range, and a
// quorum that is missing or unknown.
func NewPolicy(t Trust) (*Policy, error) { return newPolicy(t, 1) }

// newPolicy checks a trust that must have a number of logs.
func newPolicy(t Trust, logs int) (*Policy, error) {
	c := &policyCheck{defined: map[string]bool{}, member: map[string]bool{}}
	c.limit("logs", len(t.Logs))
	c.limit("witnesses", len(t.Witnesses))
	c.limit("groups", len(t.Groups))
	if len(c.faults) > 0 {
		return nil, errors.Join(c.faults...)
	}
	if len(t.Logs) < logs {
		c.refuse(CodePolicy, "logs", "at least one", "none")
	}
	var keys []Key
	for i, l := range t.Logs {
		c.key("log "+strconv.Itoa(i+1), l.Key, keys, t.MLDSA44, Ed25519, MLDSA44)
		keys = append(keys, l.Key)
	}
	witnesses := keys[len(keys):]
	for _, w := range t.Witnesses {
		c.name(w.Name)
		c.key("witness "+excerpt.Quote(w.Name), w.Key, witnesses, t.MLDSA44, CosignatureV1, MLDSA44)
		witnesses = append(witnesses, w.Key)
		c.defined[w.Name] = true
	}
	for _, g := range t.Groups {
		c.group(g)
	}
	if t.Quorum != QuorumNone && !c.defined[t.Quorum] {
		c.refuse(CodePolicyQuorum, "quorum", "none, or a witness or group", excerpt.Quote(t.Quorum))
	}
	p := &Policy{trust: t}
	for _, k := range slices.Concat(keys, witnesses) { // an ML-DSA-44 key may be a log's and a witness's
		if !slices.ContainsFunc(p.keys, func(b Key) bool { return b.String() == k.String() }) {
			p.keys = append(p.keys, k)
		}
	}
	if len(c.faults) == 0 {
		c.faults = append(c.faults, checkKeys(p.keys, t.MLDSA44))
	}
	p.trust = p.Trust()
	if err := errors.Join(c.faults...); err != nil {
		return nil, err
	}
	return p, nil
}

// policyCheck collects the faults of a trust.
type policyCheck struct {
	faults  []error
	defined map[string]bool // names of witnesses and groups
	member  map[string]bool // those that are in a group
}

func (c *policyCheck) refuse(code attest.Code, where, want, got string) {
	c.faults = append(c.faults, attest.Refuse(code, where, want, got))
}

func (c *policyCheck) limit(what string, n int) {
	if n > MaxPolicy {
		c.refuse(CodePolicyLimit, what, "at most 32", strconv.Itoa(n))
	}
}

func (c *policyCheck) key(where string, k Key, before []Key, mldsa44 VerifyMLDSA44, allowed ...Algorithm) {
	if err := checkKeys([]Key{k}, mldsa44); err != nil {
		c.faults = append(c.faults, err)
		return
	}
	if !slices.Contains(allowed, k.Algorithm) {
		c.refuse(CodeKey, where, "a key of another algorithm", strconv.Itoa(int(k.Algorithm)))
	}
	if slices.ContainsFunc(before, func(b Key) bool { return string(b.Public) == string(k.Public) }) {
		c.refuse(CodePolicyDuplicate, where, "each public key once", excerpt.Quote(k.String()))
	}
}

func (c *policyCheck) name(name string) {
	if name == "" || name == QuorumNone || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		c.refuse(CodePolicy, "name", "a name without space, other than none", excerpt.Quote(name))
	}
	if c.defined[name] {
		c.refuse(CodePolicyDuplicate, "name", "each name once", excerpt.Quote(name))
	}
}

func (c *policyCheck) group(g Group) {
	where := "group " + excerpt.Quote(g.Name)
	c.name(g.Name)
	if g.Threshold < 1 || g.Threshold > len(g.Members) {
		c.refuse(CodePolicy, where, "a threshold of 1 to "+strconv.Itoa(len(g.Members)), strconv.Itoa(g.Threshold))
	}
	for _, m := range g.Members {
		if !c.defined[m] {
			c.refuse(CodePolicy, where, "members that are defined before it", excerpt.Quote(m))
		}
		if c.member[m] {
			c.refuse(CodePolicyDuplicate, where, "each member in one group, once", excerpt.Quote(m))
		}
		c.member[m] = true
	}
	c.defined[g.Name] = true
}

// met reports whether the cosigners meet the quorum.
func (t Trust) met(cosigned []Signature) bool {
	if t.Quorum == QuorumNone {
		return true
	}
	seen := map[string]bool{}
	for _, w := range t.Witnesses {
		seen[w.Name] = slices.ContainsFunc(cosigned, func(s Signature) bool { return s.Key.String() == w.Key.String() })
	}
	for _, g := range t.Groups {
		n := 0
		for _, m := range g.Members {
			if seen[m] {
				n++
			}
		}
		seen[g.Name] = n >= g.Threshold
	}
	return seen[t.Quorum]
}
