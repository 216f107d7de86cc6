package treehash

import "io/fs"

// modeBits are the bits of a mode that a manifest tells.
const modeBits = fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky

// octal writes the mode as chmod(1) reads it, with four digits.
func octal(m fs.FileMode) string {
	n := uint32(m.Perm())
	for _, s := range special {
		if m&s.mode != 0 {
			n |= s.bit
		}
	}
	return string([]byte{'0' + byte(n>>9), '0' + byte(n>>6&7), '0' + byte(n>>3&7), '0' + byte(n&7)})
}

// fromOctal is the inverse of octal.
func fromOctal(n uint32) fs.FileMode {
	m := fs.FileMode(n & 0o777)
	for _, s := range special {
		if n&s.bit != 0 {
			m |= s.mode
		}
	}
	return m
}

// special pairs the bits above the permissions with those of package fs.
var special = [...]struct {
	mode fs.FileMode
	bit  uint32
}{{fs.ModeSetuid, 0o4000}, {fs.ModeSetgid, 0o2000}, {fs.ModeSticky, 0o1000}}
