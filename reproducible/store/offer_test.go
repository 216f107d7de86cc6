//go:build unix

package store_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/reproducible/store"
)

func TestAnOfferIsOfWhatItVerifies(t *testing.T) {
	s := newStore(t, store.Limits{})
	tree, _, err := s.PutTree(t.Context(), sampleTree(t))
	require.NoError(t, err)
	_, err = s.Offer(tree)
	refused(t, err, store.CodeAbsent)
	file := digest.FromBytes([]byte("content"))
	_, err = s.OfferFile(file, true)
	refused(t, err, store.CodeAbsent)
	_, err = s.Materialize(t.Context(), tree)
	require.NoError(t, err)
	_, err = s.MaterializeFile(t.Context(), file, true)
	require.NoError(t, err)
	for name, offer := range map[string]func() (*store.Offer, error){
		"a tree":    func() (*store.Offer, error) { return s.Offer(tree) },
		"a file":    func() (*store.Offer, error) { return s.OfferFile(file, false) },
		"a program": func() (*store.Offer, error) { return s.OfferFile(file, true) },
	} {
		t.Run(name, func(t *testing.T) {
			o, err := offer()
			require.NoError(t, err)
			info, err := os.Stat(o.Path())
			require.NoError(t, err)
			require.True(t, o.Is(info))
			other, err := os.Stat(filepath.Dir(o.Path()))
			require.NoError(t, err)
			require.False(t, o.Is(other))
			require.NoError(t, o.Verify(t.Context()))
			require.NoError(t, o.Close())
			o, err = offer()
			require.NoError(t, err)
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			refused(t, o.Verify(ctx), store.CodeCancelled)
			require.NoError(t, o.Close())
		})
	}
}

func TestAnOfferVerifiesWhatItHadOpened(t *testing.T) {
	s, _ := newStoreIn(t, store.Limits{})
	d, _, err := s.PutFile(t.Context(), strings.NewReader("content"))
	require.NoError(t, err)
	o, err := s.OfferFile(d, false)
	require.NoError(t, err)
	defer o.Close()
	require.NoError(t, os.Rename(o.Path(), o.Path()+".old"))
	require.NoError(t, os.WriteFile(o.Path(), []byte("CONTENT"), 0o444))
	require.NoError(t, o.Verify(t.Context()))
	info, err := os.Stat(o.Path())
	require.NoError(t, err)
	require.False(t, o.Is(info), "which lies elsewhere now")
}

func TestWhatIsNoFileIsNotOpened(t *testing.T) {
	for name, instead := range map[string]func(path string) error{
		"a pipe":              func(path string) error { return syscall.Mkfifo(path, 0o644) },
		"a directory":         func(path string) error { return os.Mkdir(path, 0o755) },
		"a link to the right": func(path string) error { return os.Symlink(path+".old", path) },
		"a link to nothing":   func(path string) error { return os.Symlink("nothing", path) },
	} {
		t.Run(name, func(t *testing.T) {
			s, dir := newStoreIn(t, store.Limits{})
			d, _, err := s.PutFile(t.Context(), strings.NewReader("content"))
			require.NoError(t, err)
			path := filepath.Join(dir, "blobs", d.Hex[:2], d.Hex)
			require.NoError(t, os.Rename(path, path+".old"))
			require.NoError(t, instead(path))
			_, err = s.OfferFile(d, false)
			refused(t, err, store.CodeCorrupt)
			_, err = s.MaterializeFile(t.Context(), d, false)
			refused(t, err, store.CodeCorrupt)
			_, err = s.Open(t.Context(), d)
			refused(t, err, store.CodeCorrupt)
			_, err = s.ReadFile(t.Context(), d, 100)
			refused(t, err, store.CodeCorrupt)
		})
	}
}

func TestALinkInThePlaceOfATreeIsNotFollowed(t *testing.T) {
	s, dir := newStoreIn(t, store.Limits{})
	d, _, err := s.PutTree(t.Context(), sampleTree(t))
	require.NoError(t, err)
	path, err := s.Materialize(t.Context(), d)
	require.NoError(t, err)
	aside := filepath.Join(dir, "aside")
	require.NoError(t, os.Chmod(path, 0o755)) // a directory that moves is written to
	require.NoError(t, os.Rename(path, aside))
	require.NoError(t, os.Chmod(aside, 0o555))
	require.NoError(t, os.Symlink(aside, path))
	_, err = s.Offer(d)
	refused(t, err, store.CodeCorrupt)
	again, err := s.Materialize(t.Context(), d)
	require.NoError(t, err)
	info, err := os.Lstat(again)
	require.NoError(t, err)
	require.True(t, info.IsDir(), "it is made again")
	info, err = os.Stat(aside)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o555), info.Mode().Perm(), "and where the link led, nothing has changed")
}

func TestPuttingWhatIsThereWritesNothing(t *testing.T) {
	s, dir := newStoreIn(t, store.Limits{})
	for _, size := range []int{0, 1, 64 << 10, 64<<10 + 1} {
		text := strings.Repeat("x", size)
		d, n, err := s.PutFile(t.Context(), strings.NewReader(text))
		require.NoError(t, err)
		require.Equal(t, digest.FromBytes([]byte(text)), d)
		require.Equal(t, int64(size), n)
		path := filepath.Join(dir, "blobs", d.Hex[:2], d.Hex)
		before, err := os.Stat(path)
		require.NoError(t, err)
		again, n, err := s.PutFile(t.Context(), strings.NewReader(text))
		require.NoError(t, err)
		require.Equal(t, d, again)
		require.Equal(t, int64(size), n)
		after, err := os.Stat(path)
		require.NoError(t, err)
		require.True(t, os.SameFile(before, after))
	}
}
