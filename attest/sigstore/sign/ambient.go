package sign

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// Where tokens are found on machines that have no variable to tell.
const (
	tokenFile     = "/var/run/sigstore/cosign/oidc-token"
	productFile   = "/sys/class/dmi/id/product_name"
	metadataHost  = "metadata.google.internal"
	buildkiteHost = "https://agent.buildkite.com/v3"
)

// An Environment is where Ambient looks for a token. All of it is needed.
type Environment struct {
	Getenv   func(name string) string
	ReadFile func(name string) ([]byte, error)
	Client   *http.Client
	Retry    Retry
}

// surroundings is an Environment that was checked.
type surroundings struct {
	Environment
	caller caller
}

// A source is one place that issues tokens: whether the environment says that it
// is there, and how to ask it.
type source struct {
	name    string
	present func(s surroundings) (bool, error)
	fetch   func(ctx context.Context, s surroundings) (string, error)
}

// Ambient returns the token that the machine offers to a job that runs on it,
// from the first of GitHub Actions, GitLab CI/CD (the variable SIGSTORE_ID_TOKEN),
// Buildkite, the file /var/run/sigstore/cosign/oidc-token (Kubernetes and SPIFFE),
// and Google Compute Engine that the environment says is there. If that one fails,
// no other is asked: a token of another identity is not what was meant. It refuses
// with CodeTokenNone where there is none, and a token for another audience.
func Ambient(ctx context.Context, e Environment) (Token, error) {
	if e.Getenv == nil || e.ReadFile == nil || e.Client == nil {
		return Token{}, attest.Refuse(CodeConfig, "Environment", "Getenv, ReadFile and Client", "nil")
	}
	if err := e.Retry.check("Environment.Retry"); err != nil {
		return Token{}, err
	}
	s := surroundings{e, newCaller(e.Client, e.Retry)}
	for _, from := range []source{
		{"GitHub Actions", variable("GITHUB_ACTIONS"), fromGitHub},
		{"GitLab", variable("GITLAB_CI"), fromGitLab},
		{"Buildkite", variable("BUILDKITE"), fromBuildkite},
		{"file", tokenFilePresent, fromFile},
		{"Google", onGoogle, fromGoogle},
	} {
		present, err := from.present(s)
		if err != nil {
			return Token{}, attest.Refuse(CodeTokenSource, from.name, "a readable environment", "").Because(err)
		}
		if !present {
			continue
		}
		text, err := from.fetch(ctx, s)
		if err != nil {
			return Token{}, attest.Refuse(CodeTokenSource, from.name, "a token", "none").Because(err)
		}
		t, err := ParseToken(text)
		if err == nil {
			err = t.forSigstore()
		}
		if err != nil {
			return Token{}, attest.Refuse(CodeTokenSource, from.name, "a token for "+Audience, "").Because(err)
		}
		return t, nil
	}
	return Token{}, attest.Refuse(CodeTokenNone, "environment", "a source of tokens", "none")
}

func variable(name string) func(surroundings) (bool, error) {
	return func(s surroundings) (bool, error) {
		value := s.Getenv(name)
		return value != "" && value != "false", nil
	}
}

// need returns variables that must be set.
func (s surroundings) need(names ...string) ([]string, error) {
	var values []string
	var errs []error
	for _, name := range names {
		value := s.Getenv(name)
		if value == "" {
			errs = append(errs, attest.Refuse(CodeTokenSource, name, "a value", "none"))
		}
		values = append(values, value)
	}
	return values, errors.Join(errs...)
}

// field asks for a JSON document and returns one text of it.
func (s surroundings) field(ctx context.Context, r request, name string) (string, error) {
	r.status, r.repeatable, r.secret = []int{http.StatusOK}, true, true
	a, err := s.caller.do(ctx, r)
	if err != nil {
		return "", err
	}
	parts, err := strictjson.Fields(a.body, strictjson.Options{Bytes: 2 * maxToken, AllowUnknown: true}, name)
	if err != nil || parts[0] == nil {
		return "", attest.Refuse(CodeResponse, r.url, "a JSON object with "+name, "").Because(err)
	}
	return parts[0].Text()
}

// fromGitHub asks the runner's token service; the job needs permission id-token:
// write.
func fromGitHub(ctx context.Context, s surroundings) (string, error) {
	v, err := s.need("ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN")
	if err != nil {
		return "", err
	}
	u, err := url.Parse(v[0])
	if err != nil {
		return "", attest.Refuse(CodeTokenSource, "ACTIONS_ID_TOKEN_REQUEST_URL", "a URL", "").Because(err)
	}
	query := u.Query()
	query.Set("audience", Audience)
	u.RawQuery = query.Encode()
	header := map[string]string{"Authorization": "bearer " + v[1], "Accept": "application/json"}
	return s.field(ctx, request{method: http.MethodGet, url: u.String(), header: header}, "value")
}

// fromGitLab takes the variable that the job's id_tokens set.
func fromGitLab(_ context.Context, s surroundings) (string, error) {
	v, err := s.need("SIGSTORE_ID_TOKEN")
	if err != nil {
		return "", err
	}
	return v[0], nil
}

// fromBuildkite asks the agent's API.
func fromBuildkite(ctx context.Context, s surroundings) (string, error) {
	v, err := s.need("BUILDKITE_AGENT_ACCESS_TOKEN", "BUILDKITE_JOB_ID")
	if err != nil {
		return "", err
	}
	endpoint := s.Getenv("BUILDKITE_AGENT_ENDPOINT")
	if endpoint == "" {
		endpoint = buildkiteHost
	}
	header := media()
	header["Authorization"] = "Token " + v[0]
	return s.field(ctx, request{
		method: http.MethodPost, url: under(endpoint, "/jobs/"+url.PathEscape(v[1])+"/oidc/tokens"),
		header: header, body: []byte(`{"audience":"` + Audience + `"}`),
	}, "token")
}

func tokenFilePresent(s surroundings) (bool, error) {
	_, err := s.ReadFile(tokenFile)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func fromFile(_ context.Context, s surroundings) (string, error) {
	b, err := s.ReadFile(tokenFile)
	return strings.TrimSpace(string(b)), err
}

// onGoogle tells a Google machine as Google's documentation does: by the
// variable that overrides its metadata server, or the name of the product.
func onGoogle(s surroundings) (bool, error) {
	if s.Getenv("GCE_METADATA_HOST") != "" {
		return true, nil
	}
	b, err := s.ReadFile(productFile)
	name := strings.TrimSpace(string(b))
	return err == nil && (name == "Google" || name == "Google Compute Engine"), nil
}

// fromGoogle asks the metadata server. Its answer bears the header by which it is
// told from any other server at that name.
func fromGoogle(ctx context.Context, s surroundings) (string, error) {
	host := s.Getenv("GCE_METADATA_HOST")
	if host == "" {
		host = metadataHost
	}
	const flavor = "Metadata-Flavor"
	a, err := s.caller.do(ctx, request{
		method: http.MethodGet, header: map[string]string{flavor: "Google"}, status: []int{http.StatusOK}, repeatable: true, secret: true,
		url: "http://" + host + "/computeMetadata/v1/instance/service-accounts/default/identity?audience=" + Audience + "&format=full",
	})
	if err != nil {
		return "", err
	}
	if a.header.Get(flavor) != "Google" {
		return "", attest.Refuse(CodeResponse, host, "the metadata server", "another")
	}
	return strings.TrimSpace(string(a.body)), nil
}
