package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/strictjson"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/policytest"
)

// A scenario is a case as its file tells it.
type scenario struct {
	About    string           `json:"about"`
	Like     string           `json:"like,omitempty"`
	Subject  digest.Digest    `json:"subject,omitzero"`
	Phase    policy.Phase     `json:"phase,omitempty"`
	Target   *policy.Target   `json:"target,omitempty"`
	Actor    string           `json:"actor,omitempty"`
	Now      time.Time        `json:"now,omitzero"`
	Evidence map[string]*item `json:"evidence,omitempty"`
	Expect   expectation      `json:"expect"`
}

// An item is a statement with those who are said to have signed it.
type item struct {
	Statement string                     `json:"statement,omitempty"`
	Signers   []string                   `json:"signers,omitempty"`
	Times     []time.Time                `json:"times,omitempty"`
	Set       map[string]json.RawMessage `json:"set,omitempty"`
}

// An expectation is what the policy should say of a case. The verdict is "allow",
// "deny", "indeterminate", or "obligation" for an allow that waits for one.
type expectation struct {
	Verdict string                   `json:"verdict"`
	Reasons map[string][]attest.Code `json:"reasons,omitempty"`
}

// An outcome is what the policy said of a case.
type outcome struct {
	Name   string      `json:"name"`
	About  string      `json:"about"`
	Passed bool        `json:"passed"`
	Want   expectation `json:"want"`
	Got    expectation `json:"got"`
	report policy.Report
}

// scenarios reads every case of the directory -cases and asks the policy about it.
func (c *call) scenarios(ctx context.Context) ([]outcome, error) {
	config, err := c.document()
	if err != nil {
		return nil, err
	}
	// Nobody signed the evidence of a case: the decisions say that they are for testing.
	config.Authorities, config.Testing = []string{policytest.Authority}, true
	engine, err := policy.New(config)
	if err != nil {
		return nil, fmt.Errorf("%s:\n%w", c.policy, err)
	}
	root, err := os.OpenRoot(c.cases)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	names, err := fs.Glob(root.FS(), "*.json")
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s: want cases *.json, got none: %w", c.cases, errMisuse)
	}
	var all []outcome
	for _, name := range names {
		o, err := judge(ctx, engine, root, strings.TrimSuffix(name, ".json"))
		if err != nil {
			return nil, fmt.Errorf("case %q: %w", name, err)
		}
		all = append(all, o)
	}
	return all, nil
}

// judge asks the policy about one case.
func judge(ctx context.Context, engine *policy.Engine, root *os.Root, name string) (outcome, error) {
	s, err := load(root, name, 0)
	if err != nil {
		return outcome{}, err
	}
	req := policy.Request{Phase: s.Phase, Now: s.Now, Subject: attest.Descriptor{Digest: digest.Set{s.Subject.Algorithm: s.Subject.Hex}}}
	if s.Target != nil {
		req.Target = *s.Target
	}
	if s.Actor != "" {
		req.Actor = policytest.Identity(s.Actor)
	}
	for _, key := range sorted(s.Evidence) {
		v, err := s.Evidence[key].seal(root)
		if err != nil {
			return outcome{}, fmt.Errorf("evidence %q: %w", key, err)
		}
		add(&req, v)
	}
	d, err := engine.Evaluate(ctx, req)
	if err != nil {
		return outcome{}, err
	}
	o := outcome{Name: name, About: s.About, Want: s.Expect, Got: expectation{d.Verdict().String(), nil}, report: d.Report()}
	if d.Verdict() == policy.Allow && !d.Allowed(req.Now) {
		o.Got.Verdict = "obligation"
	}
	o.Got.Reasons = codesOf(&o.report)
	for _, codes := range o.Want.Reasons {
		slices.Sort(codes)
	}
	o.Passed = o.Got.Verdict == o.Want.Verdict && maps.EqualFunc(o.Got.Reasons, o.Want.Reasons, slices.Equal)
	return o, nil
}

// load reads a case and what it is like.
func load(root *os.Root, name string, depth int) (*scenario, error) {
	if depth > 8 {
		return nil, fmt.Errorf("like: more than 8 cases in a row: %w", errMisuse)
	}
	data, err := read(root, name+".json")
	if err != nil {
		return nil, err
	}
	var s scenario
	if err := strictjson.Unmarshal(data, &s, strictjson.Options{Bytes: maxBytes}); err != nil {
		return nil, fmt.Errorf("%w: %w", err, errMisuse)
	}
	if s.Like == "" {
		return &s, nil
	}
	base, err := load(root, s.Like, depth+1)
	if err != nil {
		return nil, fmt.Errorf("like %q: %w", s.Like, err)
	}
	s.inherit(base)
	return &s, nil
}

