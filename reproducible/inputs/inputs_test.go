package inputs_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/digest/treehash"
	"github.com/sealwright/sealwright/reproducible/inputs"
	"github.com/sealwright/sealwright/reproducible/store"
)

func config(t testing.TB) inputs.Config {
	t.Helper()
	dir := t.TempDir()
	t.Cleanup(func() { // trees of the store are read-only
		_ = filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				return os.Chmod(name, 0o700)
			}
			return nil
		})
	})
	s, err := store.Open(filepath.Join(dir, "store"), store.Limits{})
	require.NoError(t, err)
	temp := filepath.Join(dir, "temp")
	require.NoError(t, os.Mkdir(temp, 0o755))
	return inputs.Config{Store: s, Temp: temp}
}

// archive makes a tar archive.
func archive(t testing.TB, entries ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range entries {
		content := ""
		if h.Typeflag == 0 || h.Typeflag == tar.TypeReg {
			h.Typeflag, content = tar.TypeReg, "content of "+h.Name
			if h.PAXRecords["content"] != "" {
				content = h.PAXRecords["content"]
				h.PAXRecords = nil
			}
			h.Size = int64(len(content))
		}
		if h.Mode == 0 {
			h.Mode = 0o644
		}
		require.NoError(t, w.WriteHeader(&h))
		_, err := io.WriteString(w, content)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

func file(name string) tar.Header { return tar.Header{Name: name} }
func dir(name string) tar.Header  { return tar.Header{Name: name, Typeflag: tar.TypeDir, Mode: 0o755} }
func link(name, to string) tar.Header {
	return tar.Header{Name: name, Typeflag: tar.TypeSymlink, Linkname: to}
}
func hard(name, to string) tar.Header {
	return tar.Header{Name: name, Typeflag: tar.TypeLink, Linkname: to}
}

func zipped(t testing.TB, b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(b)
	require.NoError(t, errors.Join(err, w.Close()))
	return out.Bytes()
}

func zstandard(t testing.TB, b []byte) []byte {
	w, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	return w.EncodeAll(b, nil)
}

func names(m *treehash.Manifest) []string {
	var out []string
	for _, e := range m.Entries {
		out = append(out, e.Path)
	}
	return out
}

func TestAnArchiveIsTheSameTreeHoweverItIsPacked(t *testing.T) {
	plain := archive(t, dir("./"), dir("./a"), file("./a/b"), link("a/l", "b"), hard("a/h", "a/b"),
		tar.Header{Name: "x", Mode: 0o4755}, tar.Header{Name: "null", Typeflag: tar.TypeChar}, tar.Header{Name: "pipe", Typeflag: tar.TypeFifo},
		tar.Header{Name: "cap", PAXRecords: map[string]string{"SCHILY.xattr.security.capability": "x"}})
	var first *inputs.Tree
	for name, b := range map[string][]byte{"plain": plain, "gzip": zipped(t, plain), "zstd": zstandard(t, plain)} {
		t.Run(name, func(t *testing.T) {
			got, err := config(t).Tar(t.Context(), bytes.NewReader(b), digest.FromBytes(b))
			require.NoError(t, err)
			require.Equal(t, []string{"a", "a/b", "a/h", "a/l", "cap", "x"}, names(got.Manifest))
			require.Equal(t, got.Manifest.Entries[1].Digest, got.Manifest.Entries[2].Digest, "a hard link is a file of its own")
			require.ElementsMatch(t, []inputs.Dropped{
				{Path: "x", What: "special mode bits"}, {Path: "null", What: "device"}, {Path: "pipe", What: "FIFO"}, {Path: "cap", What: "extended attributes"},
			}, got.Dropped)
			if first == nil {
				first = got
			}
			require.Equal(t, first.Digest, got.Digest)
		})
	}
}

func TestAnArchiveThatIsAmbiguousOrWrongLeavesNothing(t *testing.T) {
	for name, x := range map[string]struct {
		archive []byte
		code    attest.Code
	}{
		"an absolute name":                        {archive(t, file("/etc/passwd")), inputs.CodeName},
		"a name that goes up":                     {archive(t, file("../x")), inputs.CodeName},
		"a name that goes up inside":              {archive(t, dir("a"), file("a/../../x")), inputs.CodeName},
		"a backslash":                             {archive(t, file(`a\b`)), inputs.CodeName},
		"a name that is not UTF-8":                {archive(t, tar.Header{Name: "a\xff", Format: tar.FormatGNU}), inputs.CodeName},
		"a doubled slash":                         {archive(t, file("a//b")), inputs.CodeName},
		"a file twice":                            {archive(t, file("a"), file("a")), inputs.CodeDuplicate},
		"a file and then a link":                  {archive(t, file("a"), link("a", "/etc")), inputs.CodeDuplicate},
		"a directory twice":                       {archive(t, dir("a"), dir("a")), inputs.CodeDuplicate},
		"a file that is a directory already":      {archive(t, file("a/b"), file("a")), inputs.CodeDuplicate},
		"an entry below a link":                   {archive(t, link("a", "/tmp"), file("a/x")), inputs.CodeName},
		"an entry below a link that stays inside": {archive(t, dir("b"), link("a", "b"), file("a/x")), inputs.CodeName},
		"an entry below a file":                   {archive(t, file("a"), file("a/x")), inputs.CodeName},
		"a hard link to what comes later":         {archive(t, hard("a", "b"), file("b")), inputs.CodeName},
		"a hard link outside":                     {archive(t, hard("a", "../../etc/passwd")), inputs.CodeName},
		"a hard link to the machine":              {archive(t, hard("a", "/etc/passwd")), inputs.CodeName},
		"a hard link over a link":                 {archive(t, link("l", "/etc"), hard("a", "l/passwd")), inputs.CodeName},
		"a hard link to a link":                   {archive(t, link("l", "/etc/passwd"), hard("a", "l")), inputs.CodeName},
		"the top as a file":                       {archive(t, tar.Header{Name: "./", Typeflag: tar.TypeSymlink, Linkname: "/"}), inputs.CodeType},
		"a second archive after the end":          {append(archive(t, file("a")), archive(t, file("b"))...), inputs.CodeArchive},
		"a truncated archive":                     {archive(t, file("a"))[:600], inputs.CodeArchive},
		"a wrong checksum":                        {flipped(archive(t, file("a")), 3), inputs.CodeArchive},
		"a truncated gzip stream":                 {zipped(t, archive(t, file("a")))[:40], inputs.CodeArchive},
		"a bomb":                                  {zipped(t, make([]byte, 64<<20)), inputs.CodeLimit},
		"a contiguous file of old":                {archive(t, tar.Header{Name: "a", Typeflag: tar.TypeCont}), inputs.CodeType},
	} {
		t.Run(name, func(t *testing.T) {
			c := config(t)
			got, err := c.Tar(t.Context(), bytes.NewReader(x.archive), digest.FromBytes(x.archive))
			require.ErrorIs(t, err, attest.Is(x.code))
			require.Nil(t, got)
			left, err := os.ReadDir(c.Temp)
			require.NoError(t, err)
			require.Empty(t, left)
		})
	}
}

func flipped(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 1
	return b
}

func TestNothingIsStoredBeforeTheDigestIsRight(t *testing.T) {
	b := archive(t, file("a"))
	c := config(t)
	for _, want := range []digest.Digest{digest.FromBytes([]byte("other")), {}, {Algorithm: digest.SHA1, Hex: strings.Repeat("0", 40)}} {
		_, err := c.Tar(t.Context(), bytes.NewReader(b), want)
		require.Error(t, err)
		require.NotEmpty(t, attest.Reasons(err))
	}
	for i := range b { // every byte counts, the padding too
		if i%37 != 0 {
			continue
		}
		_, err := c.Tar(t.Context(), bytes.NewReader(flipped(b, i)), digest.FromBytes(b))
		require.Error(t, err, "byte %d", i)
	}
	blobs := 0
	require.NoError(t, filepath.WalkDir(filepath.Join(filepath.Dir(c.Temp), "store", "blobs"), func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			blobs++
		}
		return err
	}))
	require.Zero(t, blobs)
}

