package osv

import (
	"context"
	"io"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/scan"
)

// Options qualify a database. The zero value takes everything in it.
type Options struct {
	// Ecosystems are those that must be there; others are not read from archives.
	// Empty reads all that there are.
	Ecosystems []string
	Limits     Limits
}

// Limits bound a database. The zero value of a field means its default.
type Limits struct {
	Records      int   // default 2,000,000
	RecordBytes  int   // one record; default 8 MiB
	Bytes        int64 // all records, uncompressed; default 8 GiB
	ArchiveBytes int64 // one archive; default 4 GiB
	Depth        int   // of directories with JSON files; default 8
	Rejected     int   // more make the whole database unusable; default 10,000
}

func (l Limits) withDefaults() Limits {
	if l.Records == 0 {
		l.Records = 2_000_000
	}
	if l.RecordBytes == 0 {
		l.RecordBytes = 8 << 20
	}
	if l.Bytes == 0 {
		l.Bytes = 8 << 30
	}
	if l.ArchiveBytes == 0 {
		l.ArchiveBytes = 4 << 30
	}
	if l.Depth == 0 {
		l.Depth = 8
	}
	if l.Rejected == 0 {
		l.Rejected = 10_000
	}
	return l
}

func tooLarge(most int) error {
	return attest.Refuse(CodeLimit, "", "a record of at most "+strconv.Itoa(most)+" bytes", "more")
}

// Load reads the database at the root of fsys. A directory that holds an all.zip
// is an ecosystem of that name, as osv-scanner lays it out; of an archive only
// what concerns its ecosystem is taken. Every other file named *.json, at any
// depth, is a record, which concerns what it says. Other files are ignored.
//
// A record that cannot be used becomes a Rejection. The database as a whole is
// refused if it cannot be read (CodeUnreadable), exceeds the limits (CodeLimit),
// holds no usable record in one of its archives or at all (CodeEmpty), or nothing
// about an ecosystem that o demands (CodeEcosystemAbsent).
func Load(ctx context.Context, fsys fs.FS, o Options) (*Snapshot, error) {
	if fsys == nil {
		return nil, attest.Refuse(CodeNil, "Load", "a file system", "nil")
	}
	l := &loader{ctx: ctx, fsys: fsys, options: o, limits: o.Limits.withDefaults(), builder: newBuilder()}
	if err := l.directory(".", 0); err != nil {
		return nil, err
	}
	s := l.builder.finish()
	if len(s.info.Records) == 0 {
		return nil, attest.Refuse(CodeEmpty, "database", "usable records", "none, and "+strconv.Itoa(len(s.info.Rejected))+" rejected")
	}
	for _, eco := range o.Ecosystems {
		if s.info.Records[eco] == 0 {
			return nil, attest.Refuse(CodeEcosystemAbsent, "database", "records of "+scan.Quote(eco), "none")
		}
	}
	return s, nil
}

// A loader reads one database.
type loader struct {
	ctx     context.Context
	fsys    fs.FS
	options Options
	limits  Limits
	builder *builder
	records int
	usable  int
	bytes   int64
}

func (l *loader) directory(dir string, depth int) error {
	if depth > l.limits.Depth {
		return attest.Refuse(CodeLimit, dir, "at most "+strconv.Itoa(l.limits.Depth)+" directories deep", "more")
	}
	entries, err := fs.ReadDir(l.fsys, dir)
	if err != nil {
		return attest.Refuse(CodeUnreadable, dir, "a directory", "").Because(err)
	}
	isArchive := func(e fs.DirEntry) bool { return e.Name() == "all.zip" && !e.IsDir() }
	if dir != "." && slices.ContainsFunc(entries, isArchive) {
		eco := path.Base(dir)
		if len(l.options.Ecosystems) > 0 && !slices.Contains(l.options.Ecosystems, eco) {
			return nil
		}
		return l.archive(path.Join(dir, "all.zip"), eco)
	}
	for _, e := range entries {
		at := path.Join(dir, e.Name())
		switch {
		case e.IsDir():
			err = l.directory(at, depth+1)
		case strings.HasSuffix(e.Name(), ".json"):
			err = l.file(at)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// file reads a record that lies by itself.
func (l *loader) file(at string) error {
	f, err := l.fsys.Open(at)
	if err != nil {
		return l.unread("", at, err)
	}
	defer f.Close()
	return l.record(f, "", at)
}

// record reads one record and gives it to the builder. It returns only errors
// that make the whole database unusable.
func (l *loader) record(r io.Reader, ecosystem, at string) error {
	if err := l.ctx.Err(); err != nil {
		return err
	}
	if l.records++; l.records > l.limits.Records {
		return attest.Refuse(CodeLimit, at, "at most "+strconv.Itoa(l.limits.Records)+" records", "more")
	}
	data, err := io.ReadAll(io.LimitReader(r, int64(l.limits.RecordBytes)+1))
	if l.bytes += int64(len(data)); l.bytes > l.limits.Bytes {
		return attest.Refuse(CodeLimit, at, "at most "+strconv.FormatInt(l.limits.Bytes, 10)+" bytes", "more")
	}
	if err != nil {
		return l.unread(ecosystem, at, err)
	}
	if len(data) > l.limits.RecordBytes {
		return l.unread(ecosystem, at, tooLarge(l.limits.RecordBytes))
	}
	parsed, err := parseRecord(data, l.limits)
	if err == nil && parsed.ID+".json" != path.Base(at) {
		err = attest.Refuse(CodeName, "/id", scan.Quote(strings.TrimSuffix(path.Base(at), ".json")), scan.Quote(parsed.ID))
	}
	if err != nil {
		l.builder.lines = append(l.builder.lines, sum(data).Hex)
		return l.reject(ecosystem, at, err)
	}
	if l.builder.add(parsed, ecosystem, at) {
		l.usable++
	}
	return l.checkRejected()
}

// unread rejects a record whose bytes are not known.
func (l *loader) unread(ecosystem, at string, err error) error {
	l.builder.lines = append(l.builder.lines, "unread "+strconv.Quote(at))
	return l.reject(ecosystem, at, err)
}

func (l *loader) reject(ecosystem, at string, err error) error {
	if len(at) > 1000 {
		at = scan.Quote(at)
	}
	l.builder.reject(ecosystem, at, err)
	return l.checkRejected()
}

func (l *loader) checkRejected() error {
	if n := len(l.builder.snapshot.info.Rejected); n > l.limits.Rejected {
		return attest.Refuse(CodeLimit, "database", "at most "+strconv.Itoa(l.limits.Rejected)+" rejected records", "more")
	}
	return nil
}
