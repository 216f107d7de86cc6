package reproducible_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/reproducible"
)

func specOf() *reproducible.Spec {
	return &reproducible.Spec{
		Inputs: []reproducible.Input{
			{Path: "/src", Kind: reproducible.Tree, Digest: digest.FromBytes([]byte("tree")), Role: "source"},
			{Path: "/bin/tool", Kind: reproducible.Executable, Digest: digest.FromBytes([]byte("tool")), Role: "tool"},
		},
		Command: []string{"/bin/tool", "-o", "../out/a"},
		Env:     map[string]string{"MODE": "fast"},
		Dir:     "/src",
		Outputs: []string{"b/c", "a"},
		Epoch:   1700000000,
	}
}

func codes(err error) []attest.Code {
	var out []attest.Code
	for _, r := range attest.Reasons(err) {
		out = append(out, r.Code)
	}
	return out
}

func TestASpecThatSaysEverythingIsValid(t *testing.T) {
	require.NoError(t, specOf().Validate())
}

func TestEveryFaultOfASpecIsReported(t *testing.T) {
	for name, x := range map[string]struct {
		change func(*reproducible.Spec)
		code   attest.Code
	}{
		"no command":                    {func(s *reproducible.Spec) { s.Command = nil }, reproducible.CodeSpecCommand},
		"a program by name":             {func(s *reproducible.Spec) { s.Command[0] = "tool" }, reproducible.CodeSpecCommand},
		"a program by unclean path":     {func(s *reproducible.Spec) { s.Command[0] = "/bin/../tool" }, reproducible.CodeSpecCommand},
		"NUL in an argument":            {func(s *reproducible.Spec) { s.Command[1] = "a\x00b" }, reproducible.CodeSpecText},
		"an argument that is not UTF-8": {func(s *reproducible.Spec) { s.Command[1] = "\xff" }, reproducible.CodeSpecText},
		"an endless argument":           {func(s *reproducible.Spec) { s.Command[1] = strings.Repeat("x", 200_000) }, reproducible.CodeSpecLimit},
		"too many arguments":            {func(s *reproducible.Spec) { s.Command = append(s.Command, make([]string, 5000)...) }, reproducible.CodeSpecLimit},
		"a relative directory":          {func(s *reproducible.Spec) { s.Dir = "src" }, reproducible.CodeSpecPath},
		"a variable without name":       {func(s *reproducible.Spec) { s.Env[""] = "x" }, reproducible.CodeSpecEnv},
		"a variable with =":             {func(s *reproducible.Spec) { s.Env["A=B"] = "x" }, reproducible.CodeSpecEnv},
		"a variable of a field":         {func(s *reproducible.Spec) { s.Env["SOURCE_DATE_EPOCH"] = "0" }, reproducible.CodeSpecEnv},
		"the time zone as a variable":   {func(s *reproducible.Spec) { s.Env["TZ"] = "CET" }, reproducible.CodeSpecEnv},
		"a variable with NUL":           {func(s *reproducible.Spec) { s.Env["A"] = "\x00" }, reproducible.CodeSpecText},
		"an input without digest":       {func(s *reproducible.Spec) { s.Inputs[0].Digest = digest.Digest{} }, reproducible.CodeSpecDigest},
		"an input by a weak digest": {func(s *reproducible.Spec) {
			s.Inputs[0].Digest = digest.Digest{Algorithm: digest.SHA1, Hex: strings.Repeat("a", 40)}
		}, reproducible.CodeSpecDigest},
		"an input by another digest": {func(s *reproducible.Spec) {
			s.Inputs[0].Digest = digest.Digest{Algorithm: digest.SHA512, Hex: strings.Repeat("a", 128)}
		}, reproducible.CodeSpecDigest},
		"an input by an upper-case digest": {func(s *reproducible.Spec) {
			s.Inputs[0].Digest.Hex = strings.ToUpper(s.Inputs[0].Digest.Hex)
		}, reproducible.CodeSpecDigest},
		"an input without kind":     {func(s *reproducible.Spec) { s.Inputs[0].Kind = "" }, reproducible.CodeSpecKind},
		"an input of unknown role":  {func(s *reproducible.Spec) { s.Inputs[0].Role = "friend" }, reproducible.CodeSpecKind},
		"an input at the root":      {func(s *reproducible.Spec) { s.Inputs[0].Path = "/" }, reproducible.CodeSpecPath},
		"an input in the outputs":   {func(s *reproducible.Spec) { s.Inputs[0].Path = "/out/x" }, reproducible.CodeSpecPath},
		"an input in the scratch":   {func(s *reproducible.Spec) { s.Inputs[0].Path = "/tmp" }, reproducible.CodeSpecPath},
		"an input in /proc":         {func(s *reproducible.Spec) { s.Inputs[0].Path = "/proc/1" }, reproducible.CodeSpecPath},
		"an input in /dev":          {func(s *reproducible.Spec) { s.Inputs[0].Path = "/dev/null" }, reproducible.CodeSpecPath},
		"an input that climbs":      {func(s *reproducible.Spec) { s.Inputs[0].Path = "/a/../../b" }, reproducible.CodeSpecPath},
		"two inputs at one path":    {func(s *reproducible.Spec) { s.Inputs[0].Path = s.Inputs[1].Path }, reproducible.CodeSpecOverlap},
		"an input within another":   {func(s *reproducible.Spec) { s.Inputs[0].Path = "/bin" }, reproducible.CodeSpecOverlap},
		"a host path over an input": {func(s *reproducible.Spec) { s.HostPaths = []string{"/src/x"} }, reproducible.CodeSpecOverlap},
		"a host path twice":         {func(s *reproducible.Spec) { s.HostPaths = []string{"/usr", "/usr"} }, reproducible.CodeSpecOverlap},
		"the whole host":            {func(s *reproducible.Spec) { s.HostPaths = []string{"/"} }, reproducible.CodeSpecPath},
		"no output":                 {func(s *reproducible.Spec) { s.Outputs = nil }, reproducible.CodeSpecOutput},
		"an absolute output":        {func(s *reproducible.Spec) { s.Outputs[0] = "/etc/passwd" }, reproducible.CodeSpecOutput},
		"an output that climbs":     {func(s *reproducible.Spec) { s.Outputs[0] = "../x" }, reproducible.CodeSpecOutput},
		"an output with a newline":  {func(s *reproducible.Spec) { s.Outputs[0] = "a\nb" }, reproducible.CodeSpecOutput},
		"an output within another":  {func(s *reproducible.Spec) { s.Outputs[0] = "a/b" }, reproducible.CodeSpecOverlap},
		"a time before 1970":        {func(s *reproducible.Spec) { s.Epoch = -1 }, reproducible.CodeSpecIdentity},
		"a umask of more bits":      {func(s *reproducible.Spec) { s.Umask = 0o1022 }, reproducible.CodeSpecIdentity},
		"a user id out of range":    {func(s *reproducible.Spec) { s.UID = 1 << 31 }, reproducible.CodeSpecIdentity},
		"processors beyond any":     {func(s *reproducible.Spec) { s.CPUs = 1025 }, reproducible.CodeSpecLimit},
		"a host name with a slash":  {func(s *reproducible.Spec) { s.Hostname = "a/b" }, reproducible.CodeSpecIdentity},
		"a host name too long":      {func(s *reproducible.Spec) { s.Hostname = strings.Repeat("a", 64) }, reproducible.CodeSpecIdentity},
		"a negative limit":          {func(s *reproducible.Spec) { s.Limits.Memory = -1 }, reproducible.CodeSpecLimit},
		"a fraction of a second":    {func(s *reproducible.Spec) { s.Limits.CPU = time.Millisecond }, reproducible.CodeSpecLimit},
		"an unknown requirement":    {func(s *reproducible.Spec) { s.Require = 1 << 60 }, reproducible.CodeGuarantee},
		"a locale with NUL":         {func(s *reproducible.Spec) { s.Locale = "C\x00" }, reproducible.CodeSpecText},
	} {
		t.Run(name, func(t *testing.T) {
			s := specOf()
			x.change(s)
			require.Contains(t, codes(s.Validate()), x.code)
			_, err := s.Digest()
			require.Contains(t, codes(err), x.code, "what is not valid has no digest")
		})
	}
	s := specOf()
	s.Command, s.Outputs, s.Epoch = nil, nil, -1
	require.Len(t, codes(s.Validate()), 3, "not only the first")
	require.Equal(t, []attest.Code{reproducible.CodeSpecNil}, codes((*reproducible.Spec)(nil).Validate()))
}

