//go:build linux && (amd64 || arm64)

package trace

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"strconv"

	"golang.org/x/sys/unix"
)

// describeAddress tells a struct sockaddr as text. path is the name of a Unix
// socket in the file tree, or "".
func describeAddress(raw []byte) (text, path string) {
	if len(raw) < 2 {
		return "short", ""
	}
	family := binary.LittleEndian.Uint16(raw)
	switch {
	case family == unix.AF_UNIX:
		return describeUnix(raw[2:])
	case family == unix.AF_INET && len(raw) >= 8:
		return "inet " + withPort(netip.AddrFrom4([4]byte(raw[4:8])), raw), ""
	case family == unix.AF_INET6 && len(raw) >= 24:
		return "inet6 " + withPort(netip.AddrFrom16([16]byte(raw[8:24])), raw), ""
	}
	return "family " + strconv.Itoa(int(family)), ""
}

func withPort(a netip.Addr, raw []byte) string {
	return netip.AddrPortFrom(a, binary.BigEndian.Uint16(raw[2:])).String()
}

func describeUnix(name []byte) (text, path string) {
	if len(name) == 0 {
		return "unix unnamed", ""
	}
	if name[0] == 0 {
		return "unix @" + string(name[1:]), ""
	}
	if end := bytes.IndexByte(name, 0); end >= 0 {
		name = name[:end]
	}
	return "unix " + string(name), string(name)
}
