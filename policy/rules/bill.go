package rules

import (
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/provenance/predicate"
)

// billTypes are the predicate types of the bills of materials that rules read.
func billTypes() []string {
	return []string{predicate.CycloneDXType, predicate.SPDXType, predicate.SPDX23Type, predicate.SPDX3Type}
}

// A component is one component of a bill as it streams by. Its texts are good until
// the next one.
type component struct {
	where               string // the array that it stands in
	index               int
	id                  []byte // SPDXID
	name, version, purl []byte
	hashes              []hash
	licences            []licence
	hash                hash // the one that is being read
	ref                 [2][]byte
}

// A hash is as the bill writes it.
type hash struct{ algorithm, content []byte }

// A licence is an SPDX licence id or expression, or, if it is named, any text.
type licence struct {
	text  []byte
	named bool
}

// pointer tells where the component stands.
func (c *component) pointer() string { return c.where + "/" + strconv.Itoa(c.index) }

// label names the component for people.
func (c *component) label() string {
	if len(c.purl) > 0 {
		return excerpt.Quote(string(c.purl))
	}
	return excerpt.Quote(strings.TrimSuffix(string(c.name)+"@"+string(c.version), "@"))
}

func (c *component) reset(where string, index int) {
	c.where, c.index = where, index
	c.id, c.name, c.version, c.purl = c.id[:0], c.name[:0], c.version[:0], c.purl[:0]
	c.hashes, c.licences = c.hashes[:0], c.licences[:0]
}

// addHash appends the hash that was read, reusing memory.
func (c *component) addHash() {
	if n := len(c.hashes); n < cap(c.hashes) {
		c.hashes = c.hashes[:n+1]
	} else {
		c.hashes = append(c.hashes, hash{})
	}
	h := &c.hashes[len(c.hashes)-1]
	h.algorithm = append(h.algorithm[:0], c.hash.algorithm...)
	h.content = append(h.content[:0], c.hash.content...)
}

func (c *component) addLicence(text []byte, named bool) {
	if n := len(c.licences); n < cap(c.licences) {
		c.licences = c.licences[:n+1]
	} else {
		c.licences = append(c.licences, licence{})
	}
	l := &c.licences[len(c.licences)-1]
	l.text, l.named = append(l.text[:0], text...), named
}

// strong returns the algorithm of a hash that resists collisions, and the length of its
// value in hexadecimal; 0 for other hashes.
func (h *hash) strong() (a digest.Algorithm, length int) {
	switch string(h.algorithm) {
	case "SHA-256", "SHA256":
		return digest.SHA256, 64
	case "SHA-384", "SHA384":
		return digest.SHA384, 96
	case "SHA-512", "SHA512":
		return digest.SHA512, 128
	}
	return a, 0
}

// pinned reports whether digests gives any, without making a set.
func (c *component) pinned() bool {
	pinned := false
	for i := range c.hashes {
		a, length := c.hashes[i].strong()
		if length == 0 {
			continue
		}
		if len(c.hashes[i].content) != length || !hexadecimal(c.hashes[i].content) {
			return false
		}
		for j := range i {
			if b, _ := c.hashes[j].strong(); a == b {
				return false
			}
		}
		pinned = true
	}
	return pinned
}

func hexadecimal(b []byte) bool {
	for _, c := range b {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// digests returns the collision-resistant hashes as a digest set. Two hashes by one
// algorithm, or a malformed one, give none.
func (c *component) digests() digest.Set {
	if !c.pinned() {
		return nil
	}
	set := digest.Set{}
	for i := range c.hashes {
		if a, length := c.hashes[i].strong(); length > 0 {
			set[a] = string(c.hashes[i].content)
		}
	}
	return set
}

// is reports whether the component has the digest of the subject.
func (c *component) is(subject digest.Set) bool {
	for i := range c.hashes {
		if a, _ := c.hashes[i].strong(); string(c.hashes[i].content) == subject[a] {
			return subject.Match(c.digests()) == nil
		}
	}
	return false
}

// A bill is what is left of a bill of materials when it has streamed by.
type bill struct {
	components int
	// about are the digests that the bill itself gives to what it describes; nil if
	// it gives none.
	about digest.Set
	// bound tells that one thing that the bill describes has the subject's digest.
	bound bool
	// complete tells that the bill claims to name everything.
	complete bool
}

// readBill streams the bill of materials in s and shows visit each component but the
// subject itself. If it is not licensed, licences may be missing that the bill tells
// elsewhere.
func readBill(s *attest.Statement, subject digest.Set, licensed bool, visit func(*component)) (*bill, error) {
	t := newTokens(s.PredicateReader())
	var b *bill
	var licences *licensing
	var err error
	switch s.PredicateType() {
	case predicate.CycloneDXType:
		b, err = readCycloneDX(t, subject, visit)
	case predicate.SPDX3Type:
		if licensed {
			licences, err = readLicensing(t)
			t = newTokens(s.PredicateReader())
		}
		if err == nil {
			b, err = readSPDX3(t, subject, licences, visit)
		}
	default:
		b, err = readSPDX(t, s.PredicateType(), subject, visit)
	}
	if err != nil {
		return nil, attest.Refuse(CodeBill, "/predicate", "a bill of materials in "+formatOf(s.PredicateType()), "").Because(err)
	}
	return b, nil
}

func formatOf(predicateType string) string {
	switch predicateType {
	case predicate.CycloneDXType:
		return "CycloneDX JSON"
	case predicate.SPDX3Type:
		return "SPDX 3.0 JSON-LD"
	}
	return "SPDX 2 JSON"
}

// judgeBill applies a rule about components to each bill. check reports what is wrong
// with one, and sees licences if licensed. A component is the unit of cost.
func judgeBill(facts *policy.Facts, licensed bool, check func(*component, *faults)) policy.Result {
	subject := facts.Subject().Digest
	return judge(facts, func(_ policy.Evidence, s *attest.Statement) ([]policy.Reason, error) {
		var f faults
		b, err := readBill(s, subject, licensed, func(c *component) { facts.Spend(1); check(c, &f) })
		if err != nil {
			return nil, err
		}
		f.bound(b, subject)
		return f.list(), nil
	})
}

// faults collects reasons, and counts those that are too many to tell.
type faults struct {
	reasons []policy.Reason
	omitted int
}

// maxFaults is how many reasons one attestation gives.
const maxFaults = 16

func (f *faults) add(code attest.Code, where, want, got, remedy string) {
	if len(f.reasons) == maxFaults {
		f.omitted++
		return
	}
	f.reasons = append(f.reasons, fault(code, where, want, got, remedy))
}

// list returns the reasons; the last one tells of those that are left out.
func (f *faults) list() []policy.Reason {
	if f.omitted > 0 {
		last := &f.reasons[len(f.reasons)-1]
		last.Got += " and " + strconv.Itoa(f.omitted) + " more such faults"
	}
	return f.reasons
}

// bound demands that the bill describes the subject.
func (f *faults) bound(b *bill, subject digest.Set) {
	if b.bound {
		return
	}
	f.add(CodeUnbound, "/predicate", "a bill that describes "+subject.String(), "a bill of "+strconv.Quote(b.about.String()), "make the bill of this very artifact, and have it name the artifact's digest")
}
