package collect

import (
	"context"
	"errors"
	"io"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// An Environment is all that a collector can see. A nil field grants nothing, and a
// collector that needs it refuses. The functions must be safe for concurrent use.
type Environment struct {
	// LookupEnv is as os.LookupEnv.
	LookupEnv func(name string) (string, bool)
	// Root is the directory in which files are read.
	Root *os.Root
	// Fetch asks an address over HTTP. It adds what credentials the address needs. It
	// must not follow redirects, and must return their status instead: an address is
	// pinned, and what it redirects to is not.
	Fetch func(ctx context.Context, r Request) (*Response, error)
	// Run runs a program in the directory that Root is.
	Run func(ctx context.Context, c Command) ([]byte, error)
	// Now is the instant at which facts are judged.
	Now time.Time
}

// A Request is a GET request.
type Request struct {
	URL    string
	Header map[string]string
}

// A Response is what an address answered. The collector closes Body.
type Response struct {
	Status int
	Body   io.ReadCloser
}

// A Command is a program to run. Its environment is Env and nothing else; its standard
// input is empty. Run returns its standard output, or an error if the program did not
// exit with 0.
type Command struct {
	Name string // of the program, such as "git"
	Args []string
	Env  []string
	Most int // bytes of output after which to give up
}

// refuse quotes no value: it may be a secret.
func refuse(code attest.Code, where, want, value string) *attest.Error {
	return attest.Refuse(code, where, want, "another text of "+strconv.Itoa(len(value))+" bytes")
}

// cut keeps of a foreign error only that a context ended.
func cut(err error) error {
	for _, known := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, known) {
			return known
		}
	}
	return nil
}

// A Document is bytes with their digest.
type Document struct {
	Body   []byte
	Digest digest.Digest
}

// mostDocument bounds answers and files.
const mostDocument = 4 << 20

// CheckBase refuses what is not an https address without user information, query,
// fragment and final slash, under which paths can be asked.
func CheckBase(base string) error {
	if !plainAddress(base) || !strings.HasPrefix(base, "https://") || strings.HasSuffix(base, "/") || strings.Contains(base, "%") {
		return refuse(CodeOption, "base address", "https://host/path without user information, query or final slash", base)
	}
	return nil
}

// Get asks an https address, whose answer must have status 200 and at most 4 MiB.
func (e Environment) Get(ctx context.Context, address string, header map[string]string) (*Document, error) {
	if e.Fetch == nil {
		return nil, attest.Refuse(CodeCapability, "Environment.Fetch", "a function", "nil")
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return nil, refuse(CodeFetch, "", "an https address without user information", address)
	}
	where := excerpt.Quote(u.Host + u.Path)
	r, err := e.Fetch(ctx, Request{address, header})
	if err != nil || r == nil || r.Body == nil {
		return nil, attest.Refuse(CodeFetch, where, "an answer", "an error of Environment.Fetch").Because(cut(err))
	}
	defer r.Body.Close()
	if r.Status != 200 {
		return nil, attest.Refuse(CodeFetch, where, "status 200", strconv.Itoa(r.Status))
	}
	return readAll(r.Body, where)
}

func readAll(r io.Reader, where string) (*Document, error) {
	b, err := io.ReadAll(io.LimitReader(r, mostDocument+1))
	if err != nil {
		return nil, attest.Refuse(CodeFetch, where, "all of the document", "an error while reading").Because(cut(err))
	}
	if len(b) > mostDocument {
		return nil, attest.Refuse(CodeLimit, where, "at most "+strconv.Itoa(mostDocument)+" bytes", "more")
	}
	return &Document{b, digest.FromBytes(b)}, nil
}

// File reads a regular file of at most 4 MiB in Root.
func (e Environment) File(name string) (*Document, error) {
	f, err := e.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAll(f, excerpt.Quote(name))
}

// Open opens a regular file in Root, without following a link in the last element of
// its name and without waiting for the other end of a FIFO.
func (e Environment) Open(name string) (*os.File, error) {
	if e.Root == nil {
		return nil, attest.Refuse(CodeCapability, "Environment.Root", "a directory", "nil")
	}
	before, err := e.Root.Lstat(name)
	if err != nil || !before.Mode().IsRegular() {
		return nil, attest.Refuse(CodeFile, excerpt.Quote(name), "a regular file", "none")
	}
	f, err := e.Root.OpenFile(name, os.O_RDONLY|nonblock, 0)
	if err != nil {
		return nil, attest.Refuse(CodeFile, excerpt.Quote(name), "a file that can be opened", "none")
	}
	if now, err := f.Stat(); err != nil || !os.SameFile(before, now) {
		f.Close()
		return nil, attest.Refuse(CodeFile, excerpt.Quote(name), "a file that stays the same", "another one")
	}
	return f, nil
}

// Output runs a program and returns what it wrote.
func (e Environment) Output(ctx context.Context, c Command) ([]byte, error) {
	where := excerpt.Quote(c.Name)
	if e.Run == nil {
		return nil, attest.Refuse(CodeCapability, "Environment.Run", "a function", "nil")
	}
	out, err := e.Run(ctx, c)
	if err != nil {
		return nil, attest.Refuse(CodeRun, where, "exit code 0", "an error of Environment.Run").Because(cut(err))
	}
	if len(out) > c.Most {
		return nil, attest.Refuse(CodeLimit, where, "at most "+strconv.Itoa(c.Most)+" bytes", "more")
	}
	return out, nil
}
