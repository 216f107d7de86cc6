package reproducible

import (
	"errors"
	"io/fs"
	"strconv"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// A Result is what came of one run. A Builder makes it; it is plain data.
type Result struct {
	// Spec is the digest of the spec that ran.
	Spec digest.Digest
	// Artifacts are the declared outputs in ascending order of path: one for each
	// regular file. Empty when the run did not succeed.
	Artifacts []Artifact
	// Achieved are the guarantees that were set up, and verified to be, for this
	// run. It never tells more.
	Achieved Guarantees
	// Exit tells how the command ended.
	Exit Exit
	// Log is standard output and standard error, interleaved as written.
	Log Log
	// Trace is what the build asked of the kernel; nil when nothing watched it.
	Trace *Trace
	// Findings are observations that do not fail the build: undeclared writes,
	// unpinned host paths.
	Findings []Finding
	// Started and Finished are when the command was started and when its last
	// process was gone, by the Builder's clock.
	Started, Finished time.Time
}

// An Artifact is one regular file that the build made.
type Artifact struct {
	Path   string      // relative to OutputDir, slash-separated
	Digest digest.Set  // holds at least SHA-256
	Size   int64       // bytes
	Mode   fs.FileMode // permission bits only
}

// An Exit tells how the command ended. The zero Exit means that it exited with
// status 0.
type Exit struct {
	Code   int    // exit status; -1 when a signal ended it
	Signal string // name of the signal, such as "SIGKILL", or ""
	// Limit is the code of the limit that ended it, or "".
	Limit attest.Code
}

// Success reports whether the command exited with status 0 within its limits.
func (e Exit) Success() bool { return e == Exit{} }

// Err returns nil for success and otherwise why the command did not succeed.
func (e Exit) Err() error {
	switch {
	case e.Success():
		return nil
	case e.Limit != "":
		return attest.Refuse(e.Limit, "command", "an end within the limit", "it was killed")
	case e.Signal != "":
		return attest.Refuse(CodeExit, "command", "exit status 0", "signal "+e.Signal)
	}
	return attest.Refuse(CodeExit, "command", "exit status 0", "exit status "+strconv.Itoa(e.Code))
}

// A Log is what the command wrote to standard output and standard error, at
// most Limits.LogBytes of it.
type Log struct {
	Digest digest.Digest // SHA-256 of Text
	Text   []byte
}

// NewLog returns the log of those bytes, which it keeps.
func NewLog(text []byte) Log { return Log{Digest: sha256Of(text), Text: text} }

// A Finding is something that the reader of a result should know.
type Finding struct {
	Code attest.Code
	Path string // where, as the command sees it
}

// Artifact returns the artifact at path.
func (r *Result) Artifact(path string) (Artifact, bool) {
	for _, a := range r.Artifacts {
		if a.Path == path {
			return a, true
		}
	}
	return Artifact{}, false
}

// Validate reports whether r is a complete, successful result: a spec, success,
// and at least one artifact, each in order of path, once, with a SHA-256 digest.
func (r *Result) Validate() error {
	if r == nil {
		return attest.Refuse(CodeResult, "result", "a result", "nil")
	}
	if invalidDigest(r.Spec) {
		return attest.Refuse(CodeResult, "Result.Spec", "a SHA-256 digest", excerpt.Quote(r.Spec.String()))
	}
	if !r.Exit.Success() {
		return attest.Refuse(CodeResult, "Result.Exit", "success", "").Because(r.Exit.Err())
	}
	if len(r.Artifacts) == 0 {
		return attest.Refuse(CodeResult, "Result.Artifacts", "at least one", "none")
	}
	faults := []error{r.Achieved.Validate()}
	if r.Trace != nil {
		faults = append(faults, r.Trace.Validate())
	}
	if r.Achieved.Has(Traced) && (r.Trace == nil || !r.Trace.Complete) {
		faults = append(faults, attest.Refuse(CodeTrace, "Result.Trace", "a complete trace, as Achieved says", "none"))
	}
	for i, a := range r.Artifacts {
		faults = append(faults, a.validate("Result.Artifacts["+strconv.Itoa(i)+"]"))
		if i > 0 && r.Artifacts[i-1].Path >= a.Path {
			faults = append(faults, attest.Refuse(CodeResult, "Result.Artifacts", "ascending paths, each once", excerpt.Quote(a.Path)))
		}
	}
	return errors.Join(faults...)
}

func (a Artifact) validate(where string) error {
	if !ValidOutputPath(a.Path) {
		return attest.Refuse(CodeResult, where, "a clean relative path", excerpt.Quote(a.Path))
	}
	if a.Size < 0 || a.Mode&^fs.ModePerm != 0 {
		return attest.Refuse(CodeResult, where, "a size and permission bits", a.Mode.String())
	}
	if err := a.Digest.Validate(); err != nil {
		return attest.Refuse(CodeResult, where, "digests", "").Because(err)
	}
	if invalidDigest(a.sha256()) {
		return attest.Refuse(CodeResult, where, "a SHA-256 digest", a.Digest.String())
	}
	return nil
}

func (a Artifact) sha256() digest.Digest {
	return digest.Digest{Algorithm: digest.SHA256, Hex: a.Digest[digest.SHA256]}
}