// inherit takes over what s does not tell itself.
func (s *scenario) inherit(base *scenario) {
	if s.Subject.IsZero() {
		s.Subject = base.Subject
	}
	if s.Phase == "" {
		s.Phase = base.Phase
	}
	if s.Target == nil {
		s.Target = base.Target
	}
	if s.Actor == "" {
		s.Actor = base.Actor
	}
	if s.Now.IsZero() {
		s.Now = base.Now
	}
	evidence := maps.Clone(base.Evidence)
	if evidence == nil {
		evidence = map[string]*item{}
	}
	for key, change := range s.Evidence {
		whole := evidence[key]
		switch {
		case change == nil:
			delete(evidence, key)
			continue
		case whole == nil || change.Statement != "":
			evidence[key] = change
			continue
		}
		merged := *whole
		if change.Signers != nil {
			merged.Signers = change.Signers
		}
		if change.Times != nil {
			merged.Times = change.Times
		}
		merged.Set = maps.Clone(whole.Set)
		if merged.Set == nil {
			merged.Set = map[string]json.RawMessage{}
		}
		maps.Copy(merged.Set, change.Set)
		evidence[key] = &merged
	}
	s.Evidence = evidence
}

// seal returns the item as evidence that says that it is synthetic.
func (i *item) seal(root *os.Root) (*attest.Verified, error) {
	if i == nil || i.Statement == "" || len(i.Signers) == 0 {
		return nil, fmt.Errorf("want a statement and signers: %w", errMisuse)
	}
	data, err := read(root, i.Statement)
	if err != nil {
		return nil, err
	}
	if len(i.Set) > 0 {
		var v any
		if err := strictjson.Unmarshal(data, &v, strictjson.Options{Bytes: maxBytes}); err != nil {
			return nil, fmt.Errorf("%s: %w: %w", i.Statement, err, errMisuse)
		}
		for _, pointer := range sorted(i.Set) {
			if err := set(v, pointer, i.Set[pointer]); err != nil {
				return nil, fmt.Errorf("%s: set %q: %w: %w", i.Statement, pointer, err, errMisuse)
			}
		}
		if data, err = strictjson.Marshal(v); err != nil {
			return nil, fmt.Errorf("%s: %w: %w", i.Statement, err, errMisuse)
		}
	}
	statement, err := attest.ParseStatement(data, attest.Limits{})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", i.Statement, err)
	}
	return policytest.Synthetic{Signers: i.Signers, Times: i.Times}.Seal(statement)
}

// set replaces or adds what stands at the JSON pointer (RFC 6901) below v.
func set(v any, pointer string, value json.RawMessage) error {
	tokens := strings.Split(pointer, "/")
	if tokens[0] != "" || len(tokens) == 1 {
		return errors.New("want a JSON pointer to a part")
	}
	for n, token := range tokens[1:] {
		token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		last := n == len(tokens)-2
		switch at := v.(type) {
		case map[string]any:
			if last {
				at[token] = value
				return nil
			}
			v = at[token]
		case []any:
			k, err := strconv.Atoi(token)
			if err != nil || k < 0 || k >= len(at) {
				return fmt.Errorf("no element %q", token)
			}
			if last {
				at[k] = value
				return nil
			}
			v = at[k]
		default:
			return fmt.Errorf("nothing to hold %q", token)
		}
	}
	return nil
}

// codesOf returns the codes of all reasons, by rule.
func codesOf(r *policy.Report) map[string][]attest.Code {
	codes := map[string][]attest.Code{}
	tell := func(key string, reasons []policy.Reason) {
		for _, reason := range reasons {
			codes[key] = append(codes[key], reason.Code)
		}
	}
	tell("(policy)", r.Reasons)
	for _, f := range r.Findings {
		tell(f.Rule, f.Reasons)
	}
	for _, w := range r.Waivers {
		tell("(waivers)", w.Reasons)
	}
	for key, list := range codes {
		slices.Sort(list)
		codes[key] = slices.Compact(list)
	}
	return codes
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
