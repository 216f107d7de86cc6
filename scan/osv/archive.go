package osv

import (
	"archive/zip"
	"bytes"
	"io"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/scan"
)

// archive reads <ecosystem>/all.zip. What the archive says of sizes is never
// believed: every entry is read against the limits, so that neither a bomb nor
// overlapping entries cost more than they allow.
func (l *loader) archive(at, ecosystem string) error {
	f, err := l.fsys.Open(at)
	if err != nil {
		return attest.Refuse(CodeUnreadable, at, "an archive", "").Because(err)
	}
	defer f.Close()
	content, size, err := l.content(f, at)
	if err != nil {
		return err
	}
	z, err := zip.NewReader(content, size)
	if err != nil {
		return attest.Refuse(CodeUnreadable, at, "a zip archive", scan.Quote(err.Error())).Because(err)
	}
	if len(z.File) > l.limits.Records {
		return attest.Refuse(CodeLimit, at, "at most "+strconv.Itoa(l.limits.Records)+" records", strconv.Itoa(len(z.File)))
	}
	before := l.usable
	for _, member := range z.File {
		if err := l.member(member, ecosystem, at); err != nil {
			return err
		}
	}
	if l.usable == before {
		return attest.Refuse(CodeEmpty, at, "usable records of "+scan.Quote(ecosystem), "none of "+strconv.Itoa(len(z.File)))
	}
	return nil
}

// content returns the archive for reading at random. A file that cannot be read
// so is read into memory.
func (l *loader) content(f fs.File, at string) (io.ReaderAt, int64, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, 0, attest.Refuse(CodeUnreadable, at, "an archive", "").Because(err)
	}
	if info.Size() > l.limits.ArchiveBytes {
		return nil, 0, attest.Refuse(CodeLimit, at, "at most "+strconv.FormatInt(l.limits.ArchiveBytes, 10)+" bytes", strconv.FormatInt(info.Size(), 10))
	}
	if r, ok := f.(io.ReaderAt); ok {
		return r, info.Size(), nil
	}
	data, err := io.ReadAll(io.LimitReader(f, l.limits.ArchiveBytes))
	if err != nil {
		return nil, 0, attest.Refuse(CodeUnreadable, at, "an archive", "").Because(err)
	}
	return bytes.NewReader(data), int64(len(data)), nil
}

// member reads one entry of an archive.
func (l *loader) member(f *zip.File, ecosystem, at string) error {
	where := path.Dir(at) + "/" + f.Name
	if !plainName(f) {
		err := attest.Refuse(CodeName, "", "an entry named <id>.json", scan.Quote(f.Name))
		return l.unread(ecosystem, where, err)
	}
	r, err := f.Open()
	if err != nil {
		return l.unread(ecosystem, where, err)
	}
	defer r.Close()
	return l.record(r, ecosystem, where)
}

func plainName(f *zip.File) bool {
	stem, ok := strings.CutSuffix(f.Name, ".json")
	return ok && f.Mode().IsRegular() && idForm.MatchString(stem)
}
