package predicate

import (
	"errors"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// VSAType is the predicate type of a VSA.
const VSAType = "https://slsa.dev/verification_summary/v1"

// The results of a VSA.
const (
	ResultPassed = "PASSED"
	ResultFailed = "FAILED"
)

// A VSA is a verification summary attestation (SLSA v1.2, verification summary): a
// verifier tells what it found an artifact to be.
type VSA struct {
	Verifier     Verifier  `json:"verifier"`
	TimeVerified Timestamp `json:"timeVerified"`
	// ResourceURI names what the artifact was asked for as.
	ResourceURI string `json:"resourceUri"`
	// Policy must have a URI.
	Policy attest.Descriptor `json:"policy"`
	// InputAttestations, if not empty, are all that were used, each by digest.
	InputAttestations []attest.Descriptor `json:"inputAttestations,omitempty"`
	// VerificationResult is ResultPassed or ResultFailed.
	VerificationResult string `json:"verificationResult"`
	// VerifiedLevels holds at most one level of each SLSA track, or only "FAILED".
	VerifiedLevels []string `json:"verifiedLevels"`
	// DependencyLevels counts the transitive dependencies by level. Nil tells
	// nothing about them; an empty map tells that there are none at any level.
	DependencyLevels map[string]uint64 `json:"dependencyLevels,omitzero"`
	SLSAVersion      string            `json:"slsaVersion,omitempty"`
}

// A Verifier is who made a VSA.
type Verifier struct {
	ID string `json:"id"`
	// Version tells the versions of the verifier's components, by name.
	Version map[string]string `json:"version,omitempty"`
}

// Type returns VSAType.
func (*VSA) Type() string { return VSAType }

func (*VSA) about([]attest.Descriptor) error { return nil }

// Validate holds v to the specification, and to this beyond: a failed summary has no
// level but "FAILED".
func (v *VSA) Validate() error {
	if v == nil {
		return attest.Refuse(CodeNil, "VSA", "a summary", "nil")
	}
	errs := []error{
		checkURI("/verifier/id", v.Verifier.ID),
		checkTime("/timeVerified", v.TimeVerified),
		checkURI("/resourceUri", v.ResourceURI),
		checkURI("/policy/uri", v.Policy.URI),
		checkDescriptor("/policy", &v.Policy),
		v.checkLevels(),
	}
	for i, d := range v.InputAttestations {
		if err := d.Digest.Validate(); err != nil {
			errs = append(errs, attest.Refuse(CodeDescriptor, at("/inputAttestations", i), "a digest", "").Because(err))
		}
	}
	for _, level := range slices.Sorted(maps.Keys(v.DependencyLevels)) {
		errs = append(errs, checkLevel("/dependencyLevels", level))
	}
	if v.SLSAVersion != "" && !majorMinor.MatchString(v.SLSAVersion) {
		errs = append(errs, attest.Refuse(CodeValue, "/slsaVersion", "MAJOR.MINOR", excerpt.Quote(v.SLSAVersion)))
	}
	return errors.Join(errs...)
}

var majorMinor = regexp.MustCompile(`^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)$`)

func (v *VSA) checkLevels() error {
	switch v.VerificationResult {
	case ResultPassed:
	case ResultFailed:
		if !slices.Equal(v.VerifiedLevels, []string{ResultFailed}) {
			return attest.Refuse(CodeLevels, "/verifiedLevels", `["FAILED"] for a failed verification`, excerpt.Quote(strings.Join(v.VerifiedLevels, ",")))
		}
		return nil
	default:
		return attest.Refuse(CodeValue, "/verificationResult", "PASSED or FAILED", excerpt.Quote(v.VerificationResult))
	}
	if v.VerifiedLevels == nil {
		return attest.Refuse(CodeMissing, "/verifiedLevels", "a list", "none")
	}
	tracks := map[string]bool{}
	for i, level := range v.VerifiedLevels {
		if err := checkLevel(at("/verifiedLevels", i), level); err != nil {
			return err
		}
		if level == ResultFailed {
			return attest.Refuse(CodeLevels, at("/verifiedLevels", i), "no failure in a passed verification", level)
		}
		track := level
		if parsed, ok := ParseLevel(level); ok {
			track = parsed.Track
		}
		if tracks[track] {
			return attest.Refuse(CodeLevels, at("/verifiedLevels", i), "one level of each track", excerpt.Quote(level))
		}
		tracks[track] = true
	}
	return nil
}

// checkLevel accepts levels, properties of SLSA, and custom values outside SLSA_.
func checkLevel(where, level string) error {
	if level == "" {
		return attest.Refuse(CodeMissing, where, "a level", "none")
	}
	if !strings.HasPrefix(level, "SLSA_") {
		return nil
	}
	if _, ok := ParseLevel(level); ok || level == PropertyTwoPartyReviewed || level == PropertyReproduced {
		return nil
	}
	return attest.Refuse(CodeLevels, where, "a level of SLSA, or a custom value without its prefix", excerpt.Quote(level))
}

// The properties that SLSA defines beside levels.
const (
	PropertyTwoPartyReviewed = "SLSA_SOURCE_TWO_PARTY_REVIEWED"
	PropertyReproduced       = "SLSA_BUILD_REPRODUCED"
)

// The tracks of SLSA.
const (
	TrackBuild      = "BUILD"
	TrackSource     = "SOURCE"
	TrackBuildEnv   = "BUILD_ENV"
	TrackDependency = "DEPENDENCY"
)

// A Level is one level of one track.
type Level struct {
	Track string
	Level int
}

// ParseLevel reads "SLSA_track_LEVEL_n" and reports whether it is a level that SLSA
// v1.2, or its draft, defines.
func ParseLevel(s string) (Level, bool) {
	for track, highest := range map[string]int{TrackBuild: 3, TrackSource: 4, TrackBuildEnv: 3, TrackDependency: 4} {
		n, ok := strings.CutPrefix(s, "SLSA_"+track+"_LEVEL_")
		if ok && len(n) == 1 && n[0] >= '0' && n[0] <= byte('0'+highest) {
			return Level{track, int(n[0] - '0')}, true
		}
	}
	return Level{}, false
}

// String returns the form that ParseLevel reads.
func (l Level) String() string {
	return "SLSA_" + l.Track + "_LEVEL_" + strconv.Itoa(l.Level)
}
