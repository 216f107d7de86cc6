package graph

// maxStatements bounds the statements of a part: a posting has 28 bits for one.
const maxStatements = 1 << 28

// A part is a set of statements and the nodes that they mention, each numbered from
// zero. A store is a sequence of parts; a node may be in several, a statement is in
// one. Segments and the delta are parts.
type part interface {
	statements() uint32
	nodes() uint32
	// record returns the wire form of a statement's record.
	record(statement uint32) ([]byte, error)
	// key returns a node's key, which is only valid until the part is closed.
	key(node uint32) (fingerprint uint64, key []byte, err error)
	// find returns the node with the key.
	find(fingerprint uint64, key []byte) (node uint32, found bool, err error)
	// text returns the text of a node that is no digest, from s unless keep is set.
	text(node uint32, keep bool, s *slab) (string, error)
	// postings returns where a node has a role.
	postings(node uint32, ro role) (postings, error)
	// roles returns a bit for each role that the node may have.
	roles(node uint32) (uint32, error)
	// order returns the node that is at a place in the order of fingerprints and keys.
	order(place uint32) uint32
	close() error
}

// postings are statements in ascending order: those at lo to hi of a file, or of a
// delta's list, hi of them from the chunk lo on.
type postings struct {
	file   *blocks
	posts  []uint32
	lo, hi uint64
}

func (p postings) count() uint64 {
	if p.file == nil {
		return p.hi
	}
	return p.hi - p.lo
}

func (p postings) at(i uint64) (uint32, error) {
	if p.file == nil {
		return chunked(p.posts, uint32(p.lo), uint32(i)), nil
	}
	v, err := posting(p.file, p.lo+i)
	return v & (maxStatements - 1), err
}