func TestEqualSpecsHaveEqualBytes(t *testing.T) {
	want, err := specOf().Canonical()
	require.NoError(t, err)
	s := specOf()
	slices.Reverse(s.Inputs)
	slices.Reverse(s.Outputs)
	s = s.WithDefaults()
	got, err := s.Canonical()
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
	require.True(t, json.Valid(got))
	require.NotEqual(t, "a", specOf().Outputs[0], "sorting happens in a copy")
	d, err := s.Digest()
	require.NoError(t, err)
	require.Equal(t, digest.FromBytes(want), d)
}

func TestEveryFieldOfASpecIsInItsDigest(t *testing.T) {
	seen := map[digest.Digest]string{}
	for name, change := range map[string]func(*reproducible.Spec){
		"nothing":     func(*reproducible.Spec) {},
		"input":       func(s *reproducible.Spec) { s.Inputs[0].Digest = digest.FromBytes(nil) },
		"input path":  func(s *reproducible.Spec) { s.Inputs[0].Path = "/source" },
		"input kind":  func(s *reproducible.Spec) { s.Inputs[0].Kind = reproducible.File },
		"input role":  func(s *reproducible.Spec) { s.Inputs[0].Role = "base" },
		"input name":  func(s *reproducible.Spec) { s.Inputs[0].Name = "x" },
		"input URI":   func(s *reproducible.Spec) { s.Inputs[0].URI = "x" },
		"host paths":  func(s *reproducible.Spec) { s.HostPaths = []string{"/usr"} },
		"command":     func(s *reproducible.Spec) { s.Command = append(s.Command, "") },
		"environment": func(s *reproducible.Spec) { s.Env["A"] = "" },
		"directory":   func(s *reproducible.Spec) { s.Dir = "/" },
		"outputs":     func(s *reproducible.Spec) { s.Outputs = s.Outputs[:1] },
		"epoch":       func(s *reproducible.Spec) { s.Epoch++ },
		"locale":      func(s *reproducible.Spec) { s.Locale = "C" },
		"time zone":   func(s *reproducible.Spec) { s.TZ = "CET" },
		"host name":   func(s *reproducible.Spec) { s.Hostname = "x" },
		"umask":       func(s *reproducible.Spec) { s.Umask = 0o77 },
		"user":        func(s *reproducible.Spec) { s.UID = 1 },
		"processors":  func(s *reproducible.Spec) { s.CPUs = 1 },
		"group":       func(s *reproducible.Spec) { s.GID = 1 },
		"memory":      func(s *reproducible.Spec) { s.Limits.Memory = 1 },
		"processes":   func(s *reproducible.Spec) { s.Limits.PIDs = 1 },
		"CPU":         func(s *reproducible.Spec) { s.Limits.CPU = time.Second },
		"wall":        func(s *reproducible.Spec) { s.Limits.Wall = 1 },
		"output":      func(s *reproducible.Spec) { s.Limits.OutputBytes = 1 },
		"files":       func(s *reproducible.Spec) { s.Limits.OutputFiles = 1 },
		"log":         func(s *reproducible.Spec) { s.Limits.LogBytes = 1 },
		"scratch":     func(s *reproducible.Spec) { s.Limits.ScratchBytes = 1 },
		"requirement": func(s *reproducible.Spec) { s.Require = reproducible.NoNetwork },
	} {
		s := specOf()
		change(s)
		d, err := s.Digest()
		require.NoError(t, err, name)
		require.Empty(t, seen[d], "%s and %s have one digest", name, seen[d])
		seen[d] = name
	}
}

