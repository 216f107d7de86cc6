package graph

import "encoding/binary"

// A nodeEntry is a node of a segment, in as many bytes as a processor fetches at once: its
// fingerprint; a bit for each of its roles; its key, or where that is in the file of keys;
// and its postings, or where they are in the file of postings. Most nodes are SHA-256
// digests that few statements mention, so that nothing else needs to be read for them.
type nodeEntry []byte

const (
	entrySize = 64

	entryRoles   = 8  // 2 bytes
	entryKeySize = 10 // 1 byte: of a key that is here, or elsewhere
	entryPosts   = 11 // 1 byte: number of postings that are here, or elsewhere
	entryKey     = 12 // a key, or its offset and its length
	entryList    = 48 // postings, or the place of the first and their number

	maxInlineKey   = 33 // a kind and a SHA-256 digest
	maxInlinePosts = (entrySize - entryList) / 4
	elsewhere      = 0xff
)

func (e nodeEntry) fingerprint() uint64 { return binary.LittleEndian.Uint64(e) }

// inlineKey returns the key, if it is here.
func (e nodeEntry) inlineKey() (key []byte, ok bool) {
	n := e[entryKeySize]
	if n > maxInlineKey {
		return nil, false
	}
	return e[entryKey : entryKey+n : entryKey+n], true
}

// longKey returns where the key is.
func (e nodeEntry) longKey() (offset, size uint64) {
	return binary.LittleEndian.Uint64(e[entryKey:]), uint64(binary.LittleEndian.Uint32(e[entryKey+8:]))
}

// mentioned returns the postings, if they are here, or their number.
func (e nodeEntry) mentioned() mentioned {
	m := mentioned{roles: uint32(binary.LittleEndian.Uint16(e[entryRoles:])), count: uint32(e[entryPosts])}
	if m.count > maxInlinePosts {
		_, count := e.longPostings()
		m.count = max(uint32(count), maxInlinePosts+1)
		return m
	}
	for i := range m.few {
		m.few[i] = binary.LittleEndian.Uint32(e[entryList+4*i:])
	}
	return m
}

// longPostings returns where the postings are.
func (e nodeEntry) longPostings() (start, count uint64) {
	return binary.LittleEndian.Uint64(e[entryList:]), uint64(binary.LittleEndian.Uint32(e[entryList+8:]))
}

// reset makes an entry with neither roles nor postings; offset is where the key goes if it
// does not fit.
func (e nodeEntry) reset(fingerprint uint64, key []byte, offset uint64) (fits bool) {
	clear(e)
	binary.LittleEndian.PutUint64(e, fingerprint)
	if len(key) <= maxInlineKey {
		e[entryKeySize] = byte(len(key))
		copy(e[entryKey:], key)
		return true
	}
	e[entryKeySize] = elsewhere
	binary.LittleEndian.PutUint64(e[entryKey:], offset)
	binary.LittleEndian.PutUint32(e[entryKey+8:], uint32(len(key)))
	return false
}

func (e nodeEntry) setRoles(mask uint32) { binary.LittleEndian.PutUint16(e[entryRoles:], uint16(mask)) }

// setPostings puts the postings, few enough, here.
func (e nodeEntry) setPostings(list []uint32) {
	e[entryPosts] = byte(len(list))
	for i, v := range list {
		binary.LittleEndian.PutUint32(e[entryList+4*i:], v)
	}
}

// setLongPostings says where the postings are.
func (e nodeEntry) setLongPostings(start, count uint64) {
	e[entryPosts] = elsewhere
	binary.LittleEndian.PutUint64(e[entryList:], start)
	binary.LittleEndian.PutUint32(e[entryList+8:], uint32(count))
}
