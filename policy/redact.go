package policy

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// Bounds of what is looked for in reasons.
const (
	maxSecrets    = 16 << 10 // bytes of all secrets of a request together
	maxForms      = 256
	maxRedactions = 64 // JSON pointers of a policy
	secretRun     = 8  // as many bytes of a secret in a row are a part of it
)

// withheld is what becomes of every text if the secrets are too many to be looked for.
const withheld = "[redacted: too much to tell apart]"

// secrets are values of the request's evidence that no reason may repeat.
type secrets struct {
	forms []string // each as it is and as it is quoted
	size  int
	all   bool // every text is withheld
}

// checkPointers refuses what is no JSON pointer to a part of a predicate.
func checkPointers(where string, pointers []string) error {
	if len(pointers) > maxRedactions {
		return attest.Refuse(CodeConfig, where, "at most "+strconv.Itoa(maxRedactions)+" JSON pointers", strconv.Itoa(len(pointers)))
	}
	for _, p := range pointers {
		if !strings.HasPrefix(p, "/") {
			return attest.Refuse(CodeConfig, where, "JSON pointers into a predicate", quote(p))
		}
	}
	return nil
}

// secrets collects what the policy's pointers lead to in the request's evidence.
func (q *inquiry) secrets() *secrets {
	if len(q.engine.redact) == 0 {
		return nil
	}
	s := new(secrets)
	for i := range q.pool {
		raw := q.pool[i].verified.Statement().Predicate()
		whole, err := strictjson.Whole(raw, strictjson.Options{Bytes: len(raw), Depth: len(raw), Values: len(raw)})
		if err != nil {
			s.all = true
			continue
		}
		for _, pointer := range q.engine.redact {
			s.follow(whole, strings.Split(pointer, "/")[1:])
		}
	}
	return s
}

// follow adds what the tokens of a JSON pointer lead to from p on; "*" leads to every
// element and member.
func (s *secrets) follow(p strictjson.Part, tokens []string) {
	if len(tokens) == 0 {
		s.take(p)
		return
	}
	token := strings.ReplaceAll(strings.ReplaceAll(tokens[0], "~1", "/"), "~0", "~")
	visit(p, func(key string, value strictjson.Part) {
		if token == "*" || token == key {
			s.follow(value, tokens[1:])
		}
	})
}

// visit calls f with each element of an array, its index as the key, or member of an
// object. Other values have none.
func visit(p strictjson.Part, f func(key string, value strictjson.Part)) {
	if it, err := p.Entries(); err == nil {
		for it.Next() {
			f(it.Key(), it.Value())
		}
	}
	if it, err := p.Elements(); err == nil {
		for it.Next() {
			f(strconv.Itoa(it.Index()), it.Value())
		}
	}
}

// take adds every scalar and key within p.
func (s *secrets) take(p strictjson.Part) {
	if s.all || p.IsNull() {
		return
	}
	if it, err := p.Entries(); err == nil {
		for it.Next() && !s.all {
			s.add(it.Key())
			s.take(it.Value())
		}
		return
	}
	if it, err := p.Elements(); err == nil {
		for it.Next() && !s.all {
			s.take(it.Value())
		}
		return
	}
	if text, err := p.Text(); err == nil {
		s.add(text)
		s.add(inner(string(p))) // as the document spells it
		return
	}
	s.add(string(p))
}

// add adds a secret in the forms in which Go and JSON write it.
func (s *secrets) add(secret string) {
	if secret == "" {
		return
	}
	written, _ := json.Marshal(secret)
	for _, form := range [...]string{secret, inner(strconv.Quote(secret)), inner(strconv.QuoteToASCII(secret)), inner(string(written))} {
		if slices.Contains(s.forms, form) {
			continue
		}
		s.forms = append(s.forms, form)
		if s.size += len(form); s.size > maxSecrets || len(s.forms) > maxForms {
			s.all = true
			return
		}
	}
}

// inner strips the quotes.
func inner(quoted string) string { return quoted[1 : len(quoted)-1] }

// redact removes the secrets from the reasons.
func (s *secrets) redact(reasons []Reason) {
	if s == nil {
		return
	}
	for i := range reasons {
		r := &reasons[i]
		if s.text(string(r.Code)) != string(r.Code) {
			r.Code = CodeRuleSilent
		}
		for _, text := range [...]*string{&r.Where, &r.Want, &r.Got, &r.Remedy} {
			*text = s.text(*text)
		}
	}
}

// text returns t, which is cut where it is longer than any reason, with the length in
// place of each run that is a secret or a part of one.
func (s *secrets) text(t string) string {
	switch {
	case t == "":
		return ""
	case s.all:
		return withheld
	}
	t = t[:min(len(t), 4*maxText)]
	secret := s.find(t)
	if !slices.Contains(secret, true) {
		return t
	}
	var b strings.Builder
	for from := 0; from < len(t); {
		to := from
		for to < len(t) && secret[to] == secret[from] {
			to++
		}
		if secret[from] {
			b.WriteString("[redacted: " + bytesText(int64(to-from)) + "]")
		} else {
			b.WriteString(t[from:to])
		}
		from = to
	}
	return b.String()
}

// find marks the bytes of t that secretRun bytes of a secret in a row cover, or the
// whole of a shorter one.
func (s *secrets) find(t string) []bool {
	marked := make([]bool, len(t))
	mark := func(from, to int) {
		for i := from; i < to; i++ {
			marked[i] = true
		}
	}
	runs := make(map[string][]int, len(t)) // where each run of t begins
	for i := 0; i+secretRun <= len(t); i++ {
		runs[t[i:i+secretRun]] = append(runs[t[i:i+secretRun]], i)
	}
	for _, form := range s.forms {
		for i := 0; len(form) < secretRun && i+len(form) <= len(t); i++ {
			if strings.HasPrefix(t[i:], form) {
				mark(i, i+len(form))
			}
		}
		for i := 0; i+secretRun <= len(form); i++ {
			for _, at := range runs[form[i:i+secretRun]] {
				mark(at, at+secretRun)
			}
		}
	}
	return marked
}
