package command_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/slsa"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/command"
	"github.com/sealwright/sealwright/reproducible/reproducibletest"
)

func options() reproducible.DescribeOptions {
	return reproducible.DescribeOptions{Builder: provenance.Builder{ID: "https://example.com/builder"}, InvocationID: "run-1"}
}

// setUp returns a builder that needs nothing of the machine, and a spec for it.
func setUp() (*reproducibletest.Fake, *reproducible.Spec) {
	fake := reproducibletest.NewFake()
	tool := fake.PutProgram("tool", func(m reproducibletest.Machine, args []string) int {
		if err := m.WriteFile("/out/a", []byte(args[0])); err != nil {
			return 1
		}
		return 0
	})
	data, _, _ := fake.PutFile(context.Background(), strings.NewReader("data"))
	return fake, &reproducible.Spec{
		Inputs: []reproducible.Input{
			{Path: "/bin/tool", Kind: reproducible.Executable, Digest: tool, Role: provenance.RoleTool, Name: "tool"},
			{Path: "/data", Kind: reproducible.File, Digest: data, URI: "https://example.com/data"},
		},
		Command: []string{"/bin/tool", "hello"}, Env: map[string]string{"MODE": "fast"}, Outputs: []string{"a"},
		Epoch: 1_700_000_000, Umask: 0o27, CPUs: 1, Limits: reproducible.Limits{Wall: time.Minute, Memory: 1 << 30},
		Require: reproducible.Hermetic,
	}
}

func record(t testing.TB) (*reproducibletest.Fake, *reproducible.Spec, *command.Record) {
	t.Helper()
	fake, spec := setUp()
	r, err := command.Run(t.Context(), fake, spec, options())
	require.NoError(t, err)
	return fake, spec, r
}

func TestARecordOfAnyCommandGivesItsSpecBack(t *testing.T) {
	fake, spec, r := record(t)
	decoded, err := slsa.Decode(r.Statement)
	require.NoError(t, err)
	for name, build := range map[string]*provenance.Build{"as it was made": r.Build, "from the statement": decoded} {
		t.Run(name, func(t *testing.T) {
			back, err := command.FromProvenance(build)
			require.NoError(t, err)
			want, err := spec.Digest()
			require.NoError(t, err)
			got, err := back.Digest()
			require.NoError(t, err)
			require.Equal(t, want, got)
			again, err := fake.Build(t.Context(), back)
			require.NoError(t, err)
			c, err := reproducible.Compare(r.Result, again)
			require.NoError(t, err)
			require.Equal(t, reproducible.Identical, c.Verdict())
		})
	}
}

func TestARecordWithATraceGivesItsSpecBack(t *testing.T) {
	_, spec, r := record(t)
	traced := *r.Result
	traced.Trace = &reproducible.Trace{Complete: true}
	build, err := reproducible.Describe(spec, &traced, options())
	require.NoError(t, err)
	require.Contains(t, string(build.Internal), `"trace":{"complete":true`)
	_, err = command.FromProvenance(build)
	require.NoError(t, err)
}

func TestARunThatFailsHasNoRecord(t *testing.T) {
	fake, spec := setUp()
	spec.Outputs = []string{"other"}
	r, err := command.Run(t.Context(), fake, spec, options())
	require.ErrorIs(t, err, attest.Is(reproducible.CodeOutputMissing))
	require.Nil(t, r)
	fake, spec = setUp()
	_, err = command.Run(t.Context(), fake, spec, reproducible.DescribeOptions{})
	require.ErrorIs(t, err, attest.Is(reproducible.CodeDescribe))
	_, err = command.Run(t.Context(), nil, spec, options())
	require.ErrorIs(t, err, attest.Is(command.CodeArgument))
	_, err = command.Run(t.Context(), fake, nil, options())
	require.ErrorIs(t, err, attest.Is(command.CodeArgument))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = command.Run(ctx, fake, spec, options())
	require.ErrorIs(t, err, context.Canceled)
}

func TestARecordThatContradictsItselfIsRefused(t *testing.T) {
	for name, x := range map[string]struct {
		change func(b *provenance.Build)
		code   attest.Code
	}{
		"another build type":        {func(b *provenance.Build) { b.BuildType = "https://example.com/make" }, command.CodeBuildType},
		"no external parameters":    {func(b *provenance.Build) { b.External = nil }, command.CodeParameters},
		"no internal parameters":    {func(b *provenance.Build) { b.Internal = nil }, command.CodeParameters},
		"a dependency left out":     {func(b *provenance.Build) { b.Inputs = b.Inputs[1:] }, command.CodeDependency},
		"dependencies in disorder":  {func(b *provenance.Build) { b.Inputs[0], b.Inputs[1] = b.Inputs[1], b.Inputs[0] }, command.CodeDependency},
		"a file said to be a tree":  {func(b *provenance.Build) { b.Inputs[0].Descriptor.MediaType = reproducible.TreeMediaType }, command.CodeDependency},
		"a role that was changed":   {func(b *provenance.Build) { b.Inputs[0].Role = provenance.RoleBase }, command.CodeSpec},
		"an input from elsewhere":   {func(b *provenance.Build) { b.Inputs[1].Descriptor.URI = "https://evil.example" }, command.CodeSpec},
		"another weak digest alone": {func(b *provenance.Build) { b.Inputs[0].Descriptor.Digest = digest.Set{digest.SHA1: "00"} }, command.CodeDependency},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, r := record(t)
			x.change(r.Build)
			spec, err := command.FromProvenance(r.Build)
			require.ErrorIs(t, err, attest.Is(x.code))
			require.Nil(t, spec)
		})
	}
	_, err := command.FromProvenance(nil)
	require.ErrorIs(t, err, attest.Is(command.CodeBuildType))
}

