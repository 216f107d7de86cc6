package doc_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/doc"
	"github.com/sealwright/sealwright/policy/policytest"
)

// parameters set every parameter of every built-in rule.
func parameters(t testing.TB) map[string]any {
	t.Helper()
	var all map[string]any
	require.NoError(t, json.Unmarshal([]byte(file(t, "parameters.json")), &all))
	return all
}

// loads reports whether the catalogue makes a rule that an engine takes.
func loads(use string, with any) bool {
	text, err := json.Marshal(with)
	if err != nil {
		return false
	}
	r, err := doc.Builtin()[use](text)
	if err != nil {
		return false
	}
	_, err = policy.New(policy.Config{
		Policy: policy.PolicyRef{URI: "https://example.com/policy", Version: "1"}, Root: policy.Rules(r),
		Authorities: []string{policytest.Authority}, Testing: true, Validity: time.Hour,
	})
	return err == nil
}

// validates reports whether the schema takes a document with the rule.
func validates(t testing.TB, s *jsonschema.Schema, use string, with any) bool {
	t.Helper()
	text, err := json.Marshal(map[string]any{
		"schema": doc.SchemaURI, "id": "https://example.com/p", "version": 1, "expires": "2027-01-01T00:00:00Z", "authorities": []string{"a"}, "validity": "1h",
		"policy": map[string]any{"rule": map[string]any{"use": use, "id": "r", "with": with}},
	})
	require.NoError(t, err)
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	require.NoError(t, err)
	return s.Validate(v) == nil
}

// mistakes calls do with each way to spoil one node of a value: leave it out, put
// something of another type in its place, empty it, or add what nobody knows.
func mistakes(at string, v any, set func(any), do func(what string)) {
	spoil := func(what string, with any) {
		set(with)
		do(what + " at " + at)
		set(v)
	}
	for _, with := range []any{nil, true, 7, -7, "", []any{}, map[string]any{}, []any{[]any{}}} {
		spoil(fmt.Sprintf("%#v", with), with)
	}
	switch v := v.(type) {
	case map[string]any:
		v["surplus"] = 1
		do("a surplus at " + at)
		delete(v, "surplus")
		for _, name := range slices.Sorted(maps.Keys(v)) {
			inner := v[name]
			delete(v, name)
			do("nothing at " + at + "/" + name)
			v[name] = inner
			mistakes(at+"/"+name, inner, func(to any) { v[name] = to }, do)
		}
	case []any:
		for i := range v {
			mistakes(fmt.Sprintf("%s/%d", at, i), v[i], func(to any) { v[i] = to }, do)
		}
	}
}

// beyond tells what a schema cannot see: how values hang together, and what texts and
// numbers there are.
var beyond = regexp.MustCompile(`^(7 at .*/(threshold|level|levels/SOURCE)|a surplus at .*/levels)$`)

// lenient tells what only the loader takes: null, or an empty object, for what is left
// out, and names that nothing has.
var lenient = regexp.MustCompile(`^(<nil> at /|map\[string\]interface \{\}\{\} at /vex$|"" at /(required|ignore|(grants/0/)?properties|labels)/)`)

// An editor flags what the loader refuses, as far as a schema can tell, and nothing
// else.
func TestTheSchemaJudgesParametersAsTheLoaderDoes(t *testing.T) {
	s, all := schema(t), parameters(t)
	require.Equal(t, slices.Sorted(maps.Keys(doc.Builtin())), slices.Sorted(maps.Keys(all)))
	flagged := 0
	for use, with := range all {
		require.True(t, loads(use, with), use)
		require.True(t, validates(t, s, use, with), use)
		mistakes("", with, func(to any) { with = to }, func(what string) {
			loader, editor := loads(use, with), validates(t, s, use, with)
			switch {
			case loader && !editor:
				require.Regexp(t, lenient, what, use)
			case !loader && editor:
				require.Regexp(t, beyond, what, use)
			case !loader:
				flagged++
			}
		})
	}
	require.Greater(t, flagged, 1500)
}
