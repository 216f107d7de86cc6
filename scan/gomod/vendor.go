package gomod

import (
	"bufio"
	"bytes"
	"strconv"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"

	"github.com/sealwright/sealwright/scan"
)

// A vendor is the content of a vendor/modules.txt, which the go command writes
// ("go help mod vendor") and then obeys.
type vendor struct {
	path    string
	modules []vendored
}

// A vendored is one line "# path version" or "# path version => path version".
// A replacement that does not name a version stands alone at the end of the file
// when no package of it is vendored.
type vendored struct {
	module   module.Version // Version is empty for a replacement of all versions
	replace  *module.Version
	explicit bool // go.mod requires it by name
	line     int
}

// parseVendor reads a modules.txt.
func parseVendor(where string, data []byte) (*vendor, error) {
	v := &vendor{path: where}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		text := lines.Text()
		switch {
		case strings.HasPrefix(text, "## "):
			v.annotate(strings.TrimPrefix(text, "## "))
		case strings.HasPrefix(text, "# "):
			m, ok := parseVendored(strings.Fields(text[2:]))
			if !ok {
				return nil, malformed(where+":"+strconv.Itoa(n), "# path version [=> path [version]]", scan.Quote(text))
			}
			m.line = n
			v.modules = append(v.modules, m)
		case text != "" && len(v.modules) == 0:
			return nil, malformed(where+":"+strconv.Itoa(n), "a module line before the first package", scan.Quote(text))
		}
	}
	if err := lines.Err(); err != nil {
		return nil, malformed(where, "lines of at most 1 MiB", err.Error())
	}
	return v, nil
}

func (v *vendor) annotate(text string) {
	if len(v.modules) == 0 {
		return // "## workspace"
	}
	for _, word := range strings.Split(text, ";") {
		if strings.TrimSpace(word) == "explicit" {
			v.modules[len(v.modules)-1].explicit = true
		}
	}
}

func parseVendored(fields []string) (vendored, bool) {
	arrow := len(fields)
	for i, f := range fields {
		if f == "=>" {
			arrow = i
			break
		}
	}
	left, ok := moduleVersion(fields[:arrow])
	if !ok || arrow == len(fields) {
		return vendored{module: left}, ok && left.Version != ""
	}
	right, ok := moduleVersion(fields[arrow+1:])
	if ok && right.Version == "" {
		ok = modfile.IsDirectoryPath(right.Path)
	}
	return vendored{module: left, replace: &right}, ok
}

func moduleVersion(fields []string) (module.Version, bool) {
	switch len(fields) {
	case 1:
		return module.Version{Path: fields[0]}, true
	case 2:
		return module.Version{Path: fields[0], Version: fields[1]}, module.CanonicalVersion(fields[1]) != ""
	}
	return module.Version{}, false
}
