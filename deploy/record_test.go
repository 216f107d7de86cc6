package deploy_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/deploy"
	"github.com/sealwright/sealwright/deploy/deploytest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func record(t *testing.T) *deploy.Record {
	t.Helper()
	r, err := deploytest.Record(t.Context(), request(), digest.Digest{})
	require.NoError(t, err)
	return r
}

func TestARecordParsesBackToWhatWasRecorded(t *testing.T) {
	r := record(t)
	want, err := r.Deployment()
	require.NoError(t, err)
	s, err := r.Statement()
	require.NoError(t, err)
	got, err := deploy.ParseRecord(sealed(t, s, "test:log", "recorder"))
	require.NoError(t, err)
	assert.Equal(t, want, got)
	assert.Equal(t, deploy.Live, got.State())
	again, err := r.Statement()
	require.NoError(t, err)
	assert.Equal(t, s.Bytes(), again.Bytes())
}

func TestARecordIsRefusedWith(t *testing.T) {
	tests := []struct {
		name   string
		change func(*deploy.Record)
		code   attest.Code
	}{
		{"the zero authorization", func(r *deploy.Record) { r.Authorization = deploy.Authorization{} }, deploy.CodeUnauthorized},
		{"a start before the window", func(r *deploy.Record) { r.Started = deploytest.Epoch().Add(-1) }, deploy.CodeAuthorizationWindow},
		{"a start at the end of the window", func(r *deploy.Record) { r.Started = deploytest.Epoch().Add(24 * time.Hour) }, deploy.CodeAuthorizationWindow},
		{"an end before the start", func(r *deploy.Record) { r.Finished = r.Started.Add(-1) }, deploy.CodeRecordTimes},
		{"no end", func(r *deploy.Record) { r.Finished = time.Time{} }, deploy.CodeRecordTimes},
		{"no outcome", func(r *deploy.Record) { r.Outcome = "" }, deploy.CodeRecordOutcome},
		{"an unknown outcome", func(r *deploy.Record) { r.Outcome = "deployed" }, deploy.CodeRecordOutcome},
		{"a weak previous digest", func(r *deploy.Record) { r.Previous = digest.Digest{Algorithm: "sha1", Hex: strings.Repeat("a", 40)} }, deploy.CodeRecord},
		{"a malformed attestation digest", func(r *deploy.Record) { r.Attestations[0].Hex = "x" }, deploy.CodeRecord},
		{"too many attestations", func(r *deploy.Record) { r.Attestations = make([]digest.Digest, 10_001) }, deploy.CodeRecord},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := record(t)
			tt.change(r)
			_, err := r.Statement()
			requireCode(t, err, tt.code)
		})
	}
	_, err := (*deploy.Record)(nil).Statement()
	requireCode(t, err, deploy.CodeNil)
}

// edited returns the record's statement with a JSON field of the predicate set,
// at a path separated by dots; a nil value removes it.
func edited(t *testing.T, path string, value any) *attest.Verified {
	t.Helper()
	s, err := record(t).Statement()
	require.NoError(t, err)
	var predicate map[string]any
	require.NoError(t, json.Unmarshal(s.Predicate(), &predicate))
	at := predicate
	keys := strings.Split(path, ".")
	for _, k := range keys[:len(keys)-1] {
		at = at[k].(map[string]any)
	}
	if value == nil {
		delete(at, keys[len(keys)-1])
	} else {
		at[keys[len(keys)-1]] = value
	}
	changed, err := attest.NewStatement(s.PredicateType(), predicate, s.Subjects()...)
	require.NoError(t, err)
	return sealed(t, changed, "test:log", "recorder")
}

func TestAForgedRecordIsRefused(t *testing.T) {
	_, err := deploy.ParseRecord(edited(t, "outcome", "succeeded"))
	require.NoError(t, err, "a record that only lists its fields in another order")
	tests := []struct {
		name, path string
		value      any
		code       attest.Code
	}{
		{"another environment", "request.environment", "staging", deploy.CodeRecordRequest},
		{"another generation", "request.generation", 2, deploy.CodeRecordRequest},
		{"another request digest", "requestDigest", deploytest.Policy().String(), deploy.CodeRecordRequest},
		{"no request digest", "requestDigest", nil, deploy.CodeRecordRequest},
		{"an invalid request", "request.nonce", "short", deploy.CodeRecord},
		{"an unknown field", "request.force", true, deploy.CodeRecord},
		{"an unknown field at the top", "override", true, deploy.CodeRecord},
		{"a coerced outcome", "outcome", "ok", deploy.CodeRecordOutcome},
		{"no outcome", "outcome", nil, deploy.CodeRecordOutcome},
		{"no decisions", "authorization.decisions", []any{}, deploy.CodeRecord},
		{"no approvals", "authorization.approvals", []any{}, deploy.CodeRecord},
		{"a grant that ends before the start", "authorization.until", deploytest.Epoch(), deploy.CodeRecordTimes},
		{"a grant beyond the request", "authorization.until", deploytest.Epoch().Add(48 * time.Hour), deploy.CodeRecordTimes},
		{"a start before the grant", "started", deploytest.Epoch().Add(-1), deploy.CodeRecordTimes},
		{"a fractional generation", "request.generation", 1.5, deploy.CodeRecord},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := deploy.ParseRecord(edited(t, tt.path, tt.value))
			requireCode(t, err, tt.code)
		})
	}
}

func TestARecordOfOtherArtifactsIsRefused(t *testing.T) {
	s, err := record(t).Statement()
	require.NoError(t, err)
	moved, err := attest.NewStatement(s.PredicateType(), s.Predicate(), deploytest.Artifact("other"))
	require.NoError(t, err)
	_, err = deploy.ParseRecord(sealed(t, moved, "test:log", "recorder"))
	requireCode(t, err, deploy.CodeRecordRequest)
	approval := vote(t, request(), deploy.VoteApprove, "ann")
	_, err = deploy.ParseRecord(approval)
	requireCode(t, err, deploy.CodeRecordType)
	_, err = deploy.ParseRecord(nil)
	requireCode(t, err, deploy.CodeNil)
}

func FuzzParseRecord(f *testing.F) {
	r, err := deploytest.Record(f.Context(), request(), digest.Digest{})
	require.NoError(f, err)
	s, err := r.Statement()
	require.NoError(f, err)
	f.Add(s.Bytes())
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := attest.ParseStatement(b, attest.Limits{Bytes: 1 << 16})
		if err != nil {
			return
		}
		v, err := deploytest.Seal(s, "test:log", "recorder")
		require.NoError(t, err)
		d, err := deploy.ParseRecord(v)
		if err != nil {
			require.NotEmpty(t, attest.Reasons(err))
			return
		}
		name, err := d.Request.Digest()
		require.NoError(t, err)
		require.Equal(t, d.RequestDigest, name)
		require.Contains(t, []deploy.State{deploy.Live, deploy.Failed, deploy.Removed}, d.State())
	})
}
