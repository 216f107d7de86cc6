package measure

import (
	"github.com/sealwright/sealwright/attest/digest"
)

// A ToolPin is a program as it was found, with everything that Linux and its loader
// load before main. It is plain data, to keep or to record in provenance. Verify and
// Command hold the machine against it.
type ToolPin struct {
	Name   string     `json:"name"`             // as it was asked for
	Search []string   `json:"search,omitempty"` // directories that were searched for it
	Root   string     `json:"root"`             // the file tree that all paths are of
	Tool   PinnedFile `json:"tool"`
	// Interpreter is the loader of a dynamic program (PT_INTERP); nil for a static
	// one. The program names it by InterpreterName, which may lead through links.
	Interpreter     *PinnedFile `json:"interpreter,omitempty"`
	InterpreterName string      `json:"interpreterName,omitempty"`
	// Libraries are every file that the loader may choose for a library that the
	// program, or a library of it, needs (DT_NEEDED): also the variants for other
	// processors. In ascending order of path.
	Libraries []PinnedFile `json:"libraries,omitempty"`
	// Preload is the list of libraries that are loaded into every dynamic program
	// (/etc/ld.so.preload), nil if there is none; what it names is among Libraries.
	Preload *PinnedFile `json:"preload,omitempty"`
	// Cache is the loader's cache (/etc/ld.so.cache), nil if there is none.
	Cache *PinnedFile `json:"cache,omitempty"`
}

// A PinnedFile is a file by path and content.
type PinnedFile struct {
	Path   string        `json:"path"` // absolute in Root, no link in it
	Digest digest.Digest `json:"digest"`
	Size   int64         `json:"size"`
}

// PinOptions say where a tool is looked for. No environment variable is read:
// Search is what PATH would be, and LD_LIBRARY_PATH has no place in a build.
type PinOptions struct {
	// Root is the file tree; default "/". Links in it lead to places in it.
	Root string
	// Search are the directories for a name without a slash, in order.
	Search []string
	// Limits bound one file each (Bytes) and the files of the closure (Entries);
	// default 1 GiB and 10,000.
	Limits Limits
}

// Files returns every file of the pin, the tool first.
func (p *ToolPin) Files() []PinnedFile {
	files := []PinnedFile{p.Tool}
	for _, f := range []*PinnedFile{p.Interpreter, p.Preload, p.Cache} {
		if f != nil {
			files = append(files, *f)
		}
	}
	return append(files, p.Libraries...)
}
