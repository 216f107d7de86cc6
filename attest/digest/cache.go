package digest

import "context"

// A Cache remembers the digests of versions of files, so that SumFiles need not
// read them again. Who can write to a cache decides what digests come out of it:
// it must be as trusted as the program that reads it, or authenticate its
// entries as DirCache does.
//
// Implementations must be safe for concurrent use. digesttest.TestCache checks
// one.
type Cache interface {
	// Get returns what Put stored last under k, or false. An entry that cannot be
	// read or believed is an error, not a miss.
	Get(ctx context.Context, k FileKey) (Set, bool, error)
	// Put stores a copy of s under k.
	Put(ctx context.Context, k FileKey, s Set) error
}

// identifies reports whether k has the parts without which it must not stand for
// the content.
func (k FileKey) identifies() bool { return k.Inode != 0 && k.Changed != 0 }

// answeredBy reports whether s holds everything that p wants.
func (p *plan) answeredBy(s Set) bool {
	if s.Validate() != nil {
		return false
	}
	for _, a := range p.algorithms {
		if s[a] == "" || a == GitBlob && (len(s[a]) == 64) != (p.git == GitSHA256) {
			return false
		}
	}
	return true
}

// choose returns the part of s that p wants.
func (p *plan) choose(s Set) Set {
	chosen := make(Set, len(p.algorithms))
	for _, a := range p.algorithms {
		chosen[a] = s[a]
	}
	return chosen
}
