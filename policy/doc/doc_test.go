package doc_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/dsse"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/doc"
)

var now = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

const authority = "example.com/policy-keys"

func production(t testing.TB) string {
	t.Helper()
	b, err := os.ReadFile("testdata/production.json")
	require.NoError(t, err)
	return string(b)
}

func verifier(t testing.TB) attest.Verifier {
	t.Helper()
	trust := dsse.Trust{Authority: authority, Threshold: 1}
	for _, who := range []string{"ann", "ben", "eve"} {
		trust.Keys = append(trust.Keys, dsse.Key{Public: attesttest.Signer(who).Public(), Principal: who})
	}
	v, err := dsse.NewVerifier(trust)
	require.NoError(t, err)
	return v
}

func trust(t testing.TB) doc.Trust {
	return doc.Trust{
		ID: "https://example.com/policies/production", Verifier: verifier(t), Authorities: []string{authority},
		Signers: []string{"ann", "ben"}, Threshold: 2, Versions: new(doc.Versions), Catalogue: doc.Builtin(),
	}
}

func sign(t testing.TB, document string, who ...string) []attest.Attestation {
	t.Helper()
	s, err := doc.NewRelease([]byte(document))
	require.NoError(t, err)
	return signStatement(t, s, who...)
}

func signStatement(t testing.TB, s *attest.Statement, who ...string) []attest.Attestation {
	var out []attest.Attestation
	for _, w := range who {
		a, err := dsse.NewAttestor(attesttest.Signer(w))
		require.NoError(t, err)
		signed, err := a.Attest(t.Context(), s)
		require.NoError(t, err)
		out = append(out, signed)
	}
	return out
}

func TestADocumentIsAPolicy(t *testing.T) {
	d := production(t)
	c, err := doc.Load(t.Context(), trust(t), []byte(d), sign(t, d, "ann", "ben"), now)
	require.NoError(t, err)
	require.Equal(t, "3", c.Policy.Version)
	require.False(t, c.Policy.Digest.IsZero())
	require.Equal(t, time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), c.Expires)
	e, err := policy.New(c)
	require.NoError(t, err)
	decision, err := e.Evaluate(t.Context(), policy.Request{
		Subject: attest.Descriptor{Digest: digest.Set{digest.SHA256: strings.Repeat("a", 64)}},
		Phase:   policy.PhaseDeploy, Target: policy.Target{Environment: "production"}, Now: now,
	})
	require.NoError(t, err)
	require.Equal(t, policy.Indeterminate, decision.Verdict())
	var ids []string
	for _, f := range decision.Report().Findings {
		ids = append(ids, f.Rule)
	}
	require.Equal(t, []string{"approved", "hosted-builder", "parameters", "reproduced", "source", "vulnerabilities"}, ids)
}

func TestADocumentOfOneSignerAtATimeOrAllAtOnce(t *testing.T) {
	d := production(t)
	s, err := doc.NewRelease([]byte(d))
	require.NoError(t, err)
	both, err := dsse.NewAttestor(attesttest.Signer("ann"), attesttest.Signer("ben"))
	require.NoError(t, err)
	a, err := both.Attest(t.Context(), s)
	require.NoError(t, err)
	_, err = doc.Load(t.Context(), trust(t), []byte(d), []attest.Attestation{a}, now)
	require.NoError(t, err)
}

