package graph

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// Names in the directory. Segments and logs have a number of their own, which is
// never used again.
const (
	manifestName = "manifest"
	manifestTemp = "manifest.tmp"
	lockName     = "lock"
	segmentStem  = "segment-"
	logStem      = "log-"
)

const manifestVersion = 4

// A manifest is what the store consists of. It is written as one line of JSON and one
// with the SHA-256 of the first.
type manifest struct {
	Version  int            `json:"version"`
	Next     uint64         `json:"next"` // number of the next file
	Log      string         `json:"log"`
	Segments []segmentEntry `json:"segments"`
}

type segmentEntry struct {
	Name       string               `json:"name"`
	Statements uint32               `json:"statements"`
	Nodes      uint32               `json:"nodes"`
	Sums       [segmentFiles]uint32 `json:"sums"` // of the footers, in the order of suffixes
}

func (m *manifest) encode() ([]byte, error) {
	b, err := strictjson.Marshal(m)
	if err != nil {
		return nil, err
	}
	b = append(b, '\n')
	sum := sha256.Sum256(b)
	return append(b, hex.EncodeToString(sum[:])+"\n"...), nil
}

func parseManifest(b []byte) (*manifest, error) {
	refuse := func(want string, err error) (*manifest, error) {
		return nil, attest.Refuse(CodeDamaged, manifestName, want, "").Because(err)
	}
	line, last, ok := strings.Cut(string(b), "\n")
	sum := sha256.Sum256([]byte(line + "\n"))
	if !ok || last != hex.EncodeToString(sum[:])+"\n" {
		return refuse("a line of JSON and its digest", nil)
	}
	var format struct {
		Version int `json:"version"`
	}
	if err := strictjson.Unmarshal([]byte(line), &format, strictjson.Options{Depth: 8, AllowUnknown: true}); err != nil {
		return refuse("strict JSON", err)
	}
	if format.Version != manifestVersion {
		return nil, attest.Refuse(CodeDamaged, manifestName, "format "+strconv.Itoa(manifestVersion)+" of the store", "format "+strconv.Itoa(format.Version))
	}
	var m manifest
	if err := strictjson.Unmarshal([]byte(line), &m, strictjson.Options{Depth: 8}); err != nil {
		return refuse("strict JSON", err)
	}
	if !isNumbered(m.Log, logStem) {
		return refuse("the name of a log", nil)
	}
	for _, s := range m.Segments {
		if !isNumbered(s.Name, segmentStem) {
			return refuse("names of segments", nil)
		}
	}
	return &m, nil
}

// isNumbered reports whether name is the stem and a number.
func isNumbered(name, stem string) bool {
	digits, ok := strings.CutPrefix(name, stem)
	n, err := strconv.ParseUint(digits, 10, 64)
	return ok && err == nil && strconv.FormatUint(n, 10) == digits
}

// isOurs reports whether the store itself may have made the file, so that it may
// remove it.
func isOurs(name string) bool {
	stem, _, _ := strings.Cut(name, ".")
	return name == manifestTemp || isNumbered(name, logStem) || isNumbered(stem, segmentStem) && stem != name
}

// readManifest returns the manifest, or nil if the directory holds no store.
func readManifest(root *os.Root) (*manifest, error) {
	b, err := readFile(root, manifestName, 16<<20)
	if !errors.Is(err, fs.ErrNotExist) {
		if err != nil {
			return nil, attest.Refuse(CodeStorage, manifestName, "a readable file", "").Because(err)
		}
		return parseManifest(b)
	}
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return nil, attest.Refuse(CodeStorage, "directory", "its names", "").Because(err)
	}
	for _, e := range entries {
		stem, _, _ := strings.Cut(e.Name(), ".")
		info, err := e.Info()
		logged := isNumbered(e.Name(), logStem) && (err != nil || info.Size() > logHeader)
		if logged || isNumbered(stem, segmentStem) {
			return nil, attest.Refuse(CodeDamaged, manifestName, "the manifest of the files that are here", "none")
		}
	}
	return nil, nil
}

// writeManifest replaces the manifest atomically.
func writeManifest(root *os.Root, m *manifest) error {
	b, err := m.encode()
	if err != nil {
		return err
	}
	if err := writeFile(root, manifestTemp, b); err != nil {
		return err
	}
	if err := root.Rename(manifestTemp, manifestName); err != nil {
		return err
	}
	return syncDir(root)
}

// readFile reads a regular file of at most that many bytes.
func readFile(root *os.Root, name string, most int64) ([]byte, error) {
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > most {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrInvalid}
	}
	b := make([]byte, info.Size())
	n, err := io.ReadFull(f, b)
	if err == io.ErrUnexpectedEOF || err == io.EOF {
		err = nil
	}
	return b[:n], err
}

// writeFile writes a durable file.
func writeFile(root *os.Root, name string, b []byte) error {
	f, err := root.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func syncDir(root *os.Root) error {
	f, err := root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
