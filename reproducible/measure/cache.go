package measure

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// The loader's cache as glibc 2.2 and later write it (dl-cache.h, struct
// cache_file_new): a header, entries that point into a table of strings.
const (
	cacheMagic     = "glibc-ld.so.cache1.1"
	oldCacheMagic  = "ld.so-1.7.0"
	cacheHeaderLen = 48
	cacheEntryLen  = 24
)

// errCache is what keeps a cache from being read.
var errCache = errors.New("not a cache of glibc 2.2 or later, in this machine's byte order")

// parseCache returns the paths that the cache gives for each library name, for
// whichever processor; no cache gives none. Only little-endian caches are known,
// those of amd64 and arm64.
func parseCache(b []byte) (map[string][]string, error) {
	if len(b) == 0 {
		return nil, nil
	}
	if bytes.HasPrefix(b, []byte(oldCacheMagic)) {
		// A cache for both old and new loaders has the new one within.
		i := bytes.Index(b, []byte(cacheMagic))
		if i < 0 {
			return nil, errCache
		}
		b = b[i:]
	}
	if len(b) < cacheHeaderLen || !bytes.HasPrefix(b, []byte(cacheMagic)) {
		return nil, errCache
	}
	count := uint64(binary.LittleEndian.Uint32(b[20:]))
	if cacheHeaderLen+count*cacheEntryLen > uint64(len(b)) {
		return nil, errCache
	}
	out := map[string][]string{}
	for i := range count {
		entry := b[cacheHeaderLen+i*cacheEntryLen:]
		name, ok := cacheText(b, binary.LittleEndian.Uint32(entry[4:]))
		path, okPath := cacheText(b, binary.LittleEndian.Uint32(entry[8:]))
		if !ok || !okPath {
			return nil, errCache
		}
		out[name] = append(out[name], path)
	}
	return out, nil
}

// cacheText returns the text that begins at an offset and ends with NUL.
func cacheText(b []byte, at uint32) (string, bool) {
	if uint64(at) >= uint64(len(b)) {
		return "", false
	}
	text, _, found := bytes.Cut(b[at:], []byte{0})
	return string(text), found && len(text) > 0 && len(text) < 4096
}