func TestADocumentThatIsNotTrustedIsRefused(t *testing.T) { // negative case 48
	d := production(t)
	older := strings.Replace(d, `"version": 3,`, `"version": 2,`, 1)
	otherRelease := func(t *testing.T, predicate string) []attest.Attestation {
		s, err := doc.NewRelease([]byte(d))
		require.NoError(t, err)
		s, err = attest.NewStatement(doc.ReleasePredicateType, json.RawMessage(predicate), s.Subjects()...)
		require.NoError(t, err)
		return signStatement(t, s, "ann", "ben")
	}
	for _, tt := range []struct {
		name       string
		signatures []attest.Attestation
		change     func(*doc.Trust)
		at         time.Time
		code       attest.Code
	}{
		{"unsigned", nil, nil, now, doc.CodeSigned},
		{"below the threshold", sign(t, d, "ann"), nil, now, policy.CodeNeedThreshold},
		{"signed twice by one", sign(t, d, "ann", "ann"), nil, now, policy.CodeNeedThreshold},
		{"signed by somebody who may not", sign(t, d, "ann", "eve"), nil, now, doc.CodeSigned},
		{"signed by a stranger", sign(t, d, "ann", "ben", "mallory"), nil, now, doc.CodeSigned},
		{"signatures of another document", sign(t, older, "ann", "ben"), nil, now, doc.CodeSigned},
		{"a release of another version", otherRelease(t, `{"id":"https://example.com/policies/production","version":4,"expires":"2027-01-01T00:00:00Z"}`), nil, now, doc.CodeSigned},
		{"a release of another policy", otherRelease(t, `{"id":"https://example.com/policies/x","version":3,"expires":"2027-01-01T00:00:00Z"}`), nil, now, doc.CodeSigned},
		{"a release that never ends", otherRelease(t, `{"id":"https://example.com/policies/production","version":3}`), nil, now, doc.CodeSigned},
		{"an unlisted authority", sign(t, d, "ann", "ben"), func(t *doc.Trust) { t.Authorities = []string{"example.com/other"} }, now, doc.CodeSigned},
		{"another pin", sign(t, d, "ann", "ben"), func(t *doc.Trust) { t.Pin = digest.Digest{Algorithm: digest.SHA256, Hex: strings.Repeat("0", 64)} }, now, doc.CodePin},
		{"another policy", sign(t, d, "ann", "ben"), func(t *doc.Trust) { t.ID += "/x" }, now, doc.CodePin},
		{"expired just now", sign(t, d, "ann", "ben"), nil, time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), doc.CodeExpired},
		{"an empty catalogue", sign(t, d, "ann", "ben"), func(t *doc.Trust) { t.Catalogue = nil }, now, doc.CodeRule},
		{"no signers", sign(t, d, "ann", "ben"), func(t *doc.Trust) { t.Signers = nil }, now, doc.CodeTrust},
		{"no store", sign(t, d, "ann", "ben"), func(t *doc.Trust) { t.Versions = nil }, now, doc.CodeTrust},
		{"a threshold out of reach", sign(t, d, "ann", "ben"), func(t *doc.Trust) { t.Threshold = 3 }, now, doc.CodeTrust},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tr := trust(t)
			if tt.change != nil {
				tt.change(&tr)
			}
			c, err := doc.Load(t.Context(), tr, []byte(d), tt.signatures, tt.at)
			require.ErrorIs(t, err, attest.Is(tt.code))
			require.Zero(t, c.Policy)
			if tr.Versions != nil {
				held, err := tr.Versions.Advance(t.Context(), doc.Release{ID: tr.ID, Version: 1})
				require.NoError(t, err)
				require.EqualValues(t, 1, held.Version, "the store did not move")
			}
		})
	}
}

func TestAnOlderVersionIsRefused(t *testing.T) { // negative case 48
	tr, d := trust(t), production(t)
	load := func(document string) error {
		_, err := doc.Load(t.Context(), tr, []byte(document), sign(t, document, "ann", "ben"), now)
		return err
	}
	next := strings.Replace(d, `"version": 3,`, `"version": 4,`, 1)
	require.NoError(t, load(d))
	require.NoError(t, load(d), "the same document again")
	require.ErrorIs(t, load(d+"\n"), attest.Is(doc.CodeRollback), "another document of the same version")
	require.NoError(t, load(next))
	require.ErrorIs(t, load(d), attest.Is(doc.CodeRollback))
	tr.Versions = failing{}
	require.ErrorIs(t, load(next), attest.Is(doc.CodeRollback), "a store that cannot tell")
}

type failing struct{}

func (failing) Advance(context.Context, doc.Release) (doc.Release, error) {
	return doc.Release{}, errors.New("disk full")
}

func TestTheStoreOnlyAdvances(t *testing.T) {
	var v doc.Versions
	var wg sync.WaitGroup
	for n := range 50 {
		wg.Go(func() { _, _ = v.Advance(context.Background(), doc.Release{ID: "a", Version: uint64(n + 1)}) })
	}
	wg.Wait()
	held, err := v.Advance(t.Context(), doc.Release{ID: "a", Version: 1})
	require.NoError(t, err)
	require.EqualValues(t, 50, held.Version)
}

