package predicate_test

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	experiment "github.com/go-json-experiment/json"
	link "github.com/in-toto/attestation/go/predicates/link/v0"
	release "github.com/in-toto/attestation/go/predicates/release/v0"
	scai "github.com/in-toto/attestation/go/predicates/scai/v0"
	svr "github.com/in-toto/attestation/go/predicates/svr/v01"
	testresult "github.com/in-toto/attestation/go/predicates/test_result/v0"
	vsa "github.com/in-toto/attestation/go/predicates/vsa/v1"
	vulns "github.com/in-toto/attestation/go/predicates/vulns/v02"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance/predicate"
	"github.com/sealwright/sealwright/provenance/provenancetest"
)

const hex = "b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2"

// A form is one predicate type: a predicate with every field set, in the order of
// fields in which Encode writes, and in-toto's own type of it.
type form struct {
	predicateType, sample string
	oracle                func() proto.Message // nil if in-toto has none
	decode                func(*attest.Statement, predicate.Reading) (predicate.Predicate, error)
}

func decode[T any, P interface {
	*T
	predicate.Predicate
}](s *attest.Statement, o predicate.Reading) (predicate.Predicate, error) {
	p, err := predicate.Decode[T, P](s, o)
	if err != nil {
		return nil, err
	}
	return p, nil
}

func forms() map[string]form {
	return map[string]form{
		"vsa": {predicate.VSAType, `{"verifier":{"id":"https://example.com/verifier"},"timeVerified":"2026-03-01T12:00:00Z","resourceUri":"pkg:generic/app@1",` +
			`"policy":{"uri":"https://example.com/policy","digest":{"sha256":"` + hex + `"}},"inputAttestations":[{"uri":"https://example.com/a","digest":{"sha256":"` + hex + `"}}],` +
			`"verificationResult":"PASSED","verifiedLevels":["SLSA_BUILD_LEVEL_3","ORG_REVIEWED"],"dependencyLevels":{"SLSA_BUILD_LEVEL_1":1,"SLSA_BUILD_LEVEL_2":9007199254740993},"slsaVersion":"1.2"}`,
			func() proto.Message { return &vsa.VerificationSummary{} }, decode[predicate.VSA]},
		"svr": {predicate.SVRType, `{"verifier":{"id":"https://example.com/verifier"},"timeCreated":"2026-03-01T12:00:00Z","properties":["SLSA_BUILD_LEVEL_3","ORG_X"]}`,
			func() proto.Message { return &svr.SimpleVerificationResult{} }, decode[predicate.SVR]},
		"scai": {predicate.SCAIType, `{"attributes":[{"attribute":"WITH_STACK_PROTECTION","target":{"uri":"https://example.com/t"},"conditions":{"flags":"-fstack-protector*"},` +
			`"evidence":{"name":"e","digest":{"sha256":"` + hex + `"},"mediaType":"application/json"}}],"producer":{"uri":"file:///usr/bin/gcc","digest":{"sha256":"` + hex + `"}}}`,
			func() proto.Message { return &scai.AttributeReport{} }, decode[predicate.SCAI]},
		"test-result": {predicate.TestResultType, `{"result":"FAILED","configuration":[{"name":"ci.yml","digest":{"sha256":"` + hex + `"}}],"url":"https://example.com/run/1","passedTests":["a","b"],"warnedTests":["c"],"failedTests":["d"]}`,
			func() proto.Message { return &testresult.TestResult{} }, decode[predicate.TestResult]},
		"vulns": {predicate.VulnsType, `{"scanner":{"uri":"pkg:github/acme/scanner@1","version":"0.19.2","db":{"uri":"pkg:github/acme/db@2","version":"v1","lastUpdate":"2026-02-28T00:00:00Z"},` +
			`"result":[{"id":"CVE-1","severity":[{"method":"nvd","score":"medium"}],"annotations":[{"fixed":true}]}]},"metadata":{"scanStartedOn":"2026-03-01T12:00:00Z","scanFinishedOn":"2026-03-01T12:00:01Z"}}`,
			func() proto.Message { return &vulns.Vulns{} }, decode[predicate.Vulns]},
		"release": {predicate.ReleaseType, `{"purl":"pkg:npm/%40acme/http@7.2.16","releaseId":"1234567890"}`,
			func() proto.Message { return &release.Release{} }, decode[predicate.Release]},
		"link": {predicate.LinkType, `{"name":"build","command":["make","all"],"materials":[{"name":"src","digest":{"sha256":"` + hex + `"}}],"byproducts":{"return-value":0},"environment":{"a":"b"}}`,
			func() proto.Message { return &link.Link{} }, decode[predicate.Link]},
		"runtime-trace": {predicate.RuntimeTraceType, `{"monitor":{"type":"https://example.com/monitor","configSource":{"uri":"https://example.com/c"},"tracePolicy":{"policies":[{"Name":"connect"}]}},` +
			`"monitoredProcess":{"hostID":"https://example.com/host","type":"https://example.com/build","event":"run-1"},` +
			`"monitorLog":{"process":[{"pid":9007199254740993}],"network":[{"ip":"192.0.2.1"}],"fileAccess":[{"name":"a","digest":{"sha256":"` + hex + `"}}]},` +
			`"metadata":{"buildStartedOn":"2026-03-01T12:00:00Z","buildFinishedOn":"2026-03-01T12:00:01Z"}}`, nil, decode[predicate.RuntimeTrace]},
	}
}

