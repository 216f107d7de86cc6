package verify

import (
	"maps"
	"slices"
	"strconv"

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

// Dependencies are what summaries tell of the inputs that are no sources.
type Dependencies struct {
	// Levels counts the inputs by their Build level, each artifact once.
	Levels map[string]uint64
	// Unknown names the inputs of which no summary tells: the frontier, not an end.
	Unknown []string
}

// Track returns the level of a track of package predicate; the zero TrackResult
// unless the verdict passed. The Build track is what Level tells; the others come
// from summaries.
func (v Verdict) Track(track string) TrackResult {
	if !v.Passed() {
		return TrackResult{}
	}
	r := v.v.tracks[track]
	r.MissingForNext = slices.Clone(r.MissingForNext)
	return r
}

// Dependencies returns what is known of the inputs that are no sources.
func (v Verdict) Dependencies() Dependencies {
	if !v.Passed() {
		return Dependencies{}
	}
	return Dependencies{maps.Clone(v.v.deps.Levels), slices.Clone(v.v.deps.Unknown)}
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

// join adds what the summaries tell.
func (v *verdict) join(summaries []Summary, accepted []record, want Expectations) {
	for _, r := range accepted {
		v.used = append(v.used, r.evidence.Evidence())
	}
	v.tracks = map[string]TrackResult{predicate.TrackBuild: {Level: v.level, Cap: max(v.most, 1), MissingForNext: v.missing}}
	if !v.passed {
		return
	}
	v.tracks[predicate.TrackSource] = sourceTrack(summaries, accepted, want.Sources)
	v.tracks[predicate.TrackBuildEnv] = told(summaries, v.artifact, predicate.TrackBuildEnv, "the artifact", false)
	v.deps = dependencies(summaries, accepted, want.Sources)
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
	if !found || out.Level < highestLevel(track) {
		got := "level " + strconv.Itoa(out.Level)
		if !found {
			got = "none"
		}
		next := predicate.Level{Track: track, Level: out.Level + 1}
		out.MissingForNext = []attest.Reason{{Code: CodeTrack, Where: name, Want: "a summary of " + next.String(), Got: got}}
	}
	return out
}

func highestLevel(track string) int {
	highest := 0
	for {
		if _, ok := predicate.ParseLevel(predicate.Level{Track: track, Level: highest + 1}.String()); !ok {
			return highest
		}
		highest++
	}
}

// sourceTrack is as high as the lowest of the expected sources.
func sourceTrack(summaries []Summary, accepted []record, want Sources) TrackResult {
	out, first := TrackResult{}, true
	for _, r := range accepted {
		for _, in := range r.build.Inputs {
			i := want.indexOf(in)
			if i < 0 {
				continue
			}
			one := told(summaries, in.Descriptor.Digest, predicate.TrackSource, want[i].URI, want[i].AllowSHA1)
			if first || one.Level < out.Level {
				out, first = one, false
			}
		}
	}
	return out
}

func (s Sources) indexOf(in provenance.Input) int {
	at, err := provenance.ParseSource(in.Descriptor.URI)
	if err != nil {
		return -1
	}
	return s.index(at.Repository)
}

func dependencies(summaries []Summary, accepted []record, want Sources) Dependencies {
	d := Dependencies{Levels: map[string]uint64{}}
	seen := map[string]bool{}
	for _, r := range accepted {
		for _, in := range r.build.Inputs {
			name := in.Descriptor.Digest.String()
			if strong, ok := in.Descriptor.Digest.Strongest(); ok {
				name = strong.String()
			}
			if name == "" {
				name = in.Descriptor.URI + in.Descriptor.Name
			}
			if want.indexOf(in) >= 0 || seen[name] {
				continue
			}
			seen[name] = true
			level := told(summaries, in.Descriptor.Digest, predicate.TrackBuild, name, false)
			if level.Cap == 0 {
				d.Unknown = append(d.Unknown, name)
				continue
			}
			d.Levels[predicate.Level{Track: predicate.TrackBuild, Level: level.Level}.String()]++
		}
	}
	return d
}
