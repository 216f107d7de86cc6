package gobinary

import (
	"bytes"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"debug/plan9obj"
	"encoding/binary"
	"io"
)

// A format is the kind of executable that a file's first bytes announce.
type format uint8

const (
	notExecutable format = iota
	elfFile
	peFile
	machO
	universal // Mach-O with several architectures
	xcoff
	plan9
)

// formatOf looks at a file's first bytes as debug/buildinfo does.
func formatOf(prefix []byte) format {
	if len(prefix) < 8 {
		return notExecutable
	}
	word := binary.BigEndian.Uint32(prefix)
	switch {
	case bytes.HasPrefix(prefix, []byte("\x7fELF")):
		return elfFile
	case bytes.HasPrefix(prefix, []byte("MZ")):
		return peFile
	case word&^1 == 0xfeedface, binary.LittleEndian.Uint32(prefix)&^1 == 0xfeedface:
		return machO
	case word&^1 == 0xcafebabe && binary.BigEndian.Uint32(prefix[4:]) < firstJavaVersion:
		return universal
	case bytes.HasPrefix(prefix, []byte{0x01, 0xdf}), bytes.HasPrefix(prefix, []byte{0x01, 0xf7}):
		return xcoff
	case isPlan9(word):
		return plan9
	}
	return notExecutable
}

// firstJavaVersion is the least class file version of Java, which stands where a
// universal Mach-O file, of the same magic number, has the number of its parts.
const firstJavaVersion = 45

func isPlan9(magic uint32) bool {
	switch magic {
	case 0x1eb, 0x8a97, 0x647:
		return true
	}
	return false
}

// parses reports whether the file's structure can be read. XCOFF, for which the
// standard library exports no reader, is taken not to: nothing can be told of it.
func parses(content *io.SectionReader) bool {
	prefix := make([]byte, 16)
	n, _ := content.ReadAt(prefix, 0)
	var err error
	switch formatOf(prefix[:n]) {
	case elfFile:
		_, err = elf.NewFile(content)
	case peFile:
		_, err = pe.NewFile(content)
	case machO:
		_, err = macho.NewFile(content)
	case plan9:
		_, err = plan9obj.NewFile(content)
	default:
		return false
	}
	return err == nil
}
