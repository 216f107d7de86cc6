package sign

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// maxResponse bounds what a service may answer.
const maxResponse = 4 << 20

// Retry tells how often and after what pause a request that may be repeated is:
// one that did not get through, or that the service was too busy for (HTTP
// status 429 and 500 to 599). The pause doubles each time. The zero Retry does
// not repeat.
type Retry struct {
	Times int
	Pause time.Duration
}

func (r Retry) check(where string) error {
	if r.Times < 0 || r.Times > 10 || r.Pause < 0 {
		return attest.Refuse(CodeConfig, where, "0 to 10 times, after no negative pause", strconv.Itoa(r.Times)+", "+r.Pause.String())
	}
	return nil
}

// A request is one question to a service.
type request struct {
	method, url string
	header      map[string]string
	body        []byte
	status      []int // that are success
	repeatable  bool
	secret      bool // what is answered stands in no error
}

// An answer is what a service said.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// caller talks to services.
type caller struct {
	client *http.Client
	retry  Retry
}

// newCaller returns a caller whose client follows no redirect.
func newCaller(client *http.Client, retry Retry) caller {
	c := *client
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return caller{&c, retry}
}

// do asks, and asks again where that does no harm.
func (c caller) do(ctx context.Context, r request) (*answer, error) {
	pause := c.retry.Pause
	for attempt := 0; ; attempt++ {
		a, err := c.once(ctx, r)
		busy := err == nil && (a.status == http.StatusTooManyRequests || a.status >= 500)
		if err == nil && slices.Contains(r.status, a.status) {
			return a, nil
		}
		if ctx.Err() != nil {
			return nil, attest.Refuse(attest.CodeCanceled, r.url, "a live context", "").Because(context.Cause(ctx))
		}
		limit := err != nil && errors.Is(err, attest.Is(attest.CodeLimit))
		if !r.repeatable || attempt >= c.retry.Times || !busy && err == nil || limit {
			if err != nil {
				return nil, err
			}
			got := strconv.Itoa(a.status)
			if !r.secret {
				got += " " + excerpt.Quote(string(a.body))
			}
			return nil, attest.Refuse(CodeStatus, r.url, "HTTP status "+join(r.status), got)
		}
		if err := wait(ctx, pause); err != nil {
			return nil, err
		}
		pause *= 2
	}
}

func (c caller) once(ctx context.Context, r request) (*answer, error) {
	var body io.Reader
	if r.body != nil {
		body = bytes.NewReader(r.body)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, r.url, body)
	if err != nil {
		return nil, attest.Refuse(CodeConfig, excerpt.Quote(r.url), "a URL", "").Because(err)
	}
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return nil, attest.Refuse(CodeTransport, r.url, "an answer", "").Because(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(io.LimitReader(resp.Body, maxResponse+1))
	if err != nil {
		return nil, attest.Refuse(CodeTransport, r.url, "a whole answer", "").Because(err)
	}
	if len(got) > maxResponse {
		return nil, attest.Refuse(attest.CodeLimit, r.url, "at most "+strconv.Itoa(maxResponse)+" bytes", "more")
	}
	return &answer{resp.StatusCode, resp.Header, got}, nil
}

func wait(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return attest.Refuse(attest.CodeCanceled, "context", "a live context", "").Because(context.Cause(ctx))
	case <-timer.C:
		return nil
	}
}

func join(numbers []int) string {
	var out []string
	for _, n := range numbers {
		out = append(out, strconv.Itoa(n))
	}
	return strings.Join(out, " or ")
}

// under returns the URL of a path below a base URL.
func under(base, path string) string { return strings.TrimSuffix(base, "/") + path }

// decode reads a document strictly and refuses with code.
func decode(code attest.Code, where string, data []byte, v any, o strictjson.Options) error {
	err := strictjson.Unmarshal(data, v, o)
	if err == nil {
		return nil
	}
	bad, ok := errors.AsType[*strictjson.Error](err)
	if !ok {
		return attest.Refuse(code, where, "strict JSON", "").Because(err)
	}
	if bad.Cause.Limit() {
		code = attest.CodeLimit
	}
	return attest.Refuse(code, where+bad.Pointer, bad.Want, bad.Got).Because(err)
}

// decodeAnswer reads what a service says. Services may say more than is known
// here.
func decodeAnswer(where string, data []byte, v any) error {
	return decode(CodeResponse, where, data, v, strictjson.Options{Bytes: maxResponse, Depth: 12, Values: 10_000, AllowUnknown: true})
}

// media is the JSON content type of requests.
func media() map[string]string {
	return map[string]string{"Content-Type": "application/json", "Accept": "application/json"}
}
