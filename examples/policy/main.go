// Policy is for people who write policies. It checks a policy document against
// signed evidence, tries it on cases that tell what it should say, explains what is
// missing for an Allow, and tells which rules no case has tried. Its -h teaches it
// with an example that runs.
//
// It shows how package policy is wired: a document (policy/doc) with the ready-made
// rules (policy/rules) and conditions in CEL (policy/cel) becomes an engine, verifiers
// turn signed bytes into evidence, and the decision becomes a report (policy/report).
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/policy"
)

const usage = `usage: policy COMMAND [flags]

  check     may this artifact go there, by this policy and this signed evidence?
  explain   what is the least that is missing for a yes, and what would help?
  test      does the policy say of each case what the case expects?
  coverage  which rules did the cases satisfy, and which did they refuse?

A policy is a document in YAML or JSON that names rules with their parameters. Signed
evidence is DSSE envelopes, each in a file *.dsse.json of the directory -evidence, among
them waivers. Whose signatures count is told by the directory -trust: a file NAME.pem
holds the public key of NAME. What no key accepts is no evidence; it is told, and keeps
check from saying yes. Envelopes carry no trusted times: rules with a maxAge need them.

A case is a file *.json of the directory -cases. It tells the request, the evidence in
plain statements with those who are said to have signed them, and what to expect; no keys
are needed, and a decision about it gates nothing:

  { "about": "the release manager said yes to staging only", "like": "good",
    "evidence": {"released": {"set": {"/predicate/properties": ["deploy:staging"]}}},
    "expect": {"verdict": "deny", "reasons": {"released": ["policy.target.unlisted"]}} }

It is like the case good.json but for what it tells. An item of evidence has statement (a
file), signers, times (trusted ones) and set (what to change in the statement, by JSON
pointer); null takes the item away. Every rule that gives reasons must be expected, with
all its codes; "(policy)" and "(waivers)" stand for reasons that belong to no rule.

A complete example, from the top of the module:

  go build -o /tmp/policy ./examples/policy
  cd examples/policy/testdata
  A=sha256:8e7478e0c3d94b2df0ab5b52e59337db4e9fef1bea4b2ae99b9ec603577b73be
  P="-policy release.yaml -trust trust -subject $A -environment production -now 2026-06-01T12:00:00Z"

  /tmp/policy test -policy release.yaml -cases cases      # 0: all is as expected,
  /tmp/policy coverage -policy release.yaml -cases cases  # 0: and every rule was tried
  /tmp/policy check $P -evidence signed                   # 0: allowed
  /tmp/policy check $P -evidence early                    # 3: not reviewed, not released
  /tmp/policy explain $P -evidence early                  # 3: three signatures are missing

Then change release.yaml, and see which case objects.

Exit status: 0 allow, or every case as expected; 1 deny, or not; 2 misuse, also of the
document's or a case's format; 3 indeterminate or incomplete; 4 the machine failed.

Flags:
`

// What run returns.
const (
	yes = iota
	no
	misused
	incomplete
	failed
)

