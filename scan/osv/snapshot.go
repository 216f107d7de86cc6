package osv

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/scan"
)

// A Snapshot is an advisory database at one instant. It is immutable and safe
// for concurrent use. The zero Snapshot has no ecosystem.
type Snapshot struct {
	info      Info
	byPackage map[packageName][]*Advisory
}

// An Info describes a snapshot.
type Info struct {
	// Root names the snapshot: the SHA-256 digest of the line "sealwright osv
	// snapshot v1" and one line per record that was found, usable or not, in byte
	// order. The line of a record is the SHA-256 digest of its bytes in
	// hexadecimal, that of one whose bytes could not be read "unread" and its
	// quoted path. Equal databases in any layout have equal roots.
	Root digest.Digest `json:"root"`
	// Records counts the records that can be matched, per ecosystem. A record that
	// concerns several ecosystems is counted in each.
	Records map[string]int `json:"records"`
	// Withdrawn counts records that were withdrawn, which affect nothing.
	Withdrawn int `json:"withdrawn"`
	// Newest is the latest time at which a record was modified; zero if none tells.
	Newest time.Time `json:"newest,omitzero"`
	// Rejected are the records that cannot be used, in order of Ecosystem and Path.
	Rejected []Rejection `json:"rejected,omitempty"`
}

// A Rejection is a record that cannot be used.
type Rejection struct {
	// Ecosystem is the ecosystem that the record may concern; empty for any.
	Ecosystem string        `json:"ecosystem,omitempty"`
	Path      string        `json:"path"`
	Reason    attest.Reason `json:"reason"`
}

// Info returns a description of the snapshot. It must not be changed.
func (s *Snapshot) Info() Info { return s.info }

// Lookup returns all advisories about a package that are not withdrawn, in order
// of their ids; none if there are none. An ecosystem that the snapshot has
// nothing about is an error with CodeEcosystemAbsent. The advisories are shared
// and must not be changed.
func (s *Snapshot) Lookup(ecosystem, name string) ([]*Advisory, error) {
	if s == nil || s.info.Records[baseOf(ecosystem)] == 0 {
		return nil, attest.Refuse(CodeEcosystemAbsent, "database", "records of "+scan.Quote(ecosystem), "none")
	}
	return s.byPackage[packageName{ecosystem, name}], nil
}

// A builder makes a snapshot from records as they are found.
type builder struct {
	snapshot *Snapshot
	byID     map[string][]digest.Digest
	lines    []string
}

func newBuilder() *builder {
	return &builder{
		snapshot: &Snapshot{
			info:      Info{Records: map[string]int{}},
			byPackage: map[packageName][]*Advisory{},
		},
		byID: map[string][]digest.Digest{},
	}
}

func (b *builder) reject(ecosystem, path string, err error) {
	b.snapshot.info.Rejected = append(b.snapshot.info.Rejected, Rejection{ecosystem, path, scan.GapOf(CodeUnreadable, err).Reason})
}

// add takes a record that was found at path. only restricts it to one ecosystem;
// empty takes all that it names. It reports whether the record can be matched:
// a withdrawn one cannot.
func (b *builder) add(r *record, only, path string) bool {
	info := &b.snapshot.info
	known := b.byID[r.ID]
	if len(known) > 0 && !slices.Contains(known, r.digest) {
		b.reject(only, path, attest.Refuse(CodeDuplicate, "/id", "one record with this id", scan.Quote(r.ID)))
	}
	first := !slices.Contains(known, r.digest)
	if first {
		b.byID[r.ID] = append(known, r.digest)
		b.lines = append(b.lines, r.digest.Hex)
	}
	if r.modified.Year() > 1 && r.modified.After(info.Newest) {
		info.Newest = r.modified.UTC()
	}
	if r.Withdrawn != nil {
		if first {
			info.Withdrawn++
		}
		return false
	}
	if !b.index(r, only) {
		b.reject(only, path, attest.Refuse(CodeSchema, "/affected", "a package of "+scan.Quote(only), "none"))
		return false
	}
	return true
}

// index makes the record findable by its packages, and reports whether any
// concerns the ecosystem.
func (b *builder) index(r *record, only string) bool {
	entries := map[packageName][]affected{}
	for _, a := range r.Affected {
		if only == "" || baseOf(a.Package.Ecosystem) == only {
			entries[a.Package] = append(entries[a.Package], a)
		}
	}
	counted := map[string]bool{}
	for name, of := range entries {
		same := func(a *Advisory) bool { return a.Record == r.digest }
		if slices.ContainsFunc(b.snapshot.byPackage[name], same) {
			continue // the record lies in two places
		}
		b.snapshot.byPackage[name] = append(b.snapshot.byPackage[name], newAdvisory(r, of))
		if eco := baseOf(name.Ecosystem); !counted[eco] {
			counted[eco] = true
			b.snapshot.info.Records[eco]++
		}
	}
	return len(entries) > 0
}

// baseOf leaves out the release of an ecosystem such as "Debian:12".
func baseOf(ecosystem string) string {
	base, _, _ := strings.Cut(ecosystem, ":")
	return base
}

// finish names the snapshot.
func (b *builder) finish() *Snapshot {
	slices.Sort(b.lines)
	sha := sha256.New()
	_, _ = io.WriteString(sha, "sealwright osv snapshot v1\n")
	for _, l := range b.lines {
		_, _ = io.WriteString(sha, l+"\n")
	}
	s := b.snapshot
	s.info.Root = digest.Digest{Algorithm: digest.SHA256, Hex: hex.EncodeToString(sha.Sum(nil))}
	for _, advisories := range s.byPackage {
		slices.SortFunc(advisories, func(a, b *Advisory) int {
			return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Record.Hex, b.Record.Hex))
		})
		for _, a := range advisories {
			a.Snapshot = s.info.Root
		}
	}
	slices.SortStableFunc(s.info.Rejected, func(a, b Rejection) int {
		return cmp.Or(cmp.Compare(a.Ecosystem, b.Ecosystem), cmp.Compare(a.Path, b.Path))
	})
	return s
}

func sum(data []byte) digest.Digest {
	h := sha256.Sum256(data)
	return digest.Digest{Algorithm: digest.SHA256, Hex: hex.EncodeToString(h[:])}
}