func TestLimitsHold(t *testing.T) {
	b := archive(t, file("a"), file("b"), file("c"))
	for name, limits := range map[string]inputs.Limits{"entries": {Entries: 2}, "bytes": {Bytes: 20}} {
		t.Run(name, func(t *testing.T) {
			c := config(t)
			c.Limits = limits
			_, err := c.Tar(t.Context(), bytes.NewReader(b), digest.FromBytes(b))
			require.ErrorIs(t, err, attest.Is(inputs.CodeLimit))
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := config(t).Tar(ctx, bytes.NewReader(b), digest.FromBytes(b))
	require.ErrorIs(t, err, attest.Is(inputs.CodeCancelled))
	for _, c := range []inputs.Config{{}, {Store: config(t).Store, Temp: "relative"}, {Store: config(t).Store, Temp: t.TempDir(), Limits: inputs.Limits{Bytes: -1}}} {
		_, err := c.Tar(t.Context(), bytes.NewReader(b), digest.FromBytes(b))
		require.ErrorIs(t, err, attest.Is(inputs.CodeConfig))
	}
}

func TestASystemIsItsTopDirectories(t *testing.T) {
	b := archive(t, dir("usr/"), dir("usr/bin"), file("usr/bin/sh"), dir("usr/lib"), file("usr/lib/libc.so"), link("bin", "usr/bin"), link("lib", "/usr/lib"),
		dir("etc"), file("etc/passwd"), dir("dev"), tar.Header{Name: "dev/null", Typeflag: tar.TypeChar}, dir("tmp"), file("tmp/x"), dir("empty"), file("initrd"))
	got, err := config(t).Root(t.Context(), bytes.NewReader(b), digest.FromBytes(b))
	require.NoError(t, err)
	var paths []string
	for _, in := range got.Inputs {
		paths = append(paths, in.Path)
	}
	require.Equal(t, []string{"/bin", "/etc", "/lib", "/usr"}, paths)
	require.ElementsMatch(t, []inputs.Dropped{{Path: "dev/null", What: "device"}, {Path: "initrd", What: "file at the top"}}, got.Dropped)
	for name, b := range map[string][]byte{
		"a link to nothing": archive(t, link("lib", "usr/lib")),
		"a link outside":    archive(t, link("lib", "../../../usr")),
		"a link to a file":  archive(t, file("x"), link("lib", "x")),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := config(t).Root(t.Context(), bytes.NewReader(b), digest.FromBytes(b))
			require.ErrorIs(t, err, attest.Is(inputs.CodeName))
		})
	}
}

func FuzzTar(f *testing.F) {
	f.Add(archive(f, dir("a"), file("a/b"), link("l", "a"), hard("h", "a/b")))
	f.Add(zipped(f, archive(f, file("a"))))
	f.Add(zstandard(f, archive(f, file("a"))))
	c := config(f)
	c.Limits = inputs.Limits{Entries: 20, Bytes: 1 << 16}
	f.Fuzz(func(t *testing.T, b []byte) {
		tree, err := c.Tar(t.Context(), bytes.NewReader(b), digest.FromBytes(b))
		if err != nil {
			require.NotEmpty(t, attest.Reasons(err), "%v", err)
			return
		}
		require.NoError(t, tree.Manifest.Validate())
		left, err := os.ReadDir(c.Temp)
		require.NoError(t, err)
		require.Empty(t, left)
	})
}

// git returns inputs.Git for a repository.
func git(dir string) inputs.Git {
	return func(ctx context.Context, stdin io.Reader, args ...string) (io.ReadCloser, error) {
		cmd := exec.CommandContext(ctx, "git", append(inputs.GitArguments(), args...)...)
		cmd.Dir, cmd.Stdin = dir, stdin
		cmd.Env = []string{"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "HOME=/dev/null", "PATH=" + os.Getenv("PATH")}
		out, err := cmd.StdoutPipe()
		if err != nil {
			return nil, err
		}
		return finishing{out, cmd}, cmd.Start()
	}
}

type finishing struct {
	io.Reader
	cmd *exec.Cmd
}

func (f finishing) Close() error {
	_, err := io.Copy(io.Discard, f.Reader)
	return errors.Join(err, f.cmd.Wait())
}

// repository makes one with a commit of everything that do writes.
func repository(t testing.TB, format string, do func(dir string)) (dir, commit string) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("needs the Debian package git")
	}
	dir = t.TempDir()
	run := func(args ...string) string {
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		return strings.TrimSpace(string(out))
	}
	run("init", "-q", "--object-format="+format)
	do(dir)
	run("add", "-A", "-f")
	run("commit", "-q", "-m", "x")
	return dir, run("rev-parse", "HEAD")
}

