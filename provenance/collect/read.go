package collect

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// A Rule says how one named value of a source becomes a fact. A list of rules is the
// allow-list of its source: what no rule names is never read.
type Rule struct {
	// Name is the variable, the claim, or the path of members of an answer, parted
	// by '/'.
	Name string
	Key  Key
	Form Form
	// Prefix and Suffix are put around the value before it is held against Form.
	Prefix, Suffix string
}

// A Source is where rules read.
type Source struct {
	Kind     string // begins every Origin: "env", "claim", "api /path", "file name"
	Trust    Trust
	Evidence digest.Digest
	// Text returns the value of a name; false if there is none, and an error if it is
	// no text.
	Text func(name string) (string, bool, error)
}

// Read applies every rule to the source. An empty value is none. All values that do not
// have their form are reported, joined, and none of them is repeated.
func (f *Facts) Read(s Source, rules []Rule) error {
	var errs []error
	for _, r := range rules {
		origin := s.Kind + " " + r.Name
		raw, ok, err := s.Text(r.Name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if !ok || raw == "" {
			continue
		}
		value, ok := "", len(raw) <= mostText
		if ok {
			value, ok = r.Form.Parse(r.Prefix + raw + r.Suffix)
		}
		if !ok {
			errs = append(errs, refuse(CodeValue, origin, r.Form.String(), raw))
			continue
		}
		f.Add(Fact{r.Key, value, s.Trust, origin, s.Evidence})
	}
	return errors.Join(errs...)
}

// ReadEnv reads variables, which are self-asserted.
func (f *Facts) ReadEnv(env Environment, rules []Rule) error {
	if env.LookupEnv == nil {
		return attest.Refuse(CodeCapability, "Environment.LookupEnv", "a function", "nil")
	}
	return f.Read(Source{Kind: "env", Text: func(name string) (string, bool, error) {
		value, ok := env.LookupEnv(name)
		return value, ok, nil
	}}, rules)
}

// RequireEnv refuses a variable that is set to anything but what the caller pins, such
// as the address of the platform. It does not repeat what it is set to.
func RequireEnv(env Environment, name, want string) error {
	if env.LookupEnv == nil {
		return attest.Refuse(CodeCapability, "Environment.LookupEnv", "a function", "nil")
	}
	if got, ok := env.LookupEnv(name); ok && got != want {
		return refuse(CodeConflict, "env "+name, excerpt.Quote(want), got)
	}
	return nil
}

// Members are a JSON object of a third party, read strictly: no key twice or in two
// spellings, no trailing data, bounded. Members that nobody asks for are ignored, as
// platforms add to their answers.
type Members struct {
	where  string
	values map[string]any
}

// ParseMembers reads an object. where names the document in errors, which repeat
// nothing of it.
func ParseMembers(body []byte, where string) (*Members, error) {
	m := &Members{where: where}
	if err := strictjson.Unmarshal(body, &m.values, strictjson.Options{Bytes: mostDocument, Depth: 40, Values: 200_000}); err != nil {
		return nil, badJSON(err, where)
	}
	if m.values == nil {
		return nil, attest.Refuse(CodeJSON, where, "a JSON object", "null")
	}
	return m, nil
}

// DecodeJSON reads a document of a third party into v as ParseMembers does: members
// that v does not have are ignored, in another spelling they are refused.
func DecodeJSON(body []byte, v any, where string) error {
	o := strictjson.Options{Bytes: mostDocument, Depth: 40, Values: 200_000, AllowUnknown: true}
	if err := strictjson.Unmarshal(body, v, o); err != nil {
		return badJSON(err, where)
	}
	return nil
}

func badJSON(err error, where string) error {
	cause := "another document"
	if e, ok := errors.AsType[*strictjson.Error](err); ok {
		cause = string(e.Cause)
	}
	return attest.Refuse(CodeJSON, where, "strict JSON of the documented shape", cause)
}

// Text returns the value at a path of members, parted by '/', as text: a string, an
// integer or a truth value. It is false for what is absent or null.
func (m *Members) Text(path string) (string, bool, error) {
	var at any = m.values
	for name := range strings.SplitSeq(path, "/") {
		if at == nil {
			return "", false, nil
		}
		o, ok := at.(map[string]any)
		if !ok {
			return "", false, attest.Refuse(CodeValue, m.where+" "+path, "objects on the way", "something else")
		}
		at = o[name]
	}
	switch v := at.(type) {
	case nil:
		return "", false, nil
	case string:
		return v, true, nil
	case json.Number:
		if strings.Trim(v.String(), "-0123456789") == "" {
			return v.String(), true, nil
		}
	case bool:
		if v {
			return "true", true, nil
		}
		return "false", true, nil
	}
	return "", false, attest.Refuse(CodeValue, m.where+" "+path, "a text, an integer or a truth value", "something else")
}

// Require holds the text at each path against what the caller asked for, so that an
// answer about something else is refused. What was got is not repeated.
func (m *Members) Require(want map[string]string) error {
	var errs []error
	for _, path := range slices.Sorted(maps.Keys(want)) {
		got, _, err := m.Text(path)
		if err != nil {
			errs = append(errs, err)
		} else if got != want[path] {
			errs = append(errs, refuse(CodeConflict, m.where+" "+path, "what was asked for", got))
		}
	}
	return errors.Join(errs...)
}

// ReadAPI reads an answer of the platform.
func (f *Facts) ReadAPI(m *Members, evidence digest.Digest, rules []Rule) error {
	return f.Read(Source{Kind: m.where, Trust: PlatformAPI, Evidence: evidence, Text: m.Text}, rules)
}