// TestNoParameterCanBeChanged changes, drops and adds every parameter of a record.
func TestNoParameterCanBeChanged(t *testing.T) {
	_, _, r := record(t)
	accepted := map[string]bool{ // what does not decide what is built
		"internal/achieved": true, "internal/findings": true,
	}
	count := 0
	for which, raw := range map[string]*json.RawMessage{"external": &r.Build.External, "internal": &r.Build.Internal} {
		original := *raw
		var fields map[string]any
		require.NoError(t, json.Unmarshal(original, &fields))
		for name, value := range fields {
			for _, other := range []any{nil, "x", 7, []any{"x"}, map[string]any{"x": 1}, []any{}, ""} {
				if fmt.Sprint(other) == fmt.Sprint(value) {
					continue
				}
				fields[name] = other
				try(t, r.Build, raw, fields, accepted[which+"/"+name], which+"/"+name)
				count++
			}
			delete(fields, name)
			try(t, r.Build, raw, fields, false, which+"/"+name+" left out")
			fields[name] = value
		}
		fields["more"] = true
		try(t, r.Build, raw, fields, false, which+" with one more")
		*raw = original
	}
	require.Greater(t, count, 100)
	_, err := command.FromProvenance(r.Build)
	require.NoError(t, err)
}

func try(t *testing.T, b *provenance.Build, raw *json.RawMessage, fields map[string]any, may bool, what string) {
	t.Helper()
	var err error
	*raw, err = json.Marshal(fields)
	require.NoError(t, err)
	_, err = command.FromProvenance(b)
	if may {
		return
	}
	require.Error(t, err, "%s: %s", what, *raw)
	require.NotEmpty(t, attest.Reasons(err), what)
}

func TestWhatNoDigestNamesIsRefused(t *testing.T) {
	for name, change := range map[string]func(external, internal map[string]any){
		"a host path":                func(e, _ map[string]any) { e["hostPaths"] = []any{"/usr"} },
		"inputs not required pinned": func(e, _ map[string]any) { e["require"] = []any{"no-network"} },
		"inputs not achieved pinned": func(_, i map[string]any) { i["achieved"] = []any{"no-network"} },
	} {
		t.Run(name, func(t *testing.T) {
			_, _, r := record(t)
			var external, internal map[string]any
			require.NoError(t, errors.Join(json.Unmarshal(r.Build.External, &external), json.Unmarshal(r.Build.Internal, &internal)))
			change(external, internal)
			var a, b error
			r.Build.External, a = json.Marshal(external)
			r.Build.Internal, b = json.Marshal(internal)
			require.NoError(t, errors.Join(a, b))
			_, err := command.FromProvenance(r.Build)
			require.ErrorIs(t, err, attest.Is(command.CodeUnpinned))
		})
	}
}

func FuzzFromProvenance(f *testing.F) {
	_, _, r := record(f)
	f.Add([]byte(r.Build.External), []byte(r.Build.Internal))
	f.Fuzz(func(t *testing.T, external, internal []byte) {
		b := *r.Build
		b.External, b.Internal = external, internal
		spec, err := command.FromProvenance(&b)
		if err != nil {
			require.NotEmpty(t, attest.Reasons(err))
			return
		}
		require.NoError(t, spec.Validate())
	})
}

func Example() {
	fake := reproducibletest.NewFake() // sandbox.New returns a Builder that isolates
	cc := fake.PutProgram("cc", func(m reproducibletest.Machine, _ []string) int {
		if m.WriteFile("/out/app", []byte("program")) != nil {
			return 1
		}
		return 0
	})
	r, err := command.Run(context.Background(), fake, &reproducible.Spec{
		Inputs:  []reproducible.Input{{Path: "/bin/cc", Kind: reproducible.Executable, Digest: cc}},
		Command: []string{"/bin/cc"}, Outputs: []string{"app"}, Require: reproducible.Hermetic,
	}, reproducible.DescribeOptions{Builder: provenance.Builder{ID: "https://example.com/builder"}})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	again, err := command.FromProvenance(r.Build) // a stranger has only the record
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	fmt.Println(r.Statement.PredicateType(), again.Command)
	// Output: https://slsa.dev/provenance/v1 [/bin/cc]
}
