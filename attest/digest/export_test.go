package digest

// SealRaw authenticates any document as a state, for the fuzzer to get past the
// MAC.
func SealRaw(key []byte, context string, b []byte) []byte {
	return append(append([]byte(nil), b...), stateMAC(key, context, b)...)
}

// SetTaken makes h believe that it has taken in n bytes.
func SetTaken(h *Hasher, n int64) { h.size = n }
