package digest

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"hash"
	"strconv"
)

// A sink takes in the bytes of the content and yields one digest or a few that
// share work. It is used by one goroutine at a time.
type sink interface {
	write(p []byte)
	// finish stores the outcome for content of r.Size bytes.
	finish(r *Result) error
	// appendState and loadState carry an unfinished sink between processes.
	// size is the number of bytes that the saved sink had taken in.
	appendState(b []byte) ([]byte, error)
	loadState(b []byte, size int64) error
}

// sinks makes the sinks of a plan. size is that of the content, or -1.
func (p *plan) sinks(size int64) []sink {
	verity := p.verityWanted()
	var all []sink
	if p.has(SHA256) {
		shared := -1
		for i, v := range verity {
			if v.params.Hash == SHA256 {
				shared = i
				break
			}
		}
		switch {
		case shared >= 0:
			all = append(all, newChain(p.stride, &verity[shared]))
			verity = append(verity[:shared:shared], verity[shared+1:]...)
		case p.stride != 0:
			all = append(all, newChain(p.stride, nil))
		default:
			all = append(all, &hashSink{algorithm: SHA256, h: sha256.New()})
		}
	}
	for _, a := range p.algorithms {
		if h := p.newHash(a, size); h != nil {
			all = append(all, &hashSink{algorithm: a, h: h})
		}
	}
	for _, v := range verity {
		all = append(all, newVeritySink(v))
	}
	return all
}

// newHash returns the hash of an algorithm that a hashSink computes, except
// SHA256; nil for the others.
func (p *plan) newHash(a Algorithm, size int64) hash.Hash {
	switch a {
	case SHA256, FSVeritySHA256, FSVeritySHA512:
		return nil
	case SHA384:
		return sha512.New384()
	case SHA512:
		return sha512.New()
	case GitBlob:
		h := sha1.New()
		if p.git == GitSHA256 {
			h = sha256.New()
		}
		h.Write([]byte("blob " + strconv.FormatInt(max(size, 0), 10) + "\x00"))
		return h
	}
	return p.extra[a]()
}

// A verityWant is an fs-verity digest to compute and where it goes.
type verityWant struct {
	params FSVerity
	key    Algorithm // key in Result.Digests, or "" for Result.FSVerity[index]
	index  int
}

func (w verityWant) store(r *Result, m Measurement) {
	if w.key != "" {
		r.Digests[w.key] = hex.EncodeToString(m.Digest)
		return
	}
	r.FSVerity[w.index] = m
}

func (p *plan) verityWanted() []verityWant {
	var all []verityWant
	for _, a := range p.algorithms {
		switch a {
		case FSVeritySHA256:
			all = append(all, verityWant{params: FSVerity{Hash: SHA256, BlockSize: 4096}, key: a})
		case FSVeritySHA512:
			all = append(all, verityWant{params: FSVerity{Hash: SHA512, BlockSize: 4096}, key: a})
		}
	}
	for i, v := range p.verity {
		all = append(all, verityWant{params: v, index: i})
	}
	return all
}

// A hashSink is a hash.Hash.
type hashSink struct {
	algorithm Algorithm
	h         hash.Hash
}

func (s *hashSink) write(p []byte) { s.h.Write(p) } // never fails, says hash.Hash

func (s *hashSink) finish(r *Result) error {
	d := Digest{s.algorithm, hex.EncodeToString(s.h.Sum(nil))}
	r.Digests[s.algorithm] = d.Hex
	return d.Validate()
}

// A veritySink is an fs-verity digest by itself.
type veritySink struct {
	want    verityWant
	tree    *verityTree
	partial []byte // less than a block
	hashes  []byte // scratch
}

func newVeritySink(w verityWant) *veritySink {
	return &veritySink{want: w, tree: newVerityTree(w.params)}
}

func (s *veritySink) write(p []byte) {
	block := s.want.params.BlockSize
	if len(s.partial) > 0 {
		n := min(block-len(s.partial), len(p))
		s.partial = append(s.partial, p[:n]...)
		p = p[n:]
		if len(s.partial) < block {
			return
		}
		s.leaves(s.partial)
		s.partial = s.partial[:0]
	}
	whole := len(p) &^ (block - 1)
	s.leaves(p[:whole])
	s.partial = append(s.partial, p[whole:]...)
}

func (s *veritySink) leaves(p []byte) {
	if len(p) > 0 {
		s.hashes = s.tree.blocks.appendHashes(s.hashes[:0], p)
		s.tree.push(0, s.hashes)
	}
}

func (s *veritySink) finish(r *Result) error {
	if n := len(s.partial); n > 0 {
		s.leaves(append(s.partial, make([]byte, s.want.params.BlockSize-n)...))
	}
	s.want.store(r, s.tree.measure(r.Size))
	return nil
}
