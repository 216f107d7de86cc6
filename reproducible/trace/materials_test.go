package trace_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/digest/treehash"
	"github.com/sealwright/sealwright/provenance/predicate"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/trace"
)

// manifest is the tree at /src of the spec below.
func manifest() *treehash.Manifest {
	return &treehash.Manifest{Entries: []treehash.Entry{
		{Path: `a\b`, Kind: treehash.File, Mode: 0o444, Size: 1, Digest: digest.FromBytes([]byte("1"))},
		{Path: "dir", Kind: treehash.Dir, Mode: 0o555},
		{Path: "dir/main.c", Kind: treehash.File, Mode: 0o444, Size: 1, Digest: digest.FromBytes([]byte("2"))},
		{Path: "unread", Kind: treehash.File, Mode: 0o444, Size: 1, Digest: digest.FromBytes([]byte("3"))},
	}}
}

func manifests(_ context.Context, d digest.Digest) (*treehash.Manifest, error) {
	m := manifest()
	if want, err := m.Digest(); err != nil || want != d {
		return nil, fmt.Errorf("no tree %s: %w", d, err)
	}
	return m, nil
}

func spec(t testing.TB) *reproducible.Spec {
	tree, err := manifest().Digest()
	require.NoError(t, err)
	return &reproducible.Spec{
		Inputs: []reproducible.Input{
			{Path: "/bin/cc", Kind: reproducible.Executable, Digest: digest.FromBytes([]byte("cc"))},
			{Path: "/bin/ld", Kind: reproducible.Executable, Digest: digest.FromBytes([]byte("ld"))},
			{Path: "/src", Kind: reproducible.Tree, Digest: tree},
		},
		HostPaths: []string{"/usr/lib"}, Command: []string{"/bin/cc"}, Outputs: []string{"a"},
	}
}

func opened(path string) reproducible.Access {
	return reproducible.Access{Op: reproducible.OpOpen, Path: path, Resolved: path, Outcome: reproducible.OutcomeFound}
}

func seen() *reproducible.Trace {
	exec := opened("/bin/cc")
	exec.Op = reproducible.OpExec
	return &reproducible.Trace{Complete: true, Accesses: []reproducible.Access{
		exec, opened("/out/a"),
		{Op: reproducible.OpConnect, Path: "inet 192.0.2.1:80", Outcome: reproducible.OutcomeUnknown},
		opened("/src"), opened(`/src/a\x5cb`), opened("/src/dir"), opened("/src/dir/main.c"),
		{Op: reproducible.OpOpen, Path: "/src/none", Outcome: reproducible.OutcomeAbsent}, opened("/usr/lib/libc.so"),
	}}
}

func sorted(t *reproducible.Trace) *reproducible.Trace {
	for i := range t.Accesses { // insertion sort: tests add one at the end
		for j := i; j > 0 && reproducible.CompareAccess(t.Accesses[j-1], t.Accesses[j]) > 0; j-- {
			t.Accesses[j-1], t.Accesses[j] = t.Accesses[j], t.Accesses[j-1]
		}
	}
	return t
}

func TestMaterialsAreTheInputsThatWereReadByTheirMountedDigests(t *testing.T) {
	m, err := trace.MaterialsOf(t.Context(), spec(t), sorted(seen()), manifests)
	require.NoError(t, err)
	require.Equal(t, []attest.Descriptor{
		{Name: "/bin/cc", Digest: digest.FromBytes([]byte("cc")).Set()},
		{Name: `/src/a\x5cb`, Digest: digest.FromBytes([]byte("1")).Set()},
		{Name: "/src/dir/main.c", Digest: digest.FromBytes([]byte("2")).Set()},
	}, m.Touched)
	require.Equal(t, []string{"/bin/ld"}, m.Untouched)
	require.Equal(t, []string{"/usr/lib/libc.so"}, m.Unpinned)
}

