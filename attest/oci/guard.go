package oci

import (
	"context"
	"net/http"
	"slices"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// A guard lets requests through to the hosts that the configuration allows, each
// with no more than it may see. It stands below everything that follows redirects
// and answers challenges, so that no server talks the client past it.
type guard struct {
	base      http.RoundTripper
	own       string
	redirects []string
	tokens    []string
	insecure  bool
}

// RoundTrip implements http.RoundTripper.
func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := g.check(req); err != nil {
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, err
	}
	condition, _ := req.Context().Value(conditionKey{}).(*condition)
	if condition != nil && req.Method == http.MethodPut && condition.etag != "" {
		req = req.Clone(req.Context())
		req.Header.Set("If-Match", condition.etag)
	}
	resp, err := g.base.RoundTrip(req)
	if err != nil || condition == nil {
		return resp, err
	}
	switch req.Method {
	case http.MethodGet:
		condition.etag = resp.Header.Get("ETag")
	case http.MethodPut:
		condition.refused = resp.StatusCode == http.StatusPreconditionFailed || resp.StatusCode == http.StatusConflict
	}
	return resp, nil
}

func (g *guard) check(req *http.Request) error {
	host := req.URL.Host
	if req.URL.Scheme != "https" && !g.insecure {
		return attest.Refuse(CodeHost, excerpt.Quote(host), "https", excerpt.Quote(req.URL.Scheme))
	}
	if host == g.own || slices.Contains(g.tokens, host) {
		return nil
	}
	if !slices.Contains(g.redirects, host) {
		return attest.Refuse(CodeHost, "request", "a host that is listed", excerpt.Quote(host))
	}
	reads := req.Method == http.MethodGet || req.Method == http.MethodHead
	if !reads || req.Header.Get("Authorization") != "" || req.Header.Get("Cookie") != "" {
		return attest.Refuse(CodeHost, excerpt.Quote(host), "a read without credentials", req.Method)
	}
	return nil
}

// A condition carries the ETag of the index from the reading to the writing. The
// OCI modules have no word for it, so that it goes by the request's context.
type condition struct {
	etag    string
	refused bool // the registry found that the index had changed
}

type conditionKey struct{}

func withCondition(ctx context.Context) (context.Context, *condition) {
	c := new(condition)
	return context.WithValue(ctx, conditionKey{}, c), c
}