func write(t testing.TB, dir, name, text string, mode fs.FileMode) {
	t.Helper()
	at := filepath.Join(dir, filepath.FromSlash(name))
	require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o755))
	require.NoError(t, os.WriteFile(at, []byte(text), mode))
}

func TestACommitIsWhatWasCommittedWhateverAttributesSay(t *testing.T) {
	for _, format := range []string{"sha1", "sha256"} {
		t.Run(format, func(t *testing.T) {
			dir, commit := repository(t, format, func(dir string) {
				write(t, dir, "main.c", "$Id$ $Format:%H$\r\n", 0o644)
				write(t, dir, "run.sh", "#!/bin/sh\n", 0o755)
				write(t, dir, "secret/ignored", "x", 0o644)
				write(t, dir, ".gitattributes", "* ident export-subst text\nsecret export-ignore\n", 0o644)
				require.NoError(t, os.Symlink("main.c", filepath.Join(dir, "link")))
			})
			c := config(t)
			got, err := c.Commit(t.Context(), git(dir), commit)
			require.NoError(t, err)
			require.Equal(t, []string{".gitattributes", "link", "main.c", "run.sh", "secret", "secret/ignored"}, names(got.Manifest))
			again, err := c.Commit(t.Context(), git(dir), commit)
			require.NoError(t, err)
			require.Equal(t, got.Digest, again.Digest)
		})
	}
}

