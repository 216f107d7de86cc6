package gomod

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"strconv"
	"strings"

	"golang.org/x/mod/module"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/scan"
)

// Sums are the lines of a go.sum (Go Modules Reference, "go.sum files").
type sums struct {
	hash map[module.Version]string // of the module's content
	mod  map[module.Version]string // of its go.mod only
	line map[module.Version]int
}

// sum reads a go.sum into p. go.work.sum adds to what go.sum says.
func (s *session) sum(p *place, where string, data []byte) error {
	if p.sums == nil {
		p.sums = &sums{map[module.Version]string{}, map[module.Version]string{}, map[module.Version]int{}}
	}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 {
			continue
		}
		at := where + ":" + strconv.Itoa(n)
		if err := checkSumLine(fields, at); err != nil {
			return err
		}
		if !strings.HasPrefix(fields[2], "h1:") {
			continue // a hash of a later Go version, ignored by this one too
		}
		s.addSum(p.sums, fields, where, n)
	}
	if err := lines.Err(); err != nil {
		return malformed(where, "lines of at most 1 MiB", err.Error())
	}
	return nil
}

func checkSumLine(fields []string, at string) error {
	if len(fields) != 3 {
		return malformed(at, "module, version and hash", strconv.Itoa(len(fields))+" fields")
	}
	v, _ := strings.CutSuffix(fields[1], "/go.mod")
	if err := module.Check(fields[0], v); err != nil {
		return malformed(at, "a module version", scan.Quote(err.Error()))
	}
	b64, isH1 := strings.CutPrefix(fields[2], "h1:")
	raw, err := base64.StdEncoding.Strict().DecodeString(b64)
	if isH1 && (err != nil || len(raw) != 32) {
		return malformed(at, "h1: and the base64 form of 32 bytes", scan.Quote(fields[2]))
	}
	return nil
}

func (s *session) addSum(to *sums, fields []string, where string, line int) {
	v, modOnly := strings.CutSuffix(fields[1], "/go.mod")
	key := module.Version{Path: fields[0], Version: v}
	table := to.hash
	if modOnly {
		table = to.mod
	}
	if known, ok := table[key]; ok && known != fields[2] {
		s.gaps = append(s.gaps, scan.Gap{
			Reason: attest.Reason{Code: CodeSumConflict, Where: "line " + strconv.Itoa(line), Want: known, Got: fields[2]},
			Path:   where,
			Record: fields[0] + "@" + fields[1],
		})
		return
	}
	table[key] = fields[2]
	to.line[key] = line
}

// of returns the content hash of a module version, and whether the file knows
// the version at all.
func (s *sums) of(v module.Version) (hash string, known bool) {
	if s == nil {
		return "", false
	}
	_, modKnown := s.mod[v]
	hash, ok := s.hash[v]
	return hash, ok || modKnown
}
