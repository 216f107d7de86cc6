package graph

import "math/bits"

// A filter tells, nearly always, that a segment does not hold an envelope, so that an
// addition need not look for it among the nodes. It is a Bloom filter in blocks, each as
// large as what a processor fetches at once: a fingerprint has four bits in one of them.
const (
	filterBlock = 64
	filterBits  = 12 // for each envelope; one look-up in a hundred is then in vain
	filterTries = 4
)

// newFilter returns an empty filter for so many envelopes.
func newFilter(envelopes uint64) []byte {
	return make([]byte, (envelopes*filterBits/8/filterBlock+1)*filterBlock)
}

// filterPlace returns where the block of a fingerprint is in a filter of that size, and a
// number whose lower bits say which bits it has in it: what the choice of the block leaves
// of the fingerprint.
func filterPlace(fingerprint, size uint64) (block, which uint64) {
	block, which = bits.Mul64(fingerprint, size/filterBlock)
	return block * filterBlock, which >> (64 - 9*filterTries)
}

// addToFilter adds a fingerprint.
func addToFilter(filter []byte, fingerprint uint64) {
	block, which := filterPlace(fingerprint, uint64(len(filter)))
	for range filterTries {
		filter[block+which>>3&(filterBlock-1)] |= 1 << (which & 7)
		which >>= 9
	}
}

// inFilter reports whether a block of a filter may hold a fingerprint.
func inFilter(block []byte, which uint64) bool {
	for range filterTries {
		if block[which>>3&(filterBlock-1)]>>(which&7)&1 == 0 {
			return false
		}
		which >>= 9
	}
	return true
}

// mayHold reports whether the segment may hold an envelope.
func (s *segment) mayHold(fingerprint uint64) (bool, error) {
	file := s.files[fileFilter]
	block, which := filterPlace(fingerprint, file.size)
	b, err := file.read(block, filterBlock)
	return err == nil && inFilter(b, which), err
}

// mayHold is answered by find, which is as fast.
func (d *delta) mayHold(uint64) (bool, error) { return true, nil }
