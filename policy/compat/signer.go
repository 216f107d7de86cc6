package compat

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/key"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/policy"
)

// A signer is somebody whom a policy lists: a key, or whoever has a certificate with
// such an identity.
type signer struct {
	key             digest.Digest
	issuer, subject matcher
}

// A matcher accepts one text, or those that match an expression as a whole.
type matcher struct {
	exact   string
	pattern *regexp.Regexp
}

func (m matcher) zero() bool { return m.exact == "" && m.pattern == nil }

func (m matcher) matches(s string) bool {
	if m.pattern != nil {
		return m.pattern.MatchString(s)
	}
	return m.exact != "" && m.exact == s
}

func (s signer) is(id attest.Identity) bool {
	if !s.key.IsZero() {
		return id.Key == s.key
	}
	return s.issuer.matches(id.Issuer) && s.subject.matches(id.Subject)
}

// keySigner reads a public key in PEM.
func keySigner(c clause, pem []byte) signer {
	public, err := key.ParsePublicPEM(pem)
	if err != nil {
		c.refuse("a public key in PEM", err.Error())
		return signer{}
	}
	fingerprint, err := key.Fingerprint(public)
	if err != nil {
		c.refuse("a public key in PEM", err.Error())
		return signer{}
	}
	return signer{key: fingerprint}
}

// expression reads a regular expression, which may match a part of a text where it comes
// from. Unless it is read as the whole, it must say so: begin with ^ or .* and end with $
// or .*, because "github.com/acme" also matches "https://evil.example/github.com/acme".
func expression(c clause, anchored bool) matcher {
	text := c.text()
	if text == "" {
		return matcher{}
	}
	body, begins := strings.CutPrefix(text, "^")
	body, ends := strings.CutSuffix(body, "$")
	open := strings.HasSuffix(body, ".*") && !strings.HasSuffix(body, `\.*`)
	if !anchored && (!begins && !strings.HasPrefix(body, ".*") || !ends && !open) {
		c.refuse("an expression that begins with ^ or .* and ends with $ or .*", excerpt.Quote(text))
		return matcher{}
	}
	re, err := regexp.Compile(`^(?:` + body + `)$`)
	if _, alone := regexp.Compile(body); err != nil || alone != nil { // a lone ')' would close our group
		c.refuse("a regular expression (RE2)", excerpt.Quote(text))
		return matcher{}
	}
	return matcher{pattern: re}
}

// signed demands evidence of a predicate type about the subject, signed by one of the
// listed. Evidence by others is passed over.
type signed struct {
	id, title     string
	predicateType string
	signers       []signer
	expires       time.Time                                                       // zero for never
	check         func(context.Context, *attest.Statement) (policy.Result, error) // may be nil
}

const need = "evidence"

// Spec implements policy.Rule.
func (r signed) Spec() (policy.Spec, error) {
	return policy.Spec{ID: r.id, Title: r.title, Needs: []policy.Need{{
		Name: need, PredicateTypes: []string{r.predicateType}, AnySigner: true, Quantifier: policy.AnyMatching,
	}}}, nil
}

// Check implements policy.Rule.
func (r signed) Check(ctx context.Context, facts *policy.Facts) policy.Result {
	if !r.expires.IsZero() && !facts.Now().Before(r.expires) {
		return violated(CodeExpired, "/expires", "a policy that has not expired", r.expires.UTC().Format(time.RFC3339), "have a new policy signed")
	}
	result := facts.Judge(need, func(e policy.Evidence) policy.Result {
		listed := slices.ContainsFunc(e.Signers(), func(id attest.Identity) bool {
			return slices.ContainsFunc(r.signers, func(s signer) bool { return s.is(id) })
		})
		if !listed {
			return violated(CodeSigner, "/signatures", "one of "+strconv.Itoa(len(r.signers))+" signers of the policy", "others", "have a listed signer sign")
		}
		if r.check == nil {
			return policy.Result{Outcome: policy.Satisfied}
		}
		result, err := r.check(ctx, e.Statement())
		if err != nil {
			return policy.Result{Outcome: policy.Undetermined, Reasons: []policy.Reason{{
				Reason: attest.Reason{Code: CodeAttestation, Where: "/predicate", Want: "evidence that can be judged", Got: excerpt.Quote(err.Error())},
				Remedy: "have the evidence made anew",
			}}}
		}
		return result
	})
	if result.Outcome == policy.Satisfied {
		result.Until = r.expires
	}
	return result
}

func violated(code attest.Code, where, want, got, remedy string) policy.Result {
	return policy.Result{Outcome: policy.Violated, Reasons: []policy.Reason{{
		Reason: attest.Reason{Code: code, Where: where, Want: want, Got: got}, Remedy: remedy,
	}}}
}
