package graph

// streamSize is how much a stream reads at once, in whole blocks.
const streamSize = 64 * blockSize

// A stream reads a block file from its beginning to its end, checked. It reads the file
// and not its mapping, so that what is read once does not stay in memory.
type stream struct {
	file   *blocks
	offset uint64 // in the file, of what comes after buf
	buf    []byte
	rest   []byte // of buf
}

// take returns the next n bytes, which are good until the next call.
func (s *stream) take(n uint64) ([]byte, error) {
	if uint64(len(s.rest)) < n {
		if err := s.fill(n); err != nil {
			return nil, err
		}
	}
	b := s.rest[:n]
	s.rest = s.rest[n:]
	return b, nil
}

// skip passes over the next n bytes without reading them, but for the blocks at both ends.
func (s *stream) skip(n uint64) error {
	if kept := uint64(len(s.rest)); n > kept {
		at := s.offset + n - kept
		if at > s.file.size {
			return damaged("as many bytes as the offsets say", "fewer in "+s.file.name)
		}
		s.offset, s.rest = at/blockSize*blockSize, nil
		n = at - s.offset
	}
	_, err := s.take(n)
	return err
}

// fill reads on until there are n bytes.
func (s *stream) fill(n uint64) error {
	if left := s.file.size - s.offset; n > uint64(len(s.rest))+left {
		return damaged("as many bytes as the offsets say", "fewer in "+s.file.name)
	}
	kept := len(s.rest)
	more := (n - uint64(kept) + streamSize - 1) / streamSize * streamSize
	more = min(more, s.file.size-s.offset)
	if need := uint64(kept) + more; need > uint64(cap(s.buf)) {
		s.buf = append(make([]byte, 0, need), s.rest...)
	} else {
		s.buf = s.buf[:kept]
		copy(s.buf, s.rest)
	}
	s.buf = s.buf[:uint64(kept)+more]
	if err := s.file.load(s.buf[kept:], s.offset); err != nil {
		return err
	}
	s.offset += more
	s.rest = s.buf
	return nil
}