func TestTheEnvironmentIsComplete(t *testing.T) {
	s := specOf()
	s.Env["HOME"] = "/elsewhere"
	require.Equal(t, []string{
		"HOME=/elsewhere", "LC_ALL=C.UTF-8", "MODE=fast", "PATH=/usr/local/bin:/usr/bin:/bin",
		"SOURCE_DATE_EPOCH=1700000000", "TMPDIR=/tmp", "TZ=UTC",
	}, s.Environment())
}

func TestGuaranteesHaveStableNames(t *testing.T) {
	b, err := json.Marshal(reproducible.AllGuarantees)
	require.NoError(t, err)
	require.Equal(t, `["inputs-pinned","read-only-inputs","minimal-root","no-network","pid-isolation","ipc-isolation",`+
		`"uts-isolation","user-isolation","no-new-privileges","no-capabilities","seccomp","kill-tree","closed-descriptors",`+
		`"memory-limit","memory-per-process","pids-limit","pids-per-user","cpu-limit","wall-limit","output-limit",`+
		`"storage-limit","clean-environment","fixed-hostname","traced","fixed-clock","confined-files","sorted-inputs","time-isolation"]`, string(b))
	var again reproducible.Guarantees
	require.NoError(t, json.Unmarshal(b, &again))
	require.Equal(t, reproducible.AllGuarantees, again)
	require.Equal(t, "none", reproducible.Guarantees(0).String())
	require.Equal(t, "no-network,seccomp", (reproducible.NoNetwork | reproducible.Seccomp).String())
}

func TestUnknownGuaranteesAreRefused(t *testing.T) {
	for _, text := range []string{`["NO-NETWORK"]`, `["no-network","no-network"]`, `["",""]`, `"no-network"`, `["no-network"] x`, `[1]`} {
		var g reproducible.Guarantees
		require.Error(t, g.UnmarshalJSON([]byte(text)), text)
		require.Zero(t, g)
	}
	_, err := reproducible.Guarantees(1 << 40).MarshalJSON()
	require.Equal(t, []attest.Code{reproducible.CodeGuarantee}, codes(err))
}

func TestARequirementIsMetOrNamed(t *testing.T) {
	require.NoError(t, reproducible.RequireMet(reproducible.Seccomp, reproducible.AllGuarantees, nil))
	require.NoError(t, reproducible.RequireMet(0, 0, nil))
	err := reproducible.RequireMet(reproducible.Seccomp|reproducible.KillTree, reproducible.KillTree, nil)
	var unmet *reproducible.UnmetError
	require.ErrorAs(t, err, &unmet)
	require.Equal(t, reproducible.Seccomp, unmet.Missing)
	require.ErrorContains(t, err, "missing seccomp")
}

func TestTheCatalogueHoldsEachCodeOnce(t *testing.T) {
	seen := map[attest.Code]bool{}
	for _, c := range reproducible.Codes() {
		require.False(t, seen[c], c)
		seen[c] = true
	}
	require.Len(t, slices.Collect(maps.Keys(seen)), len(reproducible.Codes()))
}
