package sigstore_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A mutation is a document that differs from a valid one in one field.
type mutation struct {
	path string // of the field, without array indexes
	how  string
	body []byte
}

// place is one value of a document, and how to put another in its place.
type place struct {
	path  string
	value any
	set   func(v any)
	drop  func()
}

// places returns every value below v.
func places(v any, path string) (out []place) {
	switch x := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(x)) {
			sub := path + "/" + k
			out = append(out, place{sub, x[k], func(v any) { x[k] = v }, func() { delete(x, k) }})
			out = append(out, places(x[k], sub)...)
		}
	case []any:
		for i := range x {
			out = append(out, place{path, x[i], func(v any) { x[i] = v }, nil})
			out = append(out, places(x[i], path)...)
		}
	}
	return out
}

// mutations returns at least n one-field mutations of a document.
func mutations(t testing.TB, body []byte, n int) (out []mutation) {
	t.Helper()
	var doc any
	require.NoError(t, json.Unmarshal(body, &doc))
	write := func(p place, how string, change func(), undo func()) {
		change()
		b, err := json.Marshal(doc)
		require.NoError(t, err)
		undo()
		out = append(out, mutation{p.path, how, b})
	}
	all := places(doc, "")
	var texts []place
	for _, p := range all {
		back := func() { p.set(p.value) }
		for how, v := range map[string]any{"null": nil, "empty text": "", "number": 7, "list": []any{}, "object": map[string]any{}, "true": true} {
			write(p, how, func() { p.set(v) }, back)
		}
		if p.drop != nil {
			write(p, "absent", p.drop, back)
		}
		if m, ok := p.value.(map[string]any); ok {
			write(p, "unknown key", func() { m["unknown"] = 1 }, func() { delete(m, "unknown") })
		}
		if l, ok := p.value.([]any); ok && len(l) > 0 {
			write(p, "first twice", func() { p.set(append(slices.Clone(l), l[0])) }, back)
			write(p, "first missing", func() { p.set(l[1:]) }, back)
		}
		if s, ok := p.value.(string); ok {
			texts = append(texts, p)
			for how, v := range texted(s) {
				write(p, how, func() { p.set(v) }, back)
			}
		}
	}
	each := (n-len(out))/len(texts) + 1
	for len(out) < n {
		for _, p := range texts {
			s := p.value.(string)
			for i := range each {
				v := flipped(s, i, each)
				if v != s {
					write(p, "flipped "+strconv.Itoa(i), func() { p.set(v) }, func() { p.set(p.value) })
				}
			}
		}
		each *= 2
	}
	return out
}

// texted are other spellings and lengths of a text.
func texted(s string) map[string]string {
	out := map[string]string{"space after": s + " ", "upper case": strings.ToUpper(s), "twice": s + s, "cut": s[:len(s)/2], "line break": s + "\n"}
	if raw, err := base64.StdEncoding.DecodeString(s); err == nil && len(raw) > 0 {
		out["URL alphabet"] = base64.URLEncoding.EncodeToString(raw)
		out["unpadded"] = base64.RawStdEncoding.EncodeToString(raw)
		out["one byte more"] = base64.StdEncoding.EncodeToString(append(slices.Clone(raw), 0))
		out["one byte less"] = base64.StdEncoding.EncodeToString(raw[:len(raw)-1])
		out["JSON space"] = base64.StdEncoding.EncodeToString(append(slices.Clone(raw), ' '))
	}
	if body := strings.TrimRight(s, "\n"); strings.HasSuffix(body, "=") {
		out["spare bit"] = spareBit(body) + s[len(body):]
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		out["plus one"], out["minus one"], out["leading zero"], out["negative"] = fmt.Sprint(n+1), fmt.Sprint(n-1), "0"+s, "-"+s
	}
	for how, v := range out {
		if v == s {
			delete(out, how)
		}
	}
	return out
}

// spareBit changes a bit beyond the last byte of padded base64, which
// encoding/base64 does not look at.
func spareBit(s string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	text := strings.TrimRight(s, "=")
	last := strings.IndexByte(alphabet, text[len(text)-1])
	return text[:len(text)-1] + string(alphabet[last^1]) + s[len(text):]
}

// flipped flips one bit: of the bytes that a text encodes, or of the text.
func flipped(s string, i, of int) string {
	if raw, err := base64.StdEncoding.DecodeString(s); err == nil && len(raw) > 8 {
		at := i * len(raw) * 8 / of
		raw[at/8] ^= 1 << (at % 8)
		return base64.StdEncoding.EncodeToString(raw)
	}
	if s == "" {
		return s
	}
	b := []byte(s)
	at := i * len(b) * 7 / of
	b[at/7] ^= 1 << (at % 7)
	return string(b)
}

func TestBothJudgeEveryMutationAlike(t *testing.T) {
	n := 2000
	if testing.Short() {
		n = 200
	}
	table := map[string]int{}
	for _, s := range subjects(t) {
		if s.ours(s.body) != nil {
			continue // a valid bundle is mutated
		}
		all := mutations(t, s.body, n)
		require.GreaterOrEqual(t, len(all), n)
		for _, m := range all {
			ours := s.ours(m.body) == nil
			theirs := false
			if !s.noOurs {
				theirs = s.theirs(m.body) == nil
			}
			how := strings.SplitN(m.how, " ", 2)[0]
			switch {
			case ours && theirs:
				table["neutral: both accept "+m.path+": "+how]++
				assert.True(t, neutral(m), "%s: both accept %s: %s", s.name, m.path, m.how)
			case theirs:
				table["stricter: "+m.path+": "+how]++
				assert.NotEmpty(t, stricter(m), "%s: only sigstore-go accepts %s: %s", s.name, m.path, m.how)
			case ours && s.noOurs:
				table["neutral: ours accepts "+m.path+": "+how]++
				assert.True(t, neutral(m), "%s: ours accepts %s: %s", s.name, m.path, m.how)
			case ours:
				table["LAXER: "+m.path+": "+how]++
				assert.True(t, spelled(m), "%s: only ours accepts %s: %s", s.name, m.path, m.how)
			default:
				table["both refuse"]++
			}
		}
	}
	for _, k := range slices.Sorted(maps.Keys(table)) {
		t.Logf("%6d %s", table[k], k)
	}
}

// withoutKeyID returns a bundle without the key ids of its envelope.
func withoutKeyID(body []byte) (out []byte, changed bool) {
	var doc map[string]any
	if json.Unmarshal(body, &doc) != nil {
		return nil, false
	}
	envelope, _ := doc["dsseEnvelope"].(map[string]any)
	list, _ := envelope["signatures"].([]any)
	for _, one := range list {
		if s, ok := one.(map[string]any); ok && s["keyid"] != nil {
			delete(s, "keyid")
			changed = true
		}
	}
	out, err := json.Marshal(doc)
	return out, changed && err == nil
}