func subject() attest.Descriptor {
	return attest.Descriptor{Name: "app", Digest: digest.Set{digest.SHA256: hex}}
}

func statement(t testing.TB, predicateType, body string) *attest.Statement {
	t.Helper()
	s, err := attest.ParseStatement([]byte(`{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"app","digest":{"sha256":"`+hex+`"}}],"predicateType":"`+predicateType+`","predicate":`+body+`}`), attest.Limits{})
	require.NoError(t, err)
	return s
}

func TestDecodeThenEncodeGivesTheSameBytes(t *testing.T) {
	for name, f := range forms() {
		t.Run(name, func(t *testing.T) {
			s := statement(t, f.predicateType, f.sample)
			p, err := f.decode(s, predicate.Reading{})
			require.NoError(t, err)
			for range 10 {
				again, err := predicate.Encode(p, subject())
				require.NoError(t, err)
				require.Equal(t, s.Bytes(), again.Bytes())
			}
		})
	}
}

// byOracle reads the predicate with in-toto's own type.
func byOracle(t testing.TB, f form, body []byte) (proto.Message, error) {
	t.Helper()
	m := f.oracle()
	if err := protojson.Unmarshal(body, m); err != nil {
		return nil, err
	}
	if v, ok := m.(interface{ Validate() error }); ok {
		return m, v.Validate()
	}
	return m, nil
}

func TestTheSamplesSetEveryFieldThatTheOracleKnows(t *testing.T) {
	for name, f := range forms() {
		if f.oracle == nil {
			continue
		}
		m, err := byOracle(t, f, []byte(f.sample))
		require.NoError(t, err, name)
		fields := m.ProtoReflect().Descriptor().Fields()
		for i := range fields.Len() {
			require.True(t, m.ProtoReflect().Has(fields.Get(i)), "%s lacks %s", name, fields.Get(i).Name())
		}
	}
}

// clearEmpty unsets empty texts: the in-toto parsing rules equate them with none.
func clearEmpty(m protoreflect.Message) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.IsMap():
		case f.IsList() && f.Message() != nil:
			for i := range v.List().Len() {
				clearEmpty(v.List().Get(i).Message())
			}
		case f.IsList():
		case f.Message() != nil:
			clearEmpty(v.Message())
		case f.HasOptionalKeyword() && f.Kind() == protoreflect.StringKind && v.String() == "":
			m.Clear(f)
		}
		return true
	})
}

