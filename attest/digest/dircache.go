package digest

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"strconv"
)

// A DirCache is a Cache in a directory, one small file for each entry,
// authenticated with HMAC-SHA-256: without the key nobody can place an entry in
// it that Get believes. Several processes may share one. Emptying the directory
// is always safe; an old entry that is put back is believed, which is right, as a
// FileKey never stands for two contents.
type DirCache struct {
	root *os.Root
	key  []byte
}

const (
	cacheMagic = "sealwright-dce1\n"
	maxEntry   = 64 << 10
)

// NewDirCache returns the cache in root, which stays open as long as the cache
// is used. key is secret and of at least 32 bytes.
func NewDirCache(root *os.Root, key []byte) (*DirCache, error) {
	if err := checkKey(CodeCacheKey, key); err != nil {
		return nil, err
	}
	return &DirCache{root, append([]byte(nil), key...)}, nil
}

// Get implements Cache.
func (c *DirCache) Get(_ context.Context, k FileKey) (Set, bool, error) {
	name := entryName(k)
	f, err := c.root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, &Error{Code: CodeCacheRead, Where: name, Err: err}
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxEntry+1))
	if err != nil {
		return nil, false, &Error{Code: CodeCacheRead, Where: name, Err: err}
	}
	s, err := c.open(k, b)
	if err != nil {
		return nil, false, err
	}
	return s, true, nil
}

// Put implements Cache. The entry appears whole or not at all.
func (c *DirCache) Put(_ context.Context, k FileKey, s Set) error {
	if err := s.Validate(); err != nil {
		return err
	}
	b := c.seal(k, s)
	name := entryName(k)
	if len(b) > maxEntry {
		return &Error{Code: CodeCacheWrite, Where: name, Want: strconv.Itoa(maxEntry) + " bytes", Got: strconv.Itoa(len(b))}
	}
	if err := c.write(name, b); err != nil {
		return &Error{Code: CodeCacheWrite, Where: name, Err: err}
	}
	return nil
}

func (c *DirCache) write(name string, b []byte) error {
	if err := c.root.MkdirAll(path.Dir(name), 0o700); err != nil {
		return err
	}
	temporary := name + "." + rand.Text()
	if err := c.root.WriteFile(temporary, b, 0o600); err != nil {
		return errors.Join(err, c.root.Remove(temporary))
	}
	if err := c.root.Rename(temporary, name); err != nil {
		return errors.Join(err, c.root.Remove(temporary))
	}
	return nil
}

// entryName returns the path of the entry for k.
func entryName(k FileKey) string {
	sum := sha256.Sum256(k.appendTo(nil))
	h := hex.EncodeToString(sum[:])
	return h[:2] + "/" + h[2:]
}

func (k FileKey) appendTo(b []byte) []byte {
	b = binary.BigEndian.AppendUint64(b, k.Device)
	b = binary.BigEndian.AppendUint64(b, k.Inode)
	b = binary.BigEndian.AppendUint64(b, uint64(k.Size))
	b = binary.BigEndian.AppendUint64(b, uint64(k.Modified))
	return binary.BigEndian.AppendUint64(b, uint64(k.Changed))
}

// seal writes an entry: the key, so that an entry under another name is seen,
// the digests, the HMAC.
func (c *DirCache) seal(k FileKey, s Set) []byte {
	b := k.appendTo([]byte(cacheMagic))
	for _, a := range s.Algorithms() {
		b = appendField(b, []byte(a))
		b = appendField(b, []byte(s[a]))
	}
	return append(b, c.mac(b)...)
}

func (c *DirCache) open(k FileKey, b []byte) (Set, error) {
	refused := &Error{Code: CodeCacheEntry, Where: entryName(k), Want: "an entry sealed with this key for this file"}
	head := k.appendTo([]byte(cacheMagic))
	if len(b) < len(head)+sha256.Size || len(b) > maxEntry {
		return nil, refused
	}
	body, mac := b[:len(b)-sha256.Size], b[len(b)-sha256.Size:]
	if !hmac.Equal(mac, c.mac(body)) || string(body[:len(head)]) != string(head) {
		return nil, refused
	}
	s := make(Set)
	d := decoder{rest: body[len(head):]}
	for !d.bad && len(d.rest) > 0 {
		a := Algorithm(d.field())
		s[a] = string(d.field())
	}
	if d.bad || s.Validate() != nil {
		return nil, refused
	}
	return s, nil
}

func (c *DirCache) mac(b []byte) []byte {
	m := hmac.New(sha256.New, c.key)
	m.Write([]byte("sealwright digest cache v1\x00"))
	m.Write(b)
	return m.Sum(nil)
}
