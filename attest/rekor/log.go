package rekor

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/sigstore/rekor/pkg/generated/client"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// maxResponse bounds what a log may answer: an entry of kind intoto brings its
// attestation along.
const maxResponse = 24 << 20

// A Config tells where a log is. All of it is needed.
type Config struct {
	URL string // base URL
	// Client makes all requests. Give it a timeout, or give one to each context.
	Client *http.Client
}

// A Log is a Rekor log of version 1.
type Log struct {
	api  *client.Rekor
	http *http.Client
}

// New returns a Log. It asks nothing yet.
func New(c Config) (*Log, error) {
	if c.Client == nil {
		return nil, attest.Refuse(CodeConfig, "Config.Client", "a client", "nil")
	}
	u, err := url.Parse(c.URL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, attest.Refuse(CodeConfig, "Config.URL", "an http URL of host and path", excerpt.Quote(c.URL)).Because(err)
	}
	path := u.Path
	if path == "" {
		path = "/"
	}
	api := client.NewHTTPClientWithConfig(nil, client.DefaultTransportConfig().WithHost(u.Host).WithBasePath(path).WithSchemes([]string{u.Scheme}))
	guarded := *c.Client
	if guarded.Transport == nil {
		guarded.Transport = http.DefaultTransport
	}
	guarded.Transport = guard{guarded.Transport}
	guarded.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Log{api, &guarded}, nil
}

// guard stands between the network and the client library: it passes on only
// answers that are bounded and, where they are a success, strict JSON.
type guard struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (g guard) RoundTrip(r *http.Request) (*http.Response, error) {
	where := r.URL.Redacted()
	resp, err := g.next.RoundTrip(r)
	if err != nil {
		return nil, attest.Refuse(CodeTransport, where, "an answer", "").Because(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxResponse+1))
	if err != nil {
		return nil, attest.Refuse(CodeTransport, where, "a whole answer", "").Because(err)
	}
	if len(body) > maxResponse {
		return nil, attest.Refuse(attest.CodeLimit, where, "at most "+strconv.Itoa(maxResponse)+" bytes", "more")
	}
	switch resp.StatusCode {
	case http.StatusOK, http.StatusCreated:
		if err := strictjson.Check(body, strictjson.Options{Bytes: maxResponse, Depth: 16, Values: 200_000}); err != nil {
			return nil, attest.Refuse(CodeResponse, where, "strict JSON", "").Because(err)
		}
		resp.Header.Set("Content-Type", "application/json") // else the library reads what the log calls it
	case http.StatusConflict:
		body = []byte("{}") // what counts is the header that tells where the entry is
		resp.Header.Set("Content-Type", "application/json")
	default:
		code := CodeStatus
		if resp.StatusCode == http.StatusNotFound {
			code = CodeNotFound
		}
		return nil, attest.Refuse(code, where, "HTTP status 200 or 201", strconv.Itoa(resp.StatusCode)+" "+excerpt.Quote(string(body)))
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return resp, nil
}

// classify gives an error of the client library its code.
func classify(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return attest.Refuse(attest.CodeCanceled, "context", "a live context", "").Because(errors.Join(context.Cause(ctx), err))
	}
	if len(attest.Reasons(err)) > 0 {
		return err
	}
	return attest.Refuse(CodeResponse, "log", "an answer of the protocol", "").Because(err)
}
