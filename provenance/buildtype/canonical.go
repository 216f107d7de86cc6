package buildtype

import (
	"slices"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/provenance"
)

// A Name names a field of a Canonical.
type Name string

// The fields.
const (
	Source     Name = "source"      // the repository
	Ref        Name = "ref"         // a fully qualified ref
	Commit     Name = "commit"      // "gitCommit:" and the object id
	EntryPoint Name = "entry-point" // what in the repository was run
	Trigger    Name = "trigger"     // the event that started the build
	Invocation Name = "invocation"  // the run
	Outputs    Name = "outputs"     // the digests of the subjects, without a value
	Parameters Name = "parameters"  // all other external parameters, without a value
)

// A Voucher is who chose a field's value.
type Voucher uint8

// The vouchers. The zero Voucher trusts least.
const (
	User     Voucher = iota // whoever can run code in the build can choose it
	Platform                // the platform sets it where the build cannot reach
)

// String returns "user" or "platform".
func (v Voucher) String() string {
	if v == Platform {
		return "platform"
	}
	return "user"
}

// A Field is one value of a build, with who vouches for it.
type Field struct {
	Name    Name
	Value   string // empty for a field that the build does not tell
	Voucher Voucher
}

// A Canonical is a build in the terms that all platforms share.
type Canonical struct {
	// Profile is the name of the profile that read it.
	Profile string
	// Source is the repository, without a ref, in the scheme git+https or the like.
	Source provenance.Source
	// Ref may be empty.
	Ref string
	// Commit is of algorithm gitCommit, and zero in a build without a repository.
	Commit digest.Digest
	// EntryPoint, Trigger and Invocation may be empty.
	EntryPoint, Trigger, Invocation string
	// Masked are the external parameters, at the top level, that hide a value.
	Masked []string
	// BuilderIsSigner tells that the builder's id must be the signer's subject.
	BuilderIsSigner bool

	vouched []Name
}

// Fields returns every field, in a fixed order.
func (c *Canonical) Fields() []Field {
	fields := []Field{
		{Source, c.Source.Repository, User}, {Ref, c.Ref, User}, {Commit, c.Commit.String(), User},
		{EntryPoint, c.EntryPoint, User}, {Trigger, c.Trigger, User}, {Invocation, c.Invocation, User},
		{Outputs, "", User}, {Parameters, "", User},
	}
	for i, f := range fields {
		if slices.Contains(c.vouched, f.Name) {
			fields[i].Voucher = Platform
		}
	}
	return fields
}

// Claims are values that the platform signed beside the provenance, such as the
// extensions of a Fulcio certificate (ClaimsOf). An empty value claims nothing.
type Claims struct {
	// Repository is a location as provenance.ParseSource reads it, with or without
	// "git+".
	Repository string
	Ref        string
	Commit     string // hexadecimal
	EntryPoint string
	Trigger    string
	Invocation string
	// Runner is the kind of machine, such as "github-hosted". Provenance has no
	// trustworthy counterpart.
	Runner string
	// Builder and BuilderCommit are the build instructions that sign, as a location
	// with a ref, and their commit in hexadecimal.
	Builder, BuilderCommit string
}

func (c Claims) value(n Name) string {
	switch n {
	case Source:
		return c.Repository
	case Ref:
		return c.Ref
	case Commit:
		return c.Commit
	case EntryPoint:
		return c.EntryPoint
	case Trigger:
		return c.Trigger
	case Invocation:
		return c.Invocation
	}
	return ""
}

// Compare tells which fields differ from what the platform claims. A field that the
// build does not tell differs from no claim.
func (c *Canonical) Compare(claims Claims) []attest.Reason {
	var reasons []attest.Reason
	for _, f := range c.Fields() {
		want := claims.value(f.Name)
		if want == "" || f.Value == "" || same(f.Name, f.Value, want) {
			continue
		}
		reasons = append(reasons, attest.Reason{Code: CodeClaim, Where: string(f.Name), Want: excerpt.Quote(want), Got: excerpt.Quote(f.Value)})
	}
	return reasons
}

// Forgeable returns the fields, among those named, that neither the platform's
// profile nor a claim vouches for.
func (c *Canonical) Forgeable(claims Claims, names ...Name) []Field {
	out := make([]Field, 0, len(names))
	for _, f := range c.Fields() {
		if !slices.Contains(names, f.Name) || f.Voucher == Platform {
			continue
		}
		if want := claims.value(f.Name); want != "" && f.Value != "" && same(f.Name, f.Value, want) {
			continue
		}
		out = append(out, f)
	}
	return out
}

func same(n Name, value, claim string) bool {
	switch n {
	case Source:
		at, err := repository(claim)
		return err == nil && at.Ref == "" && at.Repository == value
	case Commit:
		return value == string(digest.GitCommit)+":"+claim
	case Invocation:
		return value == claim || sameRun(value, claim)
	}
	return value == claim
}

// sameRun compares "run-attempt", as slsa-github-generator names an invocation, with
// the address of a run of GitHub Actions.
func sameRun(value, claim string) bool {
	run, attempt, ok := strings.Cut(value, "-")
	return ok && run != "" && attempt != "" && strings.Trim(run+attempt, "0123456789") == "" &&
		strings.HasPrefix(claim, "https://github.com/") && strings.HasSuffix(claim, "/actions/runs/"+run+"/attempts/"+attempt)
}
