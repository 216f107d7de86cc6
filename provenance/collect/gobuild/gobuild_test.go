package gobuild_test

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance/buildtype"
	"github.com/sealwright/sealwright/provenance/collect"
	"github.com/sealwright/sealwright/provenance/collect/collecttest"
	"github.com/sealwright/sealwright/provenance/collect/gobuild"
	"github.com/sealwright/sealwright/provenance/slsa"
)

// info is build information as a linker writes it: a body between two markers.
const info = "path\texample.com/app/cmd/app\nmod\texample.com/app\t(devel)\t\n" +
	"dep\tgithub.com/octocat/lib\tv1.2.3\th1:ZKJXqCJLZ5z8iGX3bnQnY9/9Y3o8rZCkL3Yw0vKJY1I=\n" +
	"dep\texample.com/local\tv0.0.0\n=>\t./local\t(devel)\t\n" +
	"build\t-buildmode=exe\nbuild\t-compiler=gc\nbuild\t-ldflags=\"-X main.token=CANARY!s3cr3t\"\nbuild\tCGO_ENABLED=1\nbuild\tCGO_CFLAGS=-DTOKEN=CANARY\nbuild\tCGO_LDFLAGS=-LCANARY\n" +
	"build\tDefaultGODEBUG=madvdontneed=1\nbuild\tGOARCH=amd64\nbuild\tGOOS=linux\nbuild\tvcs=git\nbuild\tvcs.revision=c27d339ee6075c1f744c5d4b200f7901aad2c369\nbuild\tvcs.time=2026-11-23T12:00:00Z\nbuild\tvcs.modified=false\n"

// binary returns a Go program whose build information is exchanged for body.
func binary(t testing.TB, body string) []byte {
	t.Helper()
	built := build(t)
	b, err := os.ReadFile(built)
	require.NoError(t, err)
	was, err := buildinfo.ReadFile(built)
	require.NoError(t, err)
	text := was.String()
	text = text[strings.Index(text, "path\t"):]
	require.Contains(t, string(b), text, "the linker writes build information as text")
	room := len(text)
	require.LessOrEqual(t, len(body), room, "there is room for the body")
	body += "build\t-tags=" + strings.Repeat("x", room-len(body)-len("build\t-tags=\n")) + "\n"
	require.Len(t, body, room)
	return bytes.ReplaceAll(b, []byte(text), []byte(body)) // the runtime has a copy
}

// build makes a program whose build information is long, by a long path.
func build(t testing.TB) string {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("needs the Debian package golang")
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte("package main\n\nfunc main() {}\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.com/"+strings.Repeat("long/", 40)+"app\n\ngo 1.26\n"), 0o600))
	out := filepath.Join(dir, "app")
	cmd := exec.Command("go", "build", "-tags="+strings.Repeat("t", 800), "-ldflags=-s -w", "-buildvcs=false", "-o", out, ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off", "CGO_ENABLED=0")
	text, err := cmd.CombinedOutput()
	require.NoError(t, err, string(text))
	return out
}

func world(t testing.TB, b []byte) collecttest.World {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "app"), b, 0o755))
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	t.Cleanup(func() { root.Close() })
	return collecttest.World{Root: root}
}

func TestABinaryIsMeasuredAndFlagsAreHidden(t *testing.T) {
	b := binary(t, info)
	w := world(t, b)
	collecttest.TestCollector(t, gobuild.Collector{File: "app"}, w)
	f, err := gobuild.Collector{File: "app"}.Collect(t.Context(), w.Environment())
	require.NoError(t, err)
	require.Equal(t, digest.FromBytes(b).Set(), f.Outputs[0].Descriptor.Digest)
	require.Len(t, f.Inputs, 1)
	require.Equal(t, "pkg:golang/github.com/octocat/lib@v1.2.3", f.Inputs[0].Descriptor.URI)
	require.Contains(t, f.Inputs[0].Descriptor.Digest, digest.DirHash)
	require.NotEmpty(t, f.Gaps, "a directory replaces a module")
	for _, fact := range f.Facts {
		require.Equal(t, collect.Measured, fact.Trust)
		require.Equal(t, digest.FromBytes(b), fact.Evidence)
	}
	repository := &collect.Facts{}
	repository.Add(collect.Fact{Key: collect.Repository, Value: "git+https://github.com/octocat/hello-world", Origin: "caller"})
	r, err := collect.Resolve(f, repository)
	require.NoError(t, err)
	build, report, err := gobuild.Build(r, collect.Options{BuilderID: "https://example.com/builder"})
	require.NoError(t, err)
	require.Contains(t, string(build.External), `"-ldflags":"[MASKED]"`)
	require.Contains(t, string(build.External), `"CGO_CFLAGS":"[MASKED]"`)
	require.Contains(t, string(build.External), `"DefaultGODEBUG":"madvdontneed=1"`)
	require.Equal(t, 1, report.LevelCap())
	_, err = slsa.Encode(build)
	require.NoError(t, err)
	p, ok := buildtype.Find(buildtype.Profiles(), build.BuildType)
	require.True(t, ok)
	c, err := p.Normalize(build)
	require.NoError(t, err)
	require.Equal(t, "c27d339ee6075c1f744c5d4b200f7901aad2c369", c.Commit.Hex)
	require.Equal(t, "example.com/app/cmd/app", c.EntryPoint)
	require.Equal(t, []string{"settings"}, c.Masked)
}