// agree demands that what Decode accepts the oracle accepts, and that nothing gets
// lost on the way through our type.
func agree(t testing.TB, f form, s *attest.Statement) (accepted bool) {
	t.Helper()
	p, err := f.decode(s, predicate.Reading{})
	if err != nil {
		require.NotEmpty(t, attest.Reasons(err))
		return false
	}
	require.NoError(t, p.Validate())
	again, err := predicate.Encode(p, s.Subjects()...)
	require.NoError(t, err)
	q, err := f.decode(again, predicate.Reading{})
	require.NoError(t, err)
	twice, err := predicate.Encode(q, s.Subjects()...)
	require.NoError(t, err)
	require.Equal(t, again.Bytes(), twice.Bytes())
	byExperiment(t, p, s.Predicate())
	if f.oracle == nil {
		return true
	}
	want, err := byOracle(t, f, s.Predicate())
	if err != nil {
		return true // it knows no exponents beyond float64, and fewer digests
	}
	got, err := byOracle(t, f, again.Predicate())
	require.NoError(t, err)
	clearEmpty(want.ProtoReflect())
	clearEmpty(got.ProtoReflect())
	require.True(t, proto.Equal(want, got), "%s\n%s", s.Predicate(), again.Predicate())
	return true
}

// byExperiment demands that go-json-experiment, which is strict on its own, reads the
// predicate as we did.
func byExperiment(t testing.TB, p predicate.Predicate, body []byte) {
	t.Helper()
	other := reflect.New(reflect.TypeOf(p).Elem()).Interface()
	require.NoError(t, experiment.Unmarshal(body, other), "%s", body)
	a, err := json.Marshal(p)
	require.NoError(t, err)
	b, err := json.Marshal(other)
	require.NoError(t, err)
	require.Equal(t, string(a), string(b), "%s", body)
}