func TestWhatGitSaysIsNotBelieved(t *testing.T) {
	dir, commit := repository(t, "sha1", func(dir string) {
		write(t, dir, "a", "content", 0o644)
		write(t, dir, "b/c", "more", 0o644)
	})
	lying := func(change func(args []string, out []byte) []byte) inputs.Git {
		return func(ctx context.Context, stdin io.Reader, args ...string) (io.ReadCloser, error) {
			r, err := git(dir)(ctx, stdin, args...)
			if err != nil {
				return nil, err
			}
			b, err := io.ReadAll(r)
			return io.NopCloser(bytes.NewReader(change(args, b))), errors.Join(err, r.Close())
		}
	}
	replace := func(command, old, new string) inputs.Git {
		return lying(func(args []string, out []byte) []byte {
			if strings.HasPrefix(strings.Join(args, " "), command) {
				return bytes.Replace(out, []byte(old), []byte(new), 1)
			}
			return out
		})
	}
	for name, x := range map[string]struct {
		git  inputs.Git
		code attest.Code
	}{
		"another commit":            {replace("cat-file commit", "a@example.com", "b@example.com"), inputs.CodeDigest},
		"another content":           {replace("cat-file --batch", "content", "CONTENT"), inputs.CodeDigest},
		"a file under another name": {replace("ls-tree", "\ta", "\tz"), inputs.CodeDigest},
		"a file left out":           {replace("ls-tree", "b/c", "b/d"), inputs.CodeDigest},
		"a file made executable":    {replace("ls-tree", "100644", "100755"), inputs.CodeDigest},
		"a file made a link":        {replace("ls-tree", "100644", "120000"), inputs.CodeDigest},
		"a name that goes up":       {replace("ls-tree", "\ta", "\t../a"), inputs.CodeName},
		"a submodule":               {replace("ls-tree", "100644 blob", "160000 commit"), inputs.CodeType},
		"another kind of object":    {replace("cat-file --batch", " blob ", " tree "), inputs.CodeGit},
		"a size that is negative":   {replace("cat-file --batch", " blob 7", " blob -7"), inputs.CodeGit},
		"a size that is too small":  {replace("cat-file --batch", " blob 7", " blob 6"), inputs.CodeGit},
		"nothing":                   {lying(func([]string, []byte) []byte { return nil }), inputs.CodeDigest},
		"no git":                    {func(context.Context, io.Reader, ...string) (io.ReadCloser, error) { return nil, errors.New("none") }, inputs.CodeGit},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := config(t).Commit(t.Context(), x.git, commit)
			require.ErrorIs(t, err, attest.Is(x.code))
			require.Nil(t, got)
		})
	}
	for _, id := range []string{"HEAD", "", commit[:39], strings.ToUpper(commit), strings.Repeat("0", 40)} {
		_, err := config(t).Commit(t.Context(), git(dir), id)
		require.NotEmpty(t, attest.Reasons(err), id)
	}
	_, err := config(t).Commit(t.Context(), nil, commit)
	require.ErrorIs(t, err, attest.Is(inputs.CodeConfig))
}

func ExampleConfig_Tar() {
	dir, err := os.MkdirTemp("", "inputs-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	s, err := store.Open(filepath.Join(dir, "store"), store.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	_ = w.WriteHeader(&tar.Header{Name: "main.c", Typeflag: tar.TypeReg, Size: 2, Mode: 0o644})
	_, _ = w.Write([]byte("x\n"))
	_ = w.Close()
	pinned := digest.FromBytes(b.Bytes()) // known beforehand
	tree, err := inputs.Config{Store: s, Temp: dir}.Tar(context.Background(), &b, pinned)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(tree.Manifest.Entries[0].Path, len(tree.Dropped))
	// Output: main.c 0
}

func TestEveryCodeIsListedOnce(t *testing.T) {
	seen := map[attest.Code]bool{}
	for _, c := range inputs.Codes() {
		assert.False(t, seen[c], c)
		seen[c] = true
	}
}