func TestWhatADocumentMustNotHold(t *testing.T) { // negative cases 26, 35 and 43
	for _, tt := range []struct {
		name, old, replacement string
		code                   attest.Code
	}{
		{"an unknown field", `"version": 3,`, `"version": 3, "mode": "warn",`, doc.CodeFormat},
		{"a field of the engine", `"version": 3,`, `"version": 3, "testing": true,`, doc.CodeFormat},
		{"a field in another case", `"version": 3,`, `"Version": 3,`, doc.CodeFormat},
		{"a field twice", `"version": 3,`, `"version": 3, "version": 3,`, doc.CodeFormat},
		{"version 0", `"version": 3,`, `"version": 0,`, doc.CodeFormat},
		{"no version", `"version": 3,`, ``, doc.CodeFormat},
		{"a fraction as version", `"version": 3,`, `"version": 3.5,`, doc.CodeFormat},
		{"another schema", `policy/doc/v1`, `policy/doc/v2`, doc.CodeFormat},
		{"no expiry", `"expires": "2027-01-01T00:00:00Z",`, ``, doc.CodeFormat},
		{"a null expiry", `"2027-01-01T00:00:00Z"`, `null`, doc.CodeFormat},
		{"an expiry that is no date", `2027-01-01T00:00:00Z`, `next year`, doc.CodeFormat},
		{"a negative duration", `"validity": "1h"`, `"validity": "-1h"`, doc.CodeFormat},
		{"a duration without unit", `"validity": "1h"`, `"validity": "60"`, doc.CodeFormat},
		{"a rule that nobody knows", `"use": "source"`, `"use": "sauce"`, doc.CodeRule},
		{"a rule in another case", `"use": "source"`, `"use": "Source"`, doc.CodeRule},
		{"a rule without id", `"id": "source",`, ``, doc.CodeFormat},
		{"a parameter that nobody knows", `"builds": 2`, `"builds": 2, "minimum": 1`, doc.CodeParameters},
		{"a misspelt parameter", `"builds": 2`, `"Builds": 2`, doc.CodeParameters},
		{"a parameter of another type", `"builds": 2`, `"builds": "2"`, doc.CodeParameters},
		{"a guarantee that nobody knows", `"inputs-pinned"`, `"inputs-pined"`, doc.CodeParameters},
		{"a date that does not parse", `"effectiveOn": "2026-06-01T00:00:00Z"`, `"effectiveOn": "June"`, doc.CodeFormat},
		{"two forms in one node", `"any": [`, `"all": [], "any": [`, doc.CodeNode},
		{"a node without form", `"any": [`, `"any": [{},`, doc.CodeNode},
		{"an empty combinator", `"all": [`, `"all": [{"any": []},`, policy.CodeConfigNode},
		{"a rule twice", `"id": "source"`, `"id": "reproduced"`, policy.CodeConfigRule},
		{"a level of an unknown rule", `"rules": ["hosted-builder"]`, `"rules": ["builder"]`, policy.CodeConfigLevel},
		{"a rule never waived that is unknown", `"never": ["hosted-builder"]`, `"never": ["builder"]`, policy.CodeConfigWaivers},
		{"waivers without end", `"maxLife": "168h",`, ``, policy.CodeConfigWaivers},
		{"a synthetic authority", `"example.com/release-keys"`, `"test:keys"`, policy.CodeConfigAuthority},
		{"an unknown phase", `["deploy"]`, `["Deploy"]`, policy.CodeConfigNode},
		{"trailing data", "\n}\n", "\n}\n{}", doc.CodeFormat},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := production(t)
			require.Contains(t, d, tt.old)
			require.ErrorIs(t, judge(strings.Replace(d, tt.old, tt.replacement, 1)), attest.Is(tt.code))
		})
	}
	require.NoError(t, judge(production(t)), "the control")
	require.ErrorIs(t, judge(strings.Repeat(" ", 1<<20)+production(t)), attest.Is(doc.CodeFormat), "too large")
	deep := strings.Repeat(`{"all":[`, 200) + strings.Repeat(`]}`, 200)
	require.ErrorIs(t, judge(strings.Replace(production(t), `"all": [`, `"all": [`+deep+`,`, 1)), attest.Is(doc.CodeFormat), "too deep")
}

// judge reads a document as far as a policy.
func judge(document string) error {
	d, err := doc.Parse([]byte(document))
	if err != nil {
		return err
	}
	c, err := d.Config(doc.Builtin(), nil)
	if err != nil {
		return err
	}
	_, err = policy.New(c)
	return err
}

func TestTheSchemaFileIsTheSchema(t *testing.T) {
	s, err := doc.Schema()
	require.NoError(t, err)
	var pretty bytes.Buffer
	require.NoError(t, json.Indent(&pretty, s, "", "  "))
	pretty.WriteByte('\n')
	if os.Getenv("UPDATE_SCHEMA") != "" {
		require.NoError(t, os.WriteFile("schema.json", pretty.Bytes(), 0o644))
	}
	file, err := os.ReadFile("schema.json")
	require.NoError(t, err)
	require.Equal(t, pretty.String(), string(file), "run the test with UPDATE_SCHEMA=1")
}

func TestTheSchemaKnowsEveryBuiltinRule(t *testing.T) {
	s, err := doc.Schema()
	require.NoError(t, err)
	for name := range doc.Builtin() {
		require.Contains(t, string(s), `"`+name+`"`)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(production(f)))
	f.Add([]byte(`{"schema":"x","policy":{"all":[{}]}}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		d, err := doc.Parse(document)
		if (err == nil) != (d != nil) {
			t.Fatal("a document beside an error, or neither")
		}
		if err != nil {
			return
		}
		if _, err := d.Config(doc.Builtin(), nil); err != nil && len(attest.Reasons(err)) == 0 {
			t.Fatalf("an error without a reason: %v", err)
		}
	})
}
