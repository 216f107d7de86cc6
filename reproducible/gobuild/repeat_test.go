package gobuild_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/command"
	"github.com/sealwright/sealwright/reproducible/gobuild"
)

// record describes a run of the spec that never was.
func record(t testing.TB, spec *reproducible.Spec) *provenance.Build {
	t.Helper()
	d, err := spec.Digest()
	require.NoError(t, err)
	b, err := reproducible.Describe(spec, &reproducible.Result{
		Spec: d, Achieved: reproducible.AllGuarantees &^ (reproducible.Traced | reproducible.FixedClock), Started: time.Unix(1, 0), Finished: time.Unix(2, 0),
		Artifacts: []reproducible.Artifact{{Path: "app", Digest: digest.FromBytes([]byte("app")).Set(), Size: 3, Mode: 0o755}},
	}, reproducible.DescribeOptions{Builder: provenance.Builder{ID: "https://example.com/builder"}})
	require.NoError(t, err)
	return b
}

func TestARecordGivesTheSpecBack(t *testing.T) {
	c := config(t)
	c.Epoch, c.Limits = 1_700_000_000, reproducible.Limits{Memory: 1 << 31, Wall: time.Minute}
	spec, err := gobuild.Plan(t.Context(), c)
	require.NoError(t, err)
	back, err := gobuild.FromProvenance(record(t, spec))
	require.NoError(t, err)
	want, err := spec.Canonical()
	require.NoError(t, err)
	got, err := back.Canonical()
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got))
}

func TestARecordOfAnotherKindOfBuildIsRefused(t *testing.T) {
	spec, err := gobuild.Plan(t.Context(), config(t))
	require.NoError(t, err)
	for name, c := range map[string]struct {
		change func(*provenance.Build)
		code   attest.Code
	}{
		"another build type":        {func(b *provenance.Build) { b.BuildType = "https://example.com/make/v1" }, command.CodeBuildType},
		"no external parameters":    {func(b *provenance.Build) { b.External = nil }, command.CodeParameters},
		"no internal parameters":    {func(b *provenance.Build) { b.Internal = nil }, command.CodeParameters},
		"repeated keys":             {func(b *provenance.Build) { b.External = json.RawMessage(`{"dir":"/src","dir":"/x"}`) }, command.CodeParameters},
		"a dependency left out":     {func(b *provenance.Build) { b.Inputs = b.Inputs[1:] }, command.CodeDependency},
		"dependencies in disorder":  {func(b *provenance.Build) { b.Inputs[0], b.Inputs[1] = b.Inputs[1], b.Inputs[0] }, command.CodeDependency},
		"a dependency that is none": {func(b *provenance.Build) { b.Inputs[0].Descriptor.MediaType = "" }, command.CodeDependency},
		"a role that was changed":   {func(b *provenance.Build) { b.Inputs[0].Role = provenance.RoleBase }, command.CodeSpec},
		"a source from elsewhere":   {func(b *provenance.Build) { b.Inputs[2].Descriptor.URI = "git+https://evil.example/app" }, command.CodeSpec},
	} {
		t.Run(name, func(t *testing.T) {
			b := record(t, spec)
			c.change(b)
			back, err := gobuild.FromProvenance(b)
			require.ErrorIs(t, err, attest.Is(c.code))
			require.Nil(t, back)
		})
	}
	_, err = gobuild.FromProvenance(nil)
	require.ErrorIs(t, err, attest.Is(command.CodeBuildType))
}

// TestEveryTamperedParameterIsRefused changes each leaf of both parameter documents
// in turn, however deep it lies, and adds a key to each object.
func TestEveryTamperedParameterIsRefused(t *testing.T) {
	spec, err := gobuild.Plan(t.Context(), config(t))
	require.NoError(t, err)
	for _, which := range []string{"external", "internal"} {
		part := func(b *provenance.Build) *json.RawMessage {
			if which == "external" {
				return &b.External
			}
			return &b.Internal
		}
		var document any
		require.NoError(t, json.Unmarshal(*part(record(t, spec)), &document))
		n := 0
		mutate(document, which, func(where string) {
			n++
			b := record(t, spec)
			raw, err := json.Marshal(document)
			require.NoError(t, err)
			*part(b) = raw
			back, err := gobuild.FromProvenance(b)
			require.Error(t, err, where)
			require.Nil(t, back, where)
			assert.NotEmpty(t, attest.Reasons(err), where)
		})
		assert.Greater(t, n, 10, which)
	}
}

// mutate visits the document with one change at a time, and undoes it.
func mutate(v any, where string, visit func(where string)) {
	switch v := v.(type) {
	case map[string]any:
		for key, child := range v {
			at := where + "/" + key
			if changed, leaf := other(child); leaf {
				v[key] = changed
				visit(at)
			}
			delete(v, key)
			visit(at + " left out")
			v[key] = child
			mutate(child, at, visit)
		}
		v["added"] = "x"
		visit(where + " with a key more")
		delete(v, "added")
	case []any:
		for i, child := range v {
			at := fmt.Sprint(where, "/", i)
			if changed, leaf := other(child); leaf {
				v[i] = changed
				visit(at)
				v[i] = child
			}
			mutate(child, at, visit)
		}
	}
}

// other is another value of the same type.
func other(v any) (any, bool) {
	switch v := v.(type) {
	case string:
		return v + "x", true
	case float64:
		return v + 1, true
	}
	return v, false
}

func TestWhatNoDigestNamesIsRefused(t *testing.T) {
	for name, change := range map[string]func(external, internal map[string]any){
		"a host path":                  func(e, _ map[string]any) { e["hostPaths"] = []any{"/usr"} },
		"inputs not required pinned":   func(e, _ map[string]any) { e["require"] = []any{"no-network"} },
		"inputs not achieved pinned":   func(_, i map[string]any) { i["achieved"] = []any{"no-network"} },
		"an input under a weak digest": func(e, _ map[string]any) { input(e)["digest"] = "sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709" },
		"an input under latest":        func(e, _ map[string]any) { input(e)["digest"] = "latest" },
		"a proxy that is a network":    func(e, _ map[string]any) { e["env"].(map[string]any)["GOPROXY"] = "https://proxy.golang.org" },
		"a toolchain that is fetched":  func(e, _ map[string]any) { e["env"].(map[string]any)["GOTOOLCHAIN"] = "auto" },
		"a C compiler of the machine":  func(e, _ map[string]any) { e["env"].(map[string]any)["CGO_ENABLED"] = "1" },
		"a wrapper of the compiler": func(e, _ map[string]any) {
			e["command"] = append([]any{"/go/bin/go", "build", "-toolexec=/src/evil"}, e["command"].([]any)[2:]...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			spec, err := gobuild.Plan(t.Context(), config(t))
			require.NoError(t, err)
			b := record(t, spec)
			var external, internal map[string]any
			require.NoError(t, json.Unmarshal(b.External, &external))
			require.NoError(t, json.Unmarshal(b.Internal, &internal))
			change(external, internal)
			b.External, err = json.Marshal(external)
			require.NoError(t, err)
			b.Internal, err = json.Marshal(internal)
			require.NoError(t, err)
			back, err := gobuild.FromProvenance(b)
			require.Error(t, err)
			require.Nil(t, back)
			assert.NotEmpty(t, attest.Reasons(err))
		})
	}
}

func input(e map[string]any) map[string]any { return e["inputs"].([]any)[0].(map[string]any) }
