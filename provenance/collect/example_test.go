package collect_test

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/provenance/collect"
)

// An environment that grants two variables, and HTTP without redirects.
func ExampleEnvironment() {
	client := &http.Client{
		Timeout:       30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	variables := map[string]string{"GITHUB_SHA": "c27d339ee6075c1f744c5d4b200f7901aad2c369", "AWS_SECRET_ACCESS_KEY": "..."}
	env := collect.Environment{
		LookupEnv: func(name string) (string, bool) { v, ok := variables[name]; return v, ok },
		Fetch: func(ctx context.Context, r collect.Request) (*collect.Response, error) {
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.URL, nil)
			if err != nil {
				return nil, err
			}
			for name, value := range r.Header {
				request.Header.Set(name, value)
			}
			response, err := client.Do(request)
			if err != nil {
				return nil, err
			}
			return &collect.Response{Status: response.StatusCode, Body: response.Body}, nil
		},
		Now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC),
	}
	var facts collect.Facts
	err := facts.ReadEnv(env, []collect.Rule{{Name: "GITHUB_SHA", Key: collect.Commit, Form: collect.Object}})
	fmt.Println(err, facts.Facts[0].Value[:7], facts.Facts[0].Trust, facts.Facts[0].Origin)
	// Output: <nil> c27d339 self-asserted env GITHUB_SHA
}

// A variable that contradicts a token is an error, and says who said what.
func ExampleResolve() {
	env := &collect.Facts{}
	env.Add(collect.Fact{Key: collect.Ref, Value: "refs/heads/release", Origin: "env GITHUB_REF"})
	token := &collect.Facts{}
	token.Add(collect.Fact{Key: collect.Ref, Value: "refs/heads/fork", Trust: collect.PlatformSigned, Origin: "claim ref"})
	_, err := collect.Resolve(env, token)
	fmt.Println(attest.Reasons(err)[0])
	// Output: provenance.collect.conflict at source.ref: want "refs/heads/fork" of platform-signed claim ref, got "refs/heads/release" of self-asserted env GITHUB_REF
}
