package deploy

import (
	"errors"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// An EnvironmentID names an environment: "production", "staging.eu-west-1". It
// is written as ValidName demands, so that no two ids differ only by case,
// Unicode form or punctuation at an end.
type EnvironmentID string

// A Target is where in an environment an artifact runs. Name is required;
// Cluster and Namespace are empty where an environment has none. Each is written
// as ValidName demands.
type Target struct {
	Cluster   string `json:"cluster,omitempty"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
}

// A Place is a target in an environment: what has one history and one
// generation at a time. It is comparable.
type Place struct {
	Environment EnvironmentID `json:"environment"`
	Target      Target        `json:"target"`
}

// maxName is the bound of DNS names, which Kubernetes uses for its own.
const maxName = 253

// ValidName reports whether s may name an environment, a cluster, a namespace or
// a target: 1 to 253 bytes of lower-case ASCII letters, digits, '-', '.' and
// '_', with a letter or digit at both ends and no two dots in a row.
func ValidName(s string) bool {
	if s == "" || len(s) > maxName || strings.Contains(s, "..") {
		return false
	}
	for _, c := range []byte(s) {
		if !alphanumeric(c) && c != '-' && c != '.' && c != '_' {
			return false
		}
	}
	return alphanumeric(s[0]) && alphanumeric(s[len(s)-1])
}

func alphanumeric(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }

// Validate reports every name of p that is missing or malformed.
func (p Place) Validate() error {
	var errs []error
	check := func(where, name string, required bool) {
		if name == "" && !required || ValidName(name) {
			return
		}
		errs = append(errs, attest.Refuse(CodePlace, where, "a lower-case name", excerpt.Quote(name)))
	}
	check("environment", string(p.Environment), true)
	check("target.cluster", p.Target.Cluster, false)
	check("target.namespace", p.Target.Namespace, false)
	check("target.name", p.Target.Name, true)
	return errors.Join(errs...)
}

// String returns the place's names joined by slashes, "-" for an empty one. No
// two places give the same string, and a valid one is safe as a path.
func (p Place) String() string {
	parts := []string{string(p.Environment), p.Target.Cluster, p.Target.Namespace, p.Target.Name}
	for i, s := range parts {
		if s == "" {
			parts[i] = "-"
		}
	}
	return strings.Join(parts, "/")
}