func TestATraceThatCannotBeNarrowedByIsRefused(t *testing.T) {
	for name, change := range map[string]func(*reproducible.Trace){
		"an incomplete one":                     func(x *reproducible.Trace) { x.Complete = false },
		"a file that the input does not hold":   func(x *reproducible.Trace) { x.Accesses = append(x.Accesses, opened("/src/other")) },
		"a complete one that dropped something": func(x *reproducible.Trace) { x.Dropped = 1 },
		"an access twice":                       func(x *reproducible.Trace) { x.Accesses = append(x.Accesses, opened("/src/dir")) },
		"an unknown operation":                  func(x *reproducible.Trace) { x.Accesses[0].Op = "look" },
		"an unknown outcome":                    func(x *reproducible.Trace) { x.Accesses[0].Outcome = "" },
		"blind spots out of order":              func(x *reproducible.Trace) { x.BlindSpots = []string{"b", "a"} },
	} {
		t.Run(name, func(t *testing.T) {
			x := seen()
			change(x)
			_, err := trace.MaterialsOf(t.Context(), spec(t), sorted(x), manifests)
			require.NotEmpty(t, attest.Reasons(err))
		})
	}
	_, err := trace.MaterialsOf(t.Context(), spec(t), nil, manifests)
	require.ErrorIs(t, err, attest.Is(reproducible.CodeTrace))
	_, err = trace.MaterialsOf(t.Context(), spec(t), sorted(seen()), func(context.Context, digest.Digest) (*treehash.Manifest, error) {
		return nil, context.Canceled
	})
	require.ErrorIs(t, err, context.Canceled)
}

func TestATracedRunIsARuntimeTraceStatement(t *testing.T) {
	x := sorted(seen())
	m, err := trace.MaterialsOf(t.Context(), spec(t), x, manifests)
	require.NoError(t, err)
	r := &reproducible.Result{
		Spec: digest.FromBytes([]byte("spec")), Trace: x, Achieved: reproducible.Traced,
		Artifacts: []reproducible.Artifact{{Path: "a", Digest: digest.FromBytes([]byte("a")).Set(), Size: 1, Mode: 0o644}},
		Started:   time.Unix(100, 0), Finished: time.Unix(200, 0),
	}
	s, err := trace.Statement(r, m, trace.Process{HostID: "https://example.com/host", Event: "run 1"})
	require.NoError(t, err)
	p, err := predicate.Decode[predicate.RuntimeTrace](s, predicate.Reading{})
	require.NoError(t, err)
	require.Equal(t, m.Touched, p.MonitorLog.FileAccess)
	require.Len(t, p.MonitorLog.Process, 1)
	require.Len(t, p.MonitorLog.Network, 1)
	require.Contains(t, string(p.Monitor.TracePolicy), `"complete":true`)
	require.Equal(t, "a", s.Subjects()[0].Name)

	for name, change := range map[string]func(r *reproducible.Result, p *trace.Process){
		"no trace":           func(r *reproducible.Result, _ *trace.Process) { r.Trace, r.Achieved = nil, 0 },
		"a failed run":       func(r *reproducible.Result, _ *trace.Process) { r.Exit.Code = 1 },
		"no host":            func(_ *reproducible.Result, p *trace.Process) { p.HostID = "" },
		"no event":           func(_ *reproducible.Result, p *trace.Process) { p.Event = "" },
		"a promise not kept": func(r *reproducible.Result, _ *trace.Process) { r.Trace = nil },
	} {
		t.Run(name, func(t *testing.T) {
			r, p := *r, trace.Process{HostID: "https://example.com/host", Event: "run 1"}
			change(&r, &p)
			_, err := trace.Statement(&r, m, p)
			require.NotEmpty(t, attest.Reasons(err))
		})
	}
}

func ExampleMaterialsOf() {
	cc := digest.FromBytes([]byte("the compiler"))
	spec := &reproducible.Spec{
		Inputs: []reproducible.Input{
			{Path: "/bin/cc", Kind: reproducible.Executable, Digest: cc},
			{Path: "/bin/ld", Kind: reproducible.Executable, Digest: cc},
		},
		Command: []string{"/bin/cc"}, Outputs: []string{"a"},
	}
	// Builder gives the trace as Result.Trace, and the store the manifests.
	seen := &reproducible.Trace{Complete: true, Accesses: []reproducible.Access{
		{Op: reproducible.OpExec, Path: "/bin/cc", Resolved: "/bin/cc", Outcome: reproducible.OutcomeFound},
	}}
	m, err := trace.MaterialsOf(context.Background(), spec, seen, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("read:", m.Touched[0].Name, "untouched:", m.Untouched)
	// Output: read: /bin/cc untouched: [/bin/ld]
}
