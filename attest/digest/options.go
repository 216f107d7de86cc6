package digest

import (
	"crypto/fips140"
	"encoding/hex"
	"hash"
	"slices"
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/internal/excerpt"
)

// GitFormat is the object format of a Git repository, as "git init
// --object-format" names it. It decides how a git blob id is computed.
type GitFormat string

// The object formats of Git.
const (
	GitSHA1   GitFormat = "sha1"   // ids of 40 digits; does not resist collisions
	GitSHA256 GitFormat = "sha256" // ids of 64 digits
)

// Options tell what to compute. The zero value computes SHA-256.
type Options struct {
	// Algorithms to compute; nil means SHA256 alone. What is not a function of
	// the bytes of one file (GitTree, GitCommit, DirHash) and what is broken (MD5,
	// SHA1) is refused, as is naming one algorithm twice.
	Algorithms []Algorithm

	// Extra supplies algorithms that this package names but leaves to a module
	// outside the standard library, such as BLAKE3. Its keys are computed only if
	// Algorithms, or a verification, ask for them. It cannot replace an algorithm
	// that this package computes itself.
	Extra map[Algorithm]func() hash.Hash

	// Git is the object format for GitBlob; "" is GitSHA1, as for Git itself.
	Git GitFormat

	// FSVerity adds fs-verity digests with other parameters than those that the
	// algorithms FSVeritySHA256 and FSVeritySHA512 stand for. They are returned in
	// Result.FSVerity, in this order.
	FSVerity []FSVerity

	// Size declares the number of bytes that will come; content of another size
	// is an error. 0 declares nothing. GitBlob needs it, unless there are no bytes
	// or the call knows the size (SumAt, SumFile, VerifyAt).
	Size int64

	// CheckpointStride, if not 0, collects the checkpoints of SHA-256 at each
	// multiple of it; a multiple of MinStride, at most MaxStride. DefaultStride is
	// a good choice. See Checkpoints.
	CheckpointStride int64

	// Workers bounds the goroutines that hash at the same time; 0 means
	// runtime.GOMAXPROCS, 1 starts none. It never changes a result.
	Workers int

	// Progress, if not nil, is called after each buffer with the number of bytes
	// taken in and the size of the whole, or -1 where that is not known. Calls
	// never overlap. It should return at once.
	Progress func(done, total int64)
}

// maxSize is the number of bytes that SHA-256 can take in: its padding counts
// bits in 64 bits (FIPS 180-4 section 5.1.1).
const maxSize = 1<<61 - 1

// A plan is Options that have been checked, with the defaults filled in.
type plan struct {
	algorithms []Algorithm // sorted
	verity     []FSVerity  // of Options.FSVerity
	extra      map[Algorithm]func() hash.Hash
	git        GitFormat
	stride     int64
}

// plan checks o.
func (o Options) plan() (*plan, error) {
	p := &plan{algorithms: []Algorithm{SHA256}, extra: o.Extra, git: o.Git, stride: o.CheckpointStride}
	if o.Algorithms != nil {
		p.algorithms = slices.Sorted(slices.Values(o.Algorithms))
	}
	if p.git == "" {
		p.git = GitSHA1
	}
	if err := p.checkAlgorithms(); err != nil {
		return nil, err
	}
	if o.Size < 0 || o.Size > maxSize {
		return nil, &Error{Code: CodeOption, Where: "Options.Size", Want: "0 to 2^61-1", Got: strconv.FormatInt(o.Size, 10)}
	}
	if o.Workers < 0 {
		return nil, &Error{Code: CodeOption, Where: "Options.Workers", Want: "0 or more", Got: strconv.Itoa(o.Workers)}
	}
	if p.stride != 0 {
		if err := checkStride(p.stride); err != nil {
			return nil, err
		}
		if !p.has(SHA256) {
			return nil, &Error{Code: CodeOption, Where: "Options.CheckpointStride", Want: "sha256 among the algorithms", Got: join(p.algorithms)}
		}
	}
	for _, v := range o.FSVerity {
		v, err := v.normal()
		if err != nil {
			return nil, err
		}
		p.verity = append(p.verity, v)
	}
	if len(p.algorithms) == 0 && len(p.verity) == 0 {
		return nil, &Error{Code: CodeAlgorithm, Where: "Options.Algorithms", Want: "at least one algorithm", Got: "none"}
	}
	return p, nil
}

func (p *plan) has(a Algorithm) bool { return slices.Contains(p.algorithms, a) }

func (p *plan) checkAlgorithms() error {
	if p.git != GitSHA1 && p.git != GitSHA256 {
		return &Error{Code: CodeOption, Where: "Options.Git", Want: "sha1 or sha256", Got: excerpt.Quote(string(p.git))}
	}
	for a, construct := range p.extra {
		if a.computed() || construct == nil {
			return &Error{Code: CodeAlgorithm, Where: "Options.Extra", Want: "a constructor of a hash that this package does not compute", Got: excerpt.Quote(string(a))}
		}
	}
	for i, a := range p.algorithms {
		if i > 0 && a == p.algorithms[i-1] {
			return &Error{Code: CodeAlgorithm, Where: "Options.Algorithms", Want: "each algorithm once", Got: excerpt.Quote(string(a)) + " twice"}
		}
		if !a.computed() && p.extra[a] == nil {
			return &Error{Code: CodeAlgorithm, Where: "Options.Algorithms", Want: "an algorithm that can be computed from bytes", Got: excerpt.Quote(string(a))}
		}
		if a == GitBlob && p.git == GitSHA1 && fips140.Enforced() {
			return &Error{Code: CodeAlgorithm, Where: "Options.Algorithms", Want: "an algorithm that FIPS 140-3 approves", Got: "gitBlob with SHA-1"}
		}
	}
	return nil
}

// String writes the plan unambiguously. A saved state is bound to it.
func (p *plan) String() string {
	var b strings.Builder
	b.WriteString("algorithms=" + join(p.algorithms))
	if p.has(GitBlob) {
		b.WriteString(";git=" + string(p.git))
	}
	for _, v := range p.verity {
		b.WriteString(";fsverity=" + string(v.Hash) + "," + strconv.Itoa(v.BlockSize) + "," + hex.EncodeToString(v.Salt))
	}
	if p.stride != 0 {
		b.WriteString(";stride=" + strconv.FormatInt(p.stride, 10))
	}
	return b.String()
}

func join(algorithms []Algorithm) string {
	s := make([]string, len(algorithms))
	for i, a := range algorithms {
		s[i] = string(a)
	}
	return strings.Join(s, ",")
}

// computed reports whether this package computes a from bytes by itself.
func (a Algorithm) computed() bool {
	switch a {
	case SHA256, SHA384, SHA512, GitBlob, FSVeritySHA256, FSVeritySHA512:
		return true
	}
	return false
}
