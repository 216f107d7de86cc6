package process_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/process"
	"github.com/sealwright/sealwright/reproducible/reproducibletest"
	"github.com/sealwright/sealwright/reproducible/store"
)

// kitArgument makes the test binary act as the kit's command.
const kitArgument = "act-as-the-kit"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == kitArgument {
		os.Exit(reproducibletest.Main(os.Args[2:]))
	}
	os.Exit(m.Run())
}

func setup(t testing.TB) reproducibletest.Setup {
	t.Helper()
	s, err := store.Open(filepath.Join(t.TempDir(), "store"), store.Limits{})
	require.NoError(t, err)
	b, err := process.New(process.Config{Store: s, Dir: t.TempDir(), Now: time.Now})
	require.NoError(t, err)
	self, err := os.Executable()
	require.NoError(t, err)
	f, err := os.Open(self)
	require.NoError(t, err)
	defer f.Close()
	d, _, err := s.PutFile(t.Context(), f)
	require.NoError(t, err)
	return reproducibletest.Setup{
		Builder: b, PutFile: s.PutFile, Open: s.Open,
		Spec: func() *reproducible.Spec {
			return &reproducible.Spec{
				Inputs:  []reproducible.Input{{Path: "/bin/tool", Kind: reproducible.Executable, Digest: d}},
				Command: []string{"/bin/tool", kitArgument},
			}
		},
	}
}

func TestAPlainProcessKeepsTheContract(t *testing.T) {
	reproducibletest.TestBuilder(t, setup(t))
}

func TestAPlainProcessRefusesWhateverItCannotGive(t *testing.T) {
	s := setup(t)
	for _, name := range reproducible.AllGuarantees.Names() {
		one, err := reproducible.ParseGuarantee(name)
		require.NoError(t, err)
		t.Run(name, func(t *testing.T) {
			spec := s.Spec()
			spec.Command, spec.Outputs, spec.Require = append(spec.Command, "write result x"), []string{"result"}, one
			r, err := s.Builder.Build(t.Context(), spec)
			if process.Achieved.Has(one) {
				require.NoError(t, err)
				require.True(t, r.Achieved.Has(one))
				return
			}
			var unmet *reproducible.UnmetError
			require.ErrorAs(t, err, &unmet)
			require.Equal(t, one, unmet.Missing)
			require.Nil(t, r)
		})
	}
}

func TestATreeIsCopiedSoThatTheStoreStaysIntact(t *testing.T) {
	dir := t.TempDir()
	s, err := store.Open(filepath.Join(dir, "store"), store.Limits{})
	require.NoError(t, err)
	source := filepath.Join(dir, "source")
	require.NoError(t, os.Mkdir(source, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(source, "file"), []byte("content"), 0o644))
	root, err := os.OpenRoot(source)
	require.NoError(t, err)
	defer root.Close()
	tree, _, err := s.PutTree(t.Context(), root)
	require.NoError(t, err)
	k := setup(t)
	spec := k.Spec()
	f, err := os.Open(must(os.Executable()))
	require.NoError(t, err)
	defer f.Close()
	tool, _, err := s.PutFile(t.Context(), f)
	require.NoError(t, err)
	spec.Inputs = []reproducible.Input{
		{Path: "/bin/tool", Kind: reproducible.Executable, Digest: tool},
		{Path: "/in", Kind: reproducible.Tree, Digest: tree},
	}
	spec.Command = append(spec.Command, "write ../in/file overwritten", "copy ../in/file result")
	spec.Outputs = []string{"result"}
	b, err := process.New(process.Config{Store: s, Dir: dir, Now: time.Now})
	require.NoError(t, err)
	_, err = b.Build(t.Context(), spec)
	require.NoError(t, err, "the command may write to its copy")
	_, err = s.Materialize(t.Context(), tree)
	require.NoError(t, err)
	removeTrees(filepath.Join(dir, "store"))
}

func must(path string, err error) string {
	if err != nil {
		panic(err)
	}
	return path
}

// removeTrees makes read-only trees removable.
func removeTrees(dir string) {
	_ = filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			return os.Chmod(name, 0o700)
		}
		return err
	})
}

func TestAnIncompleteConfigIsRefused(t *testing.T) {
	s, err := store.Open(filepath.Join(t.TempDir(), "store"), store.Limits{})
	require.NoError(t, err)
	for name, c := range map[string]process.Config{
		"no store":         {Dir: "/", Now: time.Now},
		"no clock":         {Dir: "/", Store: s},
		"a relative place": {Dir: "x", Store: s, Now: time.Now},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := process.New(c)
			require.ErrorIs(t, err, attest.Is(process.CodeConfig))
		})
	}
}
