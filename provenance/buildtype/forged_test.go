package buildtype_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/provenance/buildtype"
)

// vouched is, for every profile, what its platform sets where a build cannot reach:
// of the generators, what their own workflow takes from GitHub's token; of Cloud Build
// and Tekton Chains, what the control plane records; of our own builder, what its
// sandbox runs and captures; of the others nothing, since the job writes the document.
func vouched() map[string][]buildtype.Name {
	const (
		source, ref, commit, entry = buildtype.Source, buildtype.Ref, buildtype.Commit, buildtype.EntryPoint
		trigger, invocation        = buildtype.Trigger, buildtype.Invocation
		outputs, parameters        = buildtype.Outputs, buildtype.Parameters
	)
	token := []buildtype.Name{source, ref, commit, entry, trigger, invocation}
	return map[string][]buildtype.Name{
		"github-actions-workflow":         nil,
		"slsa-github-generator-generic":   token,
		"slsa-github-generator-go":        append(token[:6:6], outputs, parameters),
		"slsa-github-generator-container": token,
		"slsa-github-generator-delegated": append(token[:6:6], parameters),
		"npm-cli":                         nil,
		"google-cloud-build":              append(token[:6:6], parameters),
		"gitlab-ci":                       nil,
		"tekton-chains":                   {source, commit, entry, invocation, parameters},
		"buildkite-job":                   nil,
		"go-build":                        nil,
		"sealwright-command":              append(token[:6:6], outputs, parameters),
	}
}

func TestEveryProfileSaysOfEachFieldWhoChoseIt(t *testing.T) {
	seen := map[string]bool{}
	for name, s := range samples() {
		c, err := normalize(t, s.build())
		require.NoError(t, err)
		want, listed := vouched()[c.Profile]
		require.True(t, listed, c.Profile)
		seen[c.Profile] = true
		var got []buildtype.Name
		for _, f := range c.Fields() {
			if f.Voucher == buildtype.Platform {
				got = append(got, f.Name)
			}
		}
		require.Equal(t, want, got, name)
	}
	for _, p := range buildtype.Profiles() {
		require.True(t, seen[p.Name], p.Name)
	}
	require.Len(t, vouched(), len(buildtype.Profiles()))
}

// TestAForgedFieldOfEveryBuildTypeDiffersFromItsClaim: whoever vouches for a field, a
// certificate that says otherwise is told of, for that field and no other.
func TestAForgedFieldOfEveryBuildTypeDiffersFromItsClaim(t *testing.T) {
	for name, s := range samples() {
		c, err := normalize(t, s.build())
		require.NoError(t, err)
		values := map[buildtype.Name]string{}
		for _, f := range c.Fields() {
			values[f.Name] = f.Value
		}
		honest := buildtype.Claims{
			Repository: values[buildtype.Source], Ref: c.Ref, Commit: c.Commit.Hex, EntryPoint: c.EntryPoint, Trigger: c.Trigger, Invocation: c.Invocation,
		}
		require.Empty(t, c.Compare(honest), name)
		forgeries := map[buildtype.Name]func(*buildtype.Claims){
			buildtype.Source:     func(x *buildtype.Claims) { x.Repository += "-fork" },
			buildtype.Ref:        func(x *buildtype.Claims) { x.Ref += "x" },
			buildtype.Commit:     func(x *buildtype.Claims) { x.Commit = "0" + x.Commit[1:] },
			buildtype.EntryPoint: func(x *buildtype.Claims) { x.EntryPoint += "x" },
			buildtype.Trigger:    func(x *buildtype.Claims) { x.Trigger += "x" },
			buildtype.Invocation: func(x *buildtype.Claims) { x.Invocation += "x" },
		}
		for field, forge := range forgeries {
			if values[field] == "" {
				continue // what the build does not tell cannot be forged
			}
			told := honest
			forge(&told)
			reasons := c.Compare(told)
			require.Len(t, reasons, 1, "%s: %s", name, field)
			require.Equal(t, string(field), reasons[0].Where, name)
		}
	}
}