func TestEveryMutationIsRefusedOrReadAsTheOracleReadsIt(t *testing.T) {
	for name, f := range forms() {
		t.Run(name, func(t *testing.T) {
			doc, err := provenancetest.ParseDocument([]byte(f.sample))
			require.NoError(t, err)
			accepted, refused := 0, 0
			for m := range doc.Mutations(provenancetest.AllOps()...) {
				s, err := attest.NewStatement(f.predicateType, json.RawMessage(m.Document), subject())
				if err == nil && agree(t, f, s) {
					accepted++
					if f.oracle != nil {
						_, err := byOracle(t, f, m.Document)
						assert.NoError(t, err, "%s: the oracle refuses what we accept", m)
					}
				} else {
					refused++
				}
			}
			require.Greater(t, refused, accepted)
			require.Positive(t, accepted)
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		form, old, new string
		code           attest.Code
	}{
		"a field that nobody knows":               {"vsa", `{"verifier"`, `{"x":1,"verifier"`, predicate.CodeJSON},
		"an alias beside the field":               {"vsa", `{"verifier"`, `{"verification_result":"FAILED","verifier"`, predicate.CodeAlias},
		"an alias instead of the field":           {"svr", `"timeCreated"`, `"time_created"`, predicate.CodeAlias},
		"an alias deeper down":                    {"vulns", `"lastUpdate"`, `"last_update":"2020-01-01T00:00:00Z","lastUpdate"`, predicate.CodeAlias},
		"a field in other case":                   {"vsa", `"policy"`, `"Policy"`, predicate.CodeJSON},
		"a verifier without id":                   {"vsa", `"id":"https://example.com/verifier"`, ``, predicate.CodeURI},
		"a verifier that is no URI":               {"vsa", `https://example.com/verifier`, `witness`, predicate.CodeURI},
		"a summary without a resource":            {"vsa", `"resourceUri":"pkg:generic/app@1",`, ``, predicate.CodeURI},
		"a policy without a URI":                  {"vsa", `"uri":"https://example.com/policy",`, ``, predicate.CodeURI},
		"a result that is neither":                {"vsa", `"PASSED"`, `"passed"`, predicate.CodeValue},
		"a failure with a level":                  {"vsa", `"PASSED"`, `"FAILED"`, predicate.CodeLevels},
		"a failure among the levels of a success": {"vsa", `"ORG_REVIEWED"`, `"FAILED"`, predicate.CodeLevels},
		"two levels in one track":                 {"vsa", `"ORG_REVIEWED"`, `"SLSA_BUILD_LEVEL_1"`, predicate.CodeLevels},
		"one level twice":                         {"vsa", `"ORG_REVIEWED"`, `"SLSA_BUILD_LEVEL_3"`, predicate.CodeLevels},
		"a custom value in SLSA's name":           {"vsa", `"ORG_REVIEWED"`, `"SLSA_REVIEWED"`, predicate.CodeLevels},
		"a level beyond the highest":              {"vsa", `"SLSA_BUILD_LEVEL_3"`, `"SLSA_BUILD_LEVEL_4"`, predicate.CodeLevels},
		"a level with a leading zero":             {"vsa", `"SLSA_BUILD_LEVEL_3"`, `"SLSA_BUILD_LEVEL_03"`, predicate.CodeLevels},
		"a dependency level in SLSA's name":       {"vsa", `"SLSA_BUILD_LEVEL_1":1`, `"SLSA_X":1`, predicate.CodeLevels},
		"a negative count":                        {"vsa", `"SLSA_BUILD_LEVEL_1":1`, `"SLSA_BUILD_LEVEL_1":-1`, predicate.CodeJSON},
		"no levels":                               {"vsa", `"verifiedLevels":["SLSA_BUILD_LEVEL_3","ORG_REVIEWED"],`, ``, predicate.CodeMissing},
		"an input attestation without a digest":   {"vsa", `{"uri":"https://example.com/a","digest":{"sha256":"` + hex + `"}}`, `{"uri":"https://example.com/a"}`, predicate.CodeDescriptor},
		"a version of SLSA that is none":          {"vsa", `"slsaVersion":"1.2"`, `"slsaVersion":"v1.2"`, predicate.CodeValue},
		"a time in another zone":                  {"vsa", `12:00:00Z`, `12:00:00+00:00`, predicate.CodeTimestamp},
		"a time in seconds":                       {"svr", `"2026-03-01T12:00:00Z"`, `1772366400`, predicate.CodeTimestamp},
		"null for a time":                         {"svr", `"2026-03-01T12:00:00Z"`, `null`, predicate.CodeTimestamp},
		"a property twice":                        {"svr", `"ORG_X"`, `"SLSA_BUILD_LEVEL_3"`, predicate.CodeDuplicate},
		"no properties":                           {"svr", `,"properties":["SLSA_BUILD_LEVEL_3","ORG_X"]`, ``, predicate.CodeMissing},
		"no attributes":                           {"scai", `{"attributes":[`, `{"attributes":[],"x":[`, predicate.CodeJSON},
		"an attribute without a name":             {"scai", `"WITH_STACK_PROTECTION"`, `""`, predicate.CodeMissing},
		"evidence that names nothing":             {"scai", `"digest":{"sha256":"` + hex + `"},"mediaType"`, `"mediaType"`, predicate.CodeDescriptor},
		"conditions that are a text":              {"scai", `{"flags":"-fstack-protector*"}`, `"x"`, predicate.CodeValue},
		"a test that passed and failed":           {"test-result", `"failedTests":["d"]`, `"failedTests":["a"]`, predicate.CodeDuplicate},
		"a run that passed with a failed test":    {"test-result", `"FAILED"`, `"PASSED"`, predicate.CodeValue},
		"a result of no name":                     {"test-result", `"FAILED"`, `"OK"`, predicate.CodeValue},
		"no configuration":                        {"test-result", `"configuration":[{"name":"ci.yml","digest":{"sha256":"` + hex + `"}}],`, ``, predicate.CodeMissing},
		"no result of a scan is not an empty one": {"vulns", `"result":[{"id":"CVE-1","severity":[{"method":"nvd","score":"medium"}],"annotations":[{"fixed":true}]}]`, `"result":null`, predicate.CodeMissing},
		"a database of unknown age":               {"vulns", `,"lastUpdate":"2026-02-28T00:00:00Z"`, ``, predicate.CodeTimestamp},
		"a scan that ends before it starts":       {"vulns", `"2026-03-01T12:00:01Z"`, `"2026-03-01T11:00:01Z"`, predicate.CodeTimestamp},
		"a vulnerability without an id":           {"vulns", `"CVE-1"`, `""`, predicate.CodeMissing},
		"a package URL without a version":         {"release", `@7.2.16`, ``, predicate.CodeMissing},
		"a package URL that is none":              {"release", `pkg:npm/`, `https://npm/`, predicate.CodeURI},
		"a step without a name":                   {"link", `"build"`, `""`, predicate.CodeMissing},
		"a material without a digest":             {"link", `,"digest":{"sha256":"` + hex + `"}`, `,"uri":"https://example.com/x"`, predicate.CodeDescriptor},
		"two materials of one name":               {"link", `"materials":[`, `"materials":[{"name":"src","digest":{"sha256":"` + strings.Repeat("c", 64) + `"}},`, predicate.CodeDuplicate},
		"a monitor of no type":                    {"runtime-trace", `"type":"https://example.com/monitor",`, ``, predicate.CodeURI},
		"a trace without events":                  {"runtime-trace", `"monitorLog":{"process":[{"pid":9007199254740993}],"network":[{"ip":"192.0.2.1"}],"fileAccess":[{"name":"a","digest":{"sha256":"` + hex + `"}}]}`, `"monitorLog":{}`, predicate.CodeMissing},
		"an event that is no object":              {"runtime-trace", `{"ip":"192.0.2.1"}`, `null`, predicate.CodeValue},
		"a process that ends before it starts":    {"runtime-trace", `"2026-03-01T12:00:01Z"`, `"2026-03-01T11:00:01Z"`, predicate.CodeTimestamp},
		"an upper-case digest":                    {"scai", `"producer":{"uri":"file:///usr/bin/gcc","digest":{"sha256":"` + hex, `"producer":{"uri":"file:///usr/bin/gcc","digest":{"sha256":"` + strings.ToUpper(hex), predicate.CodeDescriptor},
	} {
		t.Run(name, func(t *testing.T) {
			f := forms()[c.form]
			require.Contains(t, f.sample, c.old)
			p, err := f.decode(statement(t, f.predicateType, strings.Replace(f.sample, c.old, c.new, 1)), predicate.Reading{})
			require.ErrorIs(t, err, attest.Is(c.code))
			require.Nil(t, p)
		})
	}
}

func TestDecodeComparesThePredicateTypeExactly(t *testing.T) {
	for name, f := range forms() {
		for _, other := range []string{f.predicateType + "/", f.predicateType + "?x", f.predicateType + ".0", strings.Replace(f.predicateType, "a", "A", 1), "https://slsa.dev/provenance/v1"} {
			_, err := f.decode(statement(t, other, f.sample), predicate.Reading{})
			require.ErrorIs(t, err, attest.Is(predicate.CodeType), name+" "+other)
		}
		_, err := f.decode(nil, predicate.Reading{})
		require.ErrorIs(t, err, attest.Is(predicate.CodeNil))
	}
}

func TestUnknownFieldsAreReadOnlyOnDemandAndAliasesNever(t *testing.T) {
	for name, f := range forms() {
		with := strings.Replace(f.sample, `{`, `{"https://example.com/extension":1,`, 1)
		_, err := f.decode(statement(t, f.predicateType, with), predicate.Reading{})
		require.ErrorIs(t, err, attest.Is(predicate.CodeJSON), name)
		got, err := f.decode(statement(t, f.predicateType, with), predicate.Reading{AllowUnknown: true})
		require.NoError(t, err, name)
		want, err := f.decode(statement(t, f.predicateType, f.sample), predicate.Reading{})
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	f := forms()["vulns"]
	for _, alias := range []string{"last_update", "scan_started_on", "scan_finished_on"} {
		body := strings.Replace(strings.Replace(f.sample, `"lastUpdate"`, `"`+alias+`":"x","lastUpdate"`, 1), `"scanStartedOn"`, `"`+alias+`":"x","scanStartedOn"`, 1)
		_, err := f.decode(statement(t, f.predicateType, body), predicate.Reading{AllowUnknown: true})
		require.ErrorIs(t, err, attest.Is(predicate.CodeAlias), alias)
	}
}

func TestNoDependencyLevelsAreNotUnknownOnes(t *testing.T) {
	f := forms()["vsa"]
	levels := `"dependencyLevels":{"SLSA_BUILD_LEVEL_1":1,"SLSA_BUILD_LEVEL_2":9007199254740993},`
	for replacement, isNil := range map[string]bool{"": true, `"dependencyLevels":null,`: true, `"dependencyLevels":{},`: false} {
		s := statement(t, f.predicateType, strings.Replace(f.sample, levels, replacement, 1))
		v, err := predicate.Decode[predicate.VSA](s, predicate.Reading{})
		require.NoError(t, err)
		require.Empty(t, v.DependencyLevels)
		require.Equal(t, isNil, v.DependencyLevels == nil)
		again, err := predicate.Encode(v, subject())
		require.NoError(t, err)
		require.Equal(t, !isNil, strings.Contains(string(again.Bytes()), "dependencyLevels"))
	}
}

func TestSubjectsOfALinkAndOfAReleaseHaveNamesOfTheirOwn(t *testing.T) {
	other := attest.Descriptor{Name: "app", Digest: digest.Set{digest.SHA256: strings.Repeat("c", 64)}}
	for _, p := range []predicate.Predicate{&predicate.Link{Name: "build"}, &predicate.Release{PURL: "pkg:npm/x@1"}} {
		_, err := predicate.Encode(p, subject(), other)
		require.ErrorIs(t, err, attest.Is(predicate.CodeDuplicate))
	}
	_, err := predicate.Encode(&predicate.Release{PURL: "pkg:npm/x@1"}, attest.Descriptor{Digest: other.Digest})
	require.ErrorIs(t, err, attest.Is(predicate.CodeMissing))
}

func TestEncodeRefusesWhatIsNotValid(t *testing.T) {
	_, err := predicate.Encode(nil, subject())
	require.ErrorIs(t, err, attest.Is(predicate.CodeNil))
	for _, p := range []predicate.Predicate{
		(*predicate.VSA)(nil), (*predicate.SVR)(nil), (*predicate.SCAI)(nil), (*predicate.TestResult)(nil),
		(*predicate.Vulns)(nil), (*predicate.Release)(nil), (*predicate.Link)(nil), (*predicate.RuntimeTrace)(nil),
	} {
		_, err := predicate.Encode(p, subject())
		require.ErrorIs(t, err, attest.Is(predicate.CodeNil))
	}
	for _, p := range []predicate.Predicate{&predicate.VSA{}, &predicate.SVR{}, &predicate.SCAI{}, &predicate.TestResult{}, &predicate.Vulns{}, &predicate.Release{}, &predicate.Link{}, &predicate.RuntimeTrace{}} {
		_, err := predicate.Encode(p, subject())
		require.NotEmpty(t, attest.Reasons(err), p.Type())
	}
	far := predicate.Timestamp{Time: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}
	_, err = predicate.Encode(&predicate.SVR{Verifier: predicate.SVRVerifier{ID: "https://example.com/v"}, TimeCreated: far, Properties: []string{}}, subject())
	require.ErrorIs(t, err, attest.Is(predicate.CodeTimestamp))
}

func TestParseLevelReadsOnlyLevels(t *testing.T) {
	for text, want := range map[string]predicate.Level{
		"SLSA_BUILD_LEVEL_0": {predicate.TrackBuild, 0}, "SLSA_BUILD_LEVEL_3": {predicate.TrackBuild, 3},
		"SLSA_SOURCE_LEVEL_4": {predicate.TrackSource, 4}, "SLSA_BUILD_ENV_LEVEL_2": {predicate.TrackBuildEnv, 2}, "SLSA_DEPENDENCY_LEVEL_4": {predicate.TrackDependency, 4},
	} {
		got, ok := predicate.ParseLevel(text)
		require.True(t, ok)
		require.Equal(t, want, got)
		require.Equal(t, text, got.String())
	}
	for _, text := range []string{"", "FAILED", "SLSA_BUILD_LEVEL_", "SLSA_BUILD_LEVEL_4", "SLSA_BUILD_LEVEL_3 ", "SLSA_build_LEVEL_3", "SLSA_BUILD_LEVEL_-1", "SLSA_BUILD_LEVEL_٣"} {
		_, ok := predicate.ParseLevel(text)
		require.False(t, ok, text)
	}
}

func TestDecodeBill(t *testing.T) {
	for name, c := range map[string]struct {
		predicateType, body string
		want                *predicate.Bill
	}{
		"CycloneDX":                   {predicate.CycloneDXType, `{"bomFormat":"CycloneDX","specVersion":"1.6","serialNumber":"urn:uuid:1","components":[]}`, &predicate.Bill{Format: "CycloneDX", Version: "1.6", Name: "urn:uuid:1"}},
		"CycloneDX without a serial":  {predicate.CycloneDXType, `{"bomFormat":"CycloneDX","specVersion":"1.4"}`, &predicate.Bill{Format: "CycloneDX", Version: "1.4"}},
		"SPDX 2.3":                    {predicate.SPDX23Type, `{"SPDXID":"SPDXRef-DOCUMENT","spdxVersion":"SPDX-2.3","documentNamespace":"https://example.com/d"}`, &predicate.Bill{Format: "SPDX", Version: "2.3", Name: "https://example.com/d"}},
		"SPDX 2.2":                    {predicate.SPDXType, `{"SPDXID":"SPDXRef-DOCUMENT","spdxVersion":"SPDX-2.2"}`, &predicate.Bill{Format: "SPDX", Version: "2.2"}},
		"SPDX 3":                      {predicate.SPDX3Type, `{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[]}`, &predicate.Bill{Format: "SPDX", Version: "3.0.1"}},
		"SPDX under CycloneDX":        {predicate.CycloneDXType, `{"SPDXID":"SPDXRef-DOCUMENT","spdxVersion":"SPDX-2.3"}`, nil},
		"CycloneDX under SPDX":        {predicate.SPDXType, `{"bomFormat":"CycloneDX","specVersion":"1.6"}`, nil},
		"SPDX 2.2 as 2.3":             {predicate.SPDX23Type, `{"SPDXID":"SPDXRef-DOCUMENT","spdxVersion":"SPDX-2.2"}`, nil},
		"SPDX 3 as 2.3":               {predicate.SPDX23Type, `{"SPDXID":"SPDXRef-DOCUMENT","spdxVersion":"SPDX-3.0"}`, nil},
		"a context elsewhere":         {predicate.SPDX3Type, `{"@context":"https://evil.example/3.0/spdx-context.jsonld"}`, nil},
		"a context that only extends": {predicate.SPDX3Type, `{"@context":"https://spdx.org/rdf/3.evil/spdx-context.jsonld"}`, nil},
		"a version that is a number":  {predicate.CycloneDXType, `{"bomFormat":"CycloneDX","specVersion":1.6}`, nil},
		"no version":                  {predicate.CycloneDXType, `{"bomFormat":"CycloneDX"}`, nil},
		"a header in other case":      {predicate.CycloneDXType, `{"BomFormat":"CycloneDX","specVersion":"1.6"}`, nil},
		"another type":                {predicate.VSAType, `{"bomFormat":"CycloneDX","specVersion":"1.6"}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := predicate.DecodeBill(statement(t, c.predicateType, c.body))
			require.Equal(t, c.want, b)
			if c.want == nil {
				require.NotEmpty(t, attest.Reasons(err))
			}
		})
	}
	_, err := predicate.DecodeBill(nil)
	require.ErrorIs(t, err, attest.Is(predicate.CodeNil))
}

// FuzzDecode compares Decode with in-toto's own types: what both accept they must
// read alike.
func FuzzDecode(f *testing.F) {
	names := slices.Sorted(maps.Keys(forms()))
	for i, name := range names {
		doc, err := provenancetest.ParseDocument([]byte(forms()[name].sample))
		require.NoError(f, err)
		f.Add(uint8(i), forms()[name].sample)
		for m := range doc.Mutations(provenancetest.AllOps()...) {
			f.Add(uint8(i), string(m.Document))
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, body string) {
		form := forms()[names[int(which)%len(names)]]
		s, err := attest.ParseStatement([]byte(`{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"app","digest":{"sha256":"`+hex+`"}}],"predicateType":"`+form.predicateType+`","predicate":`+body+`}`), attest.Limits{})
		if err == nil {
			agree(t, form, s)
		}
	})
}

// agreeBill demands that DecodeBill reads the header that go-json-experiment reads.
func agreeBill(t testing.TB, predicateType, body string) bool {
	t.Helper()
	s, err := attest.ParseStatement([]byte(`{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"app","digest":{"sha256":"`+hex+`"}}],"predicateType":"`+predicateType+`","predicate":`+body+`}`), attest.Limits{})
	if err != nil {
		return false
	}
	b, err := predicate.DecodeBill(s)
	if err != nil {
		require.NotEmpty(t, attest.Reasons(err))
		return false
	}
	var header struct {
		Format    string `json:"bomFormat"`
		Spec      string `json:"specVersion"`
		Serial    string `json:"serialNumber"`
		SPDX      string `json:"spdxVersion"`
		Namespace string `json:"documentNamespace"`
		Context   string `json:"@context"`
	}
	err = experiment.Unmarshal(s.Predicate(), &header)
	if err != nil {
		return true // a name of another format with a value of another kind
	}
	want := predicate.Bill{Format: predicate.FormatSPDX, Version: strings.TrimPrefix(header.SPDX, "SPDX-"), Name: header.Namespace}
	switch predicateType {
	case predicate.CycloneDXType:
		want = predicate.Bill{Format: header.Format, Version: header.Spec, Name: header.Serial}
	case predicate.SPDX3Type:
		want = predicate.Bill{Format: predicate.FormatSPDX, Version: strings.Split(header.Context, "/")[4]}
	}
	require.Equal(t, &want, b, "%s", body)
	return true
}

func bills() map[string]string {
	return map[string]string{
		predicate.CycloneDXType: `{"bomFormat":"CycloneDX","specVersion":"1.6","serialNumber":"urn:uuid:1","components":[{"name":"a"}]}`,
		predicate.SPDXType:      `{"SPDXID":"SPDXRef-DOCUMENT","spdxVersion":"SPDX-2.2","documentNamespace":"https://example.com/d","packages":[{}]}`,
		predicate.SPDX23Type:    `{"SPDXID":"SPDXRef-DOCUMENT","spdxVersion":"SPDX-2.3","documentNamespace":"https://example.com/d"}`,
		predicate.SPDX3Type:     `{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[]}`,
	}
}

func TestEveryMutationOfABillIsRefusedOrReadAlike(t *testing.T) {
	for predicateType, body := range bills() {
		require.True(t, agreeBill(t, predicateType, body), predicateType)
		doc, err := provenancetest.ParseDocument([]byte(body))
		require.NoError(t, err)
		refused := 0
		for m := range doc.Mutations(provenancetest.AllOps()...) {
			if !agreeBill(t, predicateType, string(m.Document)) {
				refused++
			}
		}
		require.Greater(t, refused, 8, predicateType)
	}
}

func FuzzDecodeBill(f *testing.F) {
	types := slices.Sorted(maps.Keys(bills()))
	for i, name := range types {
		f.Add(uint8(i), bills()[name])
	}
	f.Fuzz(func(t *testing.T, which uint8, body string) { agreeBill(t, types[int(which)%len(types)], body) })
}

func TestEveryCodeIsListedOnceAndWellFormed(t *testing.T) {
	seen := map[attest.Code]bool{}
	for _, c := range predicate.Codes() {
		assert.Regexp(t, `^provenance\.predicate\.[a-z0-9-]+$`, string(c))
		assert.False(t, seen[c], c)
		seen[c] = true
	}
}