// errMisuse marks faults of whoever calls the program or wrote its files.
var errMisuse = errors.New("misuse; see policy -h")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// A call is what the flags say, and where to print.
type call struct {
	stdout                           io.Writer
	json                             bool
	policy, evidence, trust, cases   string
	subject, phase, actor, authority string
	target                           policy.Target
	now                              time.Time
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	c := call{stdout: stdout, now: time.Now()}
	f := flag.NewFlagSet("policy", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.Usage = func() { fmt.Fprint(stderr, usage); f.PrintDefaults() }
	f.BoolVar(&c.json, "json", false, "print JSON")
	f.StringVar(&c.policy, "policy", "", "policy document, a `file` in YAML or JSON")
	f.StringVar(&c.cases, "cases", "", "test, coverage: `directory` of cases")
	f.StringVar(&c.evidence, "evidence", "", "check, explain: `directory` of signed evidence")
	f.StringVar(&c.trust, "trust", "", "check, explain: `directory` of public keys")
	f.StringVar(&c.authority, "authority", "", "check, explain: `name` of the trust, one of the document's authorities (default: its only one)")
	f.StringVar(&c.subject, "subject", "", "check, explain: `digest` of the artifact, sha256:HEX")
	f.StringVar(&c.phase, "phase", string(policy.PhaseDeploy), "check, explain: build, publish, promote or deploy")
	f.StringVar(&c.target.Environment, "environment", "", "check, explain: `name` of where it shall go")
	f.StringVar(&c.target.Cluster, "cluster", "", "check, explain: `name` of the cluster there")
	f.StringVar(&c.target.Namespace, "namespace", "", "check, explain: `name` of the namespace in it")
	f.StringVar(&c.actor, "actor", "", "check, explain: `principal` who asks")
	f.Func("now", "check, explain: `instant` of judgement, in RFC 3339 (default: now)", func(s string) (err error) {
		c.now, err = time.Parse(time.RFC3339Nano, s)
		return err
	})
	name := ""
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		name, args = args[0], args[1:]
	}
	err := f.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return yes
	case err != nil:
		return misused // flag has told
	}
	status, err := c.dispatch(ctx, name, f.NArg())
	if err != nil {
		status = statusOf(err)
		fmt.Fprintln(stderr, "policy:", strings.ReplaceAll(err.Error(), "\n", "\n  "))
	}
	if err != nil && c.json {
		err = c.printJSON(struct {
			Status  int             `json:"status"`
			Error   string          `json:"error"`
			Reasons []attest.Reason `json:"reasons,omitempty"`
		}{status, err.Error(), attest.Reasons(err)})
		if err != nil {
			return failed
		}
	}
	return status
}

// dispatch runs the command if the flags that it needs are there.
func (c *call) dispatch(ctx context.Context, name string, more int) (int, error) {
	commands := map[string]func(context.Context) (int, error){"check": c.check, "explain": c.explain, "test": c.test, "coverage": c.coverage}
	if commands[name] == nil {
		return 0, fmt.Errorf("want one of check, explain, test, coverage, then flags: %w", errMisuse)
	}
	if more > 0 {
		return 0, fmt.Errorf("%s takes flags only, got %d arguments: %w", name, more, errMisuse)
	}
	needed := map[string]string{"policy": c.policy, "evidence": c.evidence, "trust": c.trust, "subject": c.subject}
	if name == "test" || name == "coverage" {
		needed = map[string]string{"policy": c.policy, "cases": c.cases}
	}
	for _, flag := range sorted(needed) {
		if needed[flag] == "" {
			return 0, fmt.Errorf("%s needs -%s: %w", name, flag, errMisuse)
		}
	}
	return commands[name](ctx)
}

// statusOf tells what an error means to the caller of the program. Where it does not
// know, the machine failed.
func statusOf(err error) int {
	var told *attest.Error
	var path *fs.PathError
	switch {
	case errors.Is(err, context.Canceled):
		return incomplete
	case errors.Is(err, errMisuse):
		return misused
	case errors.As(err, &path):
		return failed
	case errors.As(err, &told):
		return misused
	}
	return failed
}

// standing is the exit status of a decision.
func standing(d policy.Decision, at time.Time, refused []refusal) int {
	switch {
	case d.Verdict() == policy.Deny:
		return no
	case d.Allowed(at) && len(refused) == 0:
		return yes
	}
	return incomplete
}

// subjectOf reads the flag -subject.
func subjectOf(text string) (attest.Descriptor, error) {
	d, err := digest.Parse(text)
	if err != nil {
		return attest.Descriptor{}, fmt.Errorf("-subject: %w: %w", err, errMisuse)
	}
	return attest.Descriptor{Digest: digest.Set{d.Algorithm: d.Hex}}, nil
}

// printJSON writes v for other programs.
func (c *call) printJSON(v any) error {
	e := json.NewEncoder(c.stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
