package verify

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/predicate"
)

// A TrackResult is the level of one SLSA track.
type TrackResult struct {
	Level int
	// Cap is the highest level that the roots allow.
	Cap int
	// MissingForNext tells what keeps the artifact from the next level.
	MissingForNext []attest.Reason
}

// Track returns the level of a track of package predicate; the zero TrackResult
// unless the verdict passed. The Build track is what Level tells. Source and Dependency
// come from summaries, Build Environment from them or from hardware.
func (v Verdict) Track(track string) TrackResult {
	if !v.Passed() {
		return TrackResult{}
	}
	switch track {
	case predicate.TrackBuild:
		return TrackResult{v.v.level, max(v.v.most, 1), slices.Clone(v.v.missing)}
	case predicate.TrackSource:
		return v.v.sourceTrack()
	case predicate.TrackDependency:
		return told(v.v.summaries, v.v.artifact, track, "the artifact", false)
	case predicate.TrackBuildEnv:
		out := told(v.v.summaries, v.v.artifact, track, "the artifact", false)
		if v.v.hardware.Level > out.Level {
			out = v.v.hardware
			out.MissingForNext = missing(track, "the artifact", "appraised evidence", out.Level, true)
		}
		return out
	}
	return TrackResult{}
}

// Dependencies returns what is known of the inputs that are no sources.
func (v Verdict) Dependencies() Dependencies {
	if !v.Passed() {
		return Dependencies{}
	}
	d := v.v.deps
	return Dependencies{Levels: maps.Clone(d.Levels), Unknown: slices.Clone(d.Unknown), Summarized: slices.Clone(d.Summarized), Cycles: slices.Clone(d.Cycles), Cut: d.Cut}
}

// Properties returns the SLSA properties that the evidence shows:
// predicate.PropertyReproduced where two operators built the same artifact in runs of
// their own.
func (v Verdict) Properties() []string {
	if !v.Passed() || !independent(v.v.runs) {
		return nil
	}
	return []string{predicate.PropertyReproduced}
}

// A run is one piece of evidence that has a grant.
type run struct {
	builder, invocation string
	operators           []string
}

// independent reports whether two runs are of different operators, and not one run
// that two of them signed: by different builders, or told apart by their invocations.
func independent(runs []run) bool {
	for i, a := range runs {
		for _, b := range runs[:i] {
			shared := slices.ContainsFunc(a.operators, func(o string) bool { return slices.Contains(b.operators, o) })
			two := a.builder != b.builder || a.invocation != "" && b.invocation != "" && a.invocation != b.invocation
			if len(a.operators) > 0 && len(b.operators) > 0 && !shared && two {
				return true
			}
		}
	}
	return false
}

// reproduced notes whether several runs were independent.
func (v *verdict) reproduced() {
	switch {
	case independent(v.runs):
		v.pass(digest.Digest{}, CheckReproduced)
	case len(v.runs) > 1:
		v.note(CheckReproduced, Skipped, digest.Digest{}, attest.Reason{Code: CodeDependent, Want: "two runs of two operators", Got: strconv.Itoa(len(v.runs)) + " statements"})
	}
}

// told returns the level of a track that the summaries of an artifact tell: the
// highest, as each is a verifier's that the caller accepts.
func told(summaries []Summary, about digest.Set, track, name string, sha1 bool) TrackResult {
	var out TrackResult
	found := false
	for _, s := range summaries {
		if len(about) == 0 || (Source{Digest: about, AllowSHA1: sha1 && s.s.sha1}).match(s.s.artifact) != nil {
			continue
		}
		if level, ok := s.s.levels[track]; ok {
			found = true
			out.Level, out.Cap = max(out.Level, level), max(out.Cap, s.s.caps[track])
		}
	}
	out.MissingForNext = missing(track, name, "a summary", out.Level, found)
	return out
}

// missing tells who must vouch for the next level of a track; nothing at the highest.
func missing(track, name, whose string, level int, found bool) []attest.Reason {
	next := predicate.Level{Track: track, Level: level + 1}
	if _, ok := predicate.ParseLevel(next.String()); found && !ok {
		return nil
	}
	got := "none"
	if found {
		got = "level " + strconv.Itoa(level)
	}
	return []attest.Reason{{Code: CodeTrack, Where: name, Want: whose + " of " + next.String(), Got: got}}
}

// summaries returns those that are of this repository, at the expected ref if one is
// expected. A fork has the same commits, and a branch that nobody reviews has them too.
func (s preparedSource) summaries(all []Summary) []Summary {
	var out []Summary
	for _, one := range all {
		at, err := provenance.ParseSource(one.s.resource)
		same := strings.TrimPrefix(at.Repository, "git+") == strings.TrimPrefix(s.at.Repository, "git+")
		if err == nil && same && (s.at.Ref == "" || slices.Contains(one.s.refs, s.at.Ref)) {
			out = append(out, one)
		}
	}
	return out
}

// sourceTrack is as high as the lowest of the expected sources.
func (v *verdict) sourceTrack() TrackResult {
	out, first := TrackResult{}, true
	for _, r := range v.accepted {
		for i, in := range r.build.Inputs {
			j := r.places[i].index
			if j < 0 {
				continue
			}
			one := told(v.sources[j].summaries(v.summaries), in.Descriptor.Digest, predicate.TrackSource, v.sources[j].URI, v.sources[j].AllowSHA1)
			if first || one.Level < out.Level {
				out, first = one, false
			}
		}
	}
	return out
}
