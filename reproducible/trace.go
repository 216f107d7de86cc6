package reproducible

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// TraceMediaType is the media type of Trace.Marshal.
const TraceMediaType = "application/vnd.sealwright.trace.v1+json"

// A Trace tells what a build asked of the kernel, as far as a tracer could see.
// The zero Trace is not complete.
//
// A trace narrows and explains; it is never what makes inputs trustworthy. What
// a build could read is known from its mounts (InputsPinned). Paths were read
// from the memory of processes that another of their threads can change before
// the kernel reads it too; only with CrossChecked does the kernel itself name
// the objects that were opened.
type Trace struct {
	// Accesses are in ascending order, each once.
	Accesses []Access `json:"accesses"`
	// Complete means that nothing that the tracer watches for was missed.
	Complete bool `json:"complete"`
	// CrossChecked means that the opens of inputs were also reported by the
	// kernel as objects, and that those are among Accesses.
	CrossChecked bool `json:"crossChecked"`
	// Dropped counts what was seen but could not be read or kept. It is 0 when
	// Complete.
	Dropped uint64 `json:"dropped"`
	// BlindSpots name what this tracer does not watch for, in ascending order.
	BlindSpots []string `json:"blindSpots"`
}

// An Op is what a build asked for.
type Op string

// The operations of an Access.
const (
	OpOpen    Op = "open"    // a file or directory, for reading
	OpWrite   Op = "write"   // to be opened for writing, created, truncated, or given this name
	OpRemove  Op = "remove"  // a name taken away
	OpExec    Op = "exec"    // a program to be run
	OpLoad    Op = "load"    // an interpreter that the kernel loads for a program
	OpConnect Op = "connect" // an address, such as "inet 192.0.2.1:443" or "unix /run/x"
)

// An Outcome tells what stood at the path when the build asked.
type Outcome string

// The outcomes of an Access.
const (
	OutcomeFound   Outcome = "found"   // something was there
	OutcomeAbsent  Outcome = "absent"  // nothing was there
	OutcomeDenied  Outcome = "denied"  // the tracer did not let it happen
	OutcomeUnknown Outcome = "unknown" // the tracer could not tell
)

// An Access is one thing that a build asked for, at least once.
//
// Texts that are not UTF-8 hold their bytes as \xNN, and a backslash as \x5c;
// see TraceText.
type Access struct {
	Op Op `json:"op"`
	// Path is what was asked for: an absolute path in the command's tree, with
	// the directory that a relative one was meant from, or an address.
	Path string `json:"path"`
	// Resolved is where Path led, over symbolic links, when Outcome is
	// OutcomeFound and the tracer could tell; else "".
	Resolved string  `json:"resolved,omitempty"`
	Outcome  Outcome `json:"outcome"`
	// Unannounced marks an open that the kernel reported and no system call had
	// asked for under that name: the sign of a path that was changed in flight.
	Unannounced bool `json:"unannounced,omitempty"`
}

// TraceText returns raw in the form of Access: bytes that are not UTF-8 text,
// control characters and backslashes as \xNN.
func TraceText(raw string) string {
	plain := func(r rune) bool { return r != utf8.RuneError && r != '\\' && r >= ' ' && r != 0x7f }
	if !strings.ContainsFunc(raw, func(r rune) bool { return !plain(r) }) {
		return raw
	}
	const hex = "0123456789abcdef"
	var b strings.Builder
	for i := 0; i < len(raw); {
		r, n := utf8.DecodeRuneInString(raw[i:])
		if plain(r) {
			b.WriteString(raw[i : i+n])
		} else {
			for _, c := range []byte(raw[i : i+n]) {
				b.WriteString(`\x`)
				b.WriteByte(hex[c>>4])
				b.WriteByte(hex[c&15])
			}
		}
		i += n
	}
	return b.String()
}

// CompareAccess orders accesses by Path, Op, Outcome, Resolved and Unannounced.
func CompareAccess(a, b Access) int {
	announced := func(x Access) int {
		if x.Unannounced {
			return 1
		}
		return 0
	}
	return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.Op, b.Op), cmp.Compare(a.Outcome, b.Outcome),
		strings.Compare(a.Resolved, b.Resolved), cmp.Compare(announced(a), announced(b)))
}

// Validate holds t to what its fields promise.
func (t *Trace) Validate() error {
	if t == nil {
		return attest.Refuse(CodeTrace, "trace", "a trace", "nil")
	}
	if t.Complete && t.Dropped > 0 {
		return attest.Refuse(CodeTrace, "Trace.Dropped", "0 in a complete trace", "more")
	}
	if !slices.IsSorted(t.BlindSpots) {
		return attest.Refuse(CodeTrace, "Trace.BlindSpots", "ascending order", "another")
	}
	for i, a := range t.Accesses {
		if !a.known() {
			return attest.Refuse(CodeTrace, "Trace.Accesses", "a known operation and outcome", excerpt.Quote(string(a.Op)+" "+string(a.Outcome)))
		}
		if i > 0 && CompareAccess(t.Accesses[i-1], a) >= 0 {
			return attest.Refuse(CodeTrace, "Trace.Accesses", "ascending order, each once", excerpt.Quote(a.Path))
		}
	}
	return nil
}

func (a Access) known() bool {
	ops := []Op{OpOpen, OpWrite, OpRemove, OpExec, OpLoad, OpConnect}
	outcomes := []Outcome{OutcomeFound, OutcomeAbsent, OutcomeDenied, OutcomeUnknown}
	return slices.Contains(ops, a.Op) && slices.Contains(outcomes, a.Outcome)
}

// Marshal validates t and returns its canonical JSON.
func (t *Trace) Marshal() ([]byte, error) {
	if err := t.Validate(); err != nil {
		return nil, err
	}
	c := *t
	if c.Accesses == nil {
		c.Accesses = []Access{}
	}
	if c.BlindSpots == nil {
		c.BlindSpots = []string{}
	}
	b, err := strictjson.Marshal(c)
	if err != nil {
		return nil, attest.Refuse(CodeTrace, "trace", "UTF-8 texts", "").Because(err)
	}
	return b, nil
}

// Digest returns the SHA-256 digest of Marshal.
func (t *Trace) Digest() (digest.Digest, error) {
	b, err := t.Marshal()
	if err != nil {
		return digest.Digest{}, err
	}
	return sha256Of(b), nil
}

// ParseTrace reads what Marshal wrote and refuses everything else.
func ParseTrace(b []byte) (*Trace, error) {
	var t Trace
	if err := strictjson.Unmarshal(b, &t, strictjson.Options{Bytes: 256 << 20, Values: 16 << 20}); err != nil {
		return nil, attest.Refuse(CodeTrace, "trace", "a trace document", "").Because(err)
	}
	again, err := t.Marshal()
	if err != nil {
		return nil, err
	}
	if string(again) != string(b) {
		return nil, attest.Refuse(CodeTrace, "trace", "canonical JSON", "another form")
	}
	return &t, nil
}
