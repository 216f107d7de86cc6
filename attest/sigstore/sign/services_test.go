package sign_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/sigstore/sign"
	"github.com/sealwright/sealwright/attest/sigstore/sign/signtest"
)

func day(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }

// service is one of a signing configuration, valid from a day to another; 0 is
// none.
func service(url string, version, from, to int, operator string) map[string]any {
	window := map[string]any{"start": day(from)}
	if to > 0 {
		window["end"] = day(to)
	}
	return map[string]any{"url": "https://" + url, "majorApiVersion": version, "validFor": window, "operator": operator}
}

func configuration(t testing.TB, edit func(doc map[string]any)) []byte {
	t.Helper()
	doc := map[string]any{
		"mediaType":       sign.MediaTypeSigningConfig,
		"caUrls":          []any{service("ca-old", 1, 1, 5, "o"), service("ca-new", 1, 5, 0, "o")},
		"oidcUrls":        []any{service("oidc", 1, 1, 0, "o")},
		"rekorTlogUrls":   []any{service("v1", 1, 1, 0, "o"), service("v2", 2, 5, 9, "o"), service("v3", 3, 1, 0, "o")},
		"rekorTlogConfig": map[string]any{"selector": "ANY"},
		"tsaUrls":         []any{service("tsa-a/x", 1, 1, 0, "a"), service("tsa-b", 1, 2, 0, "b"), service("tsa-a-new", 1, 3, 0, "a")},
		"tsaConfig":       map[string]any{"selector": "EXACT", "count": 2},
	}
	if edit != nil {
		edit(doc)
	}
	b, err := json.Marshal(doc)
	require.NoError(t, err)
	return b
}

func selected(t *testing.T, at int, edit func(map[string]any)) (sign.Services, error) {
	t.Helper()
	c, err := sign.ParseSigningConfig(configuration(t, edit))
	require.NoError(t, err)
	return c.Select(day(at))
}

func TestServicesAreSelectedByTimeVersionAndOperator(t *testing.T) {
	got, err := selected(t, 4, nil)
	require.NoError(t, err)
	assert.Equal(t, sign.Services{Fulcio: "https://ca-old", Logs: []sign.Log{{"https://v1", 1}}, Stampers: []string{"https://tsa-a-new", "https://tsa-b"}}, got)
	got, err = selected(t, 5, nil)
	require.NoError(t, err, "both ends of a window are inside")
	assert.Equal(t, "https://ca-new", got.Fulcio)
	assert.Equal(t, []sign.Log{{"https://v2", 2}}, got.Logs, "the highest version that is spoken")
	got, err = selected(t, 10, nil)
	require.NoError(t, err)
	assert.Equal(t, []sign.Log{{"https://v1", 1}}, got.Logs)

	got, err = selected(t, 1, func(doc map[string]any) { doc["tsaConfig"] = map[string]any{"selector": "ALL"} })
	require.NoError(t, err)
	assert.Equal(t, []string{"https://tsa-a/x"}, got.Stampers)
	got, err = selected(t, 4, func(doc map[string]any) { delete(doc, "tsaUrls"); delete(doc, "tsaConfig") })
	require.NoError(t, err, "an instance may do without authorities")
	assert.Empty(t, got.Stampers)
}

func TestASelectionThatCannotBeMetIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		at   int
		edit func(map[string]any)
	}{
		"too early for all":      {0, nil},
		"fewer operators":        {1, nil},
		"no certificate service": {4, func(doc map[string]any) { delete(doc, "caUrls") }},
		"all of no valid one": {4, func(doc map[string]any) {
			doc["tsaUrls"], doc["tsaConfig"] = []any{service("x", 1, 8, 0, "o")}, map[string]any{"selector": "ALL"}
		}},
		"only an unknown version": {4, func(doc map[string]any) { doc["rekorTlogUrls"] = []any{service("x", 7, 1, 0, "o")} }},
	} {
		_, err := selected(t, c.at, c.edit)
		assert.ErrorIs(t, err, attest.Is(sign.CodeSelection), name)
	}
}

func TestAMalformedSigningConfigurationIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		code attest.Code
		edit func(map[string]any)
	}{
		"of version 0.1":     {sign.CodeServicesVersion, func(doc map[string]any) { doc["mediaType"] = "application/vnd.dev.sigstore.signingconfig.v0.1+json" }},
		"an unknown key":     {sign.CodeServices, func(doc map[string]any) { doc["more"] = 1 }},
		"another selector":   {sign.CodeServices, func(doc map[string]any) { doc["tsaConfig"] = map[string]any{"selector": "SOME"} }},
		"no selector":        {sign.CodeServices, func(doc map[string]any) { delete(doc, "tsaConfig") }},
		"exactly none":       {sign.CodeServices, func(doc map[string]any) { doc["tsaConfig"] = map[string]any{"selector": "EXACT"} }},
		"exactly too many":   {sign.CodeServices, func(doc map[string]any) { doc["tsaConfig"] = map[string]any{"selector": "EXACT", "count": 4} }},
		"a file as a URL":    {sign.CodeServices, func(doc map[string]any) { doc["caUrls"].([]any)[0].(map[string]any)["url"] = "file:///etc/passwd" }},
		"no start":           {sign.CodeServices, func(doc map[string]any) { doc["caUrls"].([]any)[0].(map[string]any)["validFor"] = map[string]any{} }},
		"no version":         {sign.CodeServices, func(doc map[string]any) { delete(doc["caUrls"].([]any)[0].(map[string]any), "majorApiVersion") }},
		"too large for sure": {attest.CodeLimit, func(doc map[string]any) { doc["mediaType"] = string(make([]byte, 1<<20)) }},
	} {
		_, err := sign.ParseSigningConfig(configuration(t, c.edit))
		assert.ErrorIs(t, err, attest.Is(c.code), name)
	}
}

func TestTheConfigurationOfAWorldSelectsItsServices(t *testing.T) {
	w := signtest.New(t)
	c, err := sign.ParseSigningConfig(w.SigningConfig(1, 2))
	require.NoError(t, err)
	got, err := c.Select(w.Instance.Now)
	require.NoError(t, err)
	assert.Equal(t, w.Services(2), got)
}

func FuzzParseSigningConfig(f *testing.F) {
	f.Add(configuration(f, nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := sign.ParseSigningConfig(data)
		if err != nil {
			if len(attest.Reasons(err)) == 0 {
				t.Fatalf("a refusal without reason: %v", err)
			}
			return
		}
		got, err := c.Select(day(5))
		if err == nil && got.Fulcio == "" {
			t.Fatal("a selection without certificate authority")
		}
	})
}