func TestWhatABinaryContradictsOrMalformsIsRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		was, is string
		code    attest.Code
	}{
		"a revision that is a branch": {"vcs.revision=c27d339ee6075c1f744c5d4b200f7901aad2c369", "vcs.revision=main", collect.CodeValue},
		"modified, perhaps":           {"vcs.modified=false", "vcs.modified=maybe", collect.CodeValue},
		"a setting twice":             {"build\tvcs.modified=false", "build\tvcs.modified=true\nbuild\tvcs.modified=false", collect.CodeConflict},
		"an odd main package":         {"path\texample.com/app/cmd/app", "path\t$(CANARY)", collect.CodeValue},
	} {
		t.Run(name, func(t *testing.T) {
			w := world(t, binary(t, strings.Replace(info, tc.was, tc.is, 1)))
			_, err := gobuild.Collector{File: "app"}.Collect(t.Context(), w.Environment())
			collecttest.RequireCode(t, err, tc.code)
		})
	}
}

func TestAModifiedTreeIsRefusedByTheProfile(t *testing.T) {
	w := world(t, binary(t, strings.Replace(info, "vcs.modified=false", "vcs.modified=true", 1)))
	f, err := gobuild.Collector{File: "app"}.Collect(t.Context(), w.Environment())
	require.NoError(t, err)
	f.Add(collect.Fact{Key: collect.Repository, Value: "git+https://github.com/octocat/hello-world", Origin: "caller"})
	r, err := collect.Resolve(f)
	require.NoError(t, err)
	require.Equal(t, "true", r.Value(collect.Dirty))
	b, _, err := gobuild.Build(r, collect.Options{BuilderID: "https://example.com/builder"})
	require.NoError(t, err)
	p, _ := buildtype.Find(buildtype.Profiles(), b.BuildType)
	_, err = p.Normalize(b)
	collecttest.RequireCode(t, err, buildtype.CodeDirty)
}

func TestTheCommitOfABinaryMustBeThatOfTheOtherSources(t *testing.T) {
	f, err := gobuild.Collector{File: "app"}.Collect(t.Context(), world(t, binary(t, info)).Environment())
	require.NoError(t, err)
	token := &collect.Facts{}
	token.Add(collect.Fact{Key: collect.Commit, Value: strings.Repeat("0", 40), Trust: collect.PlatformSigned, Origin: "claim sha"})
	_, err = collect.Resolve(f, token)
	collecttest.RequireCode(t, err, collect.CodeConflict)
}

// A meddler is a context that does something when it is first asked, which is when the
// file is about to be hashed, after its build information was read.
type meddler struct {
	context.Context
	once *sync.Once
	do   func()
}

func (m meddler) Err() error {
	m.once.Do(m.do)
	return m.Context.Err()
}

func TestABinaryThatChangesBetweenReadingAndHashingIsRefused(t *testing.T) {
	b := binary(t, info)
	for name, change := range map[string]func(*testing.T, string){
		"longer":  func(t *testing.T, path string) { require.NoError(t, os.WriteFile(path, append(b, 0), 0o755)) },
		"shorter": func(t *testing.T, path string) { require.NoError(t, os.Truncate(path, int64(len(b)-1))) },
	} {
		t.Run(name, func(t *testing.T) {
			w := world(t, b)
			ran := false
			ctx := meddler{t.Context(), new(sync.Once), func() { ran = true; change(t, filepath.Join(w.Root.Name(), "app")) }}
			_, err := gobuild.Collector{File: "app"}.Collect(ctx, w.Environment())
			require.True(t, ran)
			collecttest.RequireCode(t, err, gobuild.CodeBinary)
		})
	}
}

func TestWhatIsNoGoBinaryIsRefused(t *testing.T) {
	for _, b := range [][]byte{nil, []byte(collecttest.Secret), []byte("\x7fELF" + collecttest.Secret), append([]byte("\x7fELF\x02\x01\x01"), make([]byte, 60)...)} {
		_, err := gobuild.Collector{File: "app"}.Collect(t.Context(), world(t, b).Environment())
		collecttest.RequireCode(t, err, gobuild.CodeBinary)
	}
	_, err := gobuild.Collector{File: "none"}.Collect(t.Context(), world(t, nil).Environment())
	collecttest.RequireCode(t, err, collect.CodeFile)
}

func ExampleCollector() {
	_, err := gobuild.Collector{File: "app"}.Collect(context.Background(), collect.Environment{})
	fmt.Println(attest.Reasons(err)[0])
	// Output: provenance.collect.capability at Environment.Root: want a directory, got nil
}
