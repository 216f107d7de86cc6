package buildtype

import (
	"errors"
	"slices"
	"strings"

	packageurl "github.com/package-url/packageurl-go"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// The predicate types of publish attestations. They tell of an upload to a package
// registry and of no build.
const (
	// NPMPublish is signed by the registry, with its own key, when it accepted a
	// package.
	NPMPublish = "https://github.com/npm/attestation/tree/main/specs/publish/v0.1"
	// PyPIPublish is signed by whoever uploads a distribution, under the identity of
	// the project's Trusted Publisher (PEP 740).
	PyPIPublish = "https://docs.pypi.org/attestations/publish/v1"
)

// The fields of a Publication, beside Outputs.
const (
	Registry Name = "registry" // the registry's address
	Package  Name = "package"  // the name of the package
	Version  Name = "version"  // its version
	File     Name = "file"     // the name of the distribution's file
)

// A Publication is the word of a registry, or of a publisher, that an artifact was
// published.
type Publication struct {
	// Profile is "npm-publish" or "pypi-publish".
	Profile string
	// Artifact is the statement's only subject.
	Artifact attest.Descriptor
	// Registry, Package and Version are told by npm, File by PyPI.
	Registry, Package, Version, File string
}

// Fields returns every field with who chose it. npm's registry vouches for all that it
// signs, and says nothing of the source. With PyPI the publisher's job writes the
// statement: what can be trusted is who signed it (Publisher.Check).
func (p *Publication) Fields() []Field {
	voucher := User
	if p.Profile == profileNPM {
		voucher = Platform
	}
	return []Field{
		{Registry, p.Registry, voucher}, {Package, p.Package, voucher}, {Version, p.Version, voucher},
		{File, p.File, voucher}, {Outputs, "", voucher},
	}
}

const (
	profileNPM  = "npm-publish"
	profilePyPI = "pypi-publish"
)

// DecodePublication reads a publish attestation strictly: one subject, which names what
// the predicate names. The result shares nothing with s.
func DecodePublication(s *attest.Statement) (*Publication, error) {
	if s == nil {
		return nil, attest.Refuse(CodeNil, "statement", "a statement", "nil")
	}
	subjects := s.Subjects()
	if len(subjects) != 1 {
		return nil, attest.Refuse(CodePublication, "/subject", "one", "several")
	}
	switch s.PredicateType() {
	case NPMPublish:
		return npmPublication(s, subjects[0])
	case PyPIPublish:
		return pypiPublication(s, subjects[0])
	}
	return nil, attest.Refuse(CodePublication, "/predicateType", NPMPublish+" or "+PyPIPublish, excerpt.Quote(s.PredicateType()))
}

func npmPublication(s *attest.Statement, subject attest.Descriptor) (*Publication, error) {
	var told struct {
		Name     string `json:"name"`
		Version  string `json:"version"`
		Registry string `json:"registry"`
	}
	if err := s.DecodePredicate(&told, false); err != nil {
		return nil, attest.Refuse(CodePublication, "/predicate", "name, version and registry", "").Because(err)
	}
	p, err := packageurl.FromString(subject.Name)
	name := p.Name
	if p.Namespace != "" {
		name = p.Namespace + "/" + name
	}
	if err != nil || p.Type != "npm" || name != told.Name || p.Version != told.Version || told.Name == "" || told.Version == "" {
		return nil, attest.Refuse(CodePublication, "/subject/0/name", "the package URL of "+excerpt.Quote(told.Name+"@"+told.Version), excerpt.Quote(subject.Name)).Because(err)
	}
	if !plainOrigin(told.Registry) {
		return nil, attest.Refuse(CodePublication, "/predicate/registry", "the address of a registry", excerpt.Quote(told.Registry))
	}
	if _, ok := subject.Digest[digest.SHA512]; !ok {
		return nil, attest.Refuse(CodePublication, "/subject/0/digest", "sha512", excerpt.Quote(subject.Digest.String()))
	}
	return &Publication{Profile: profileNPM, Artifact: subject, Registry: told.Registry, Package: told.Name, Version: told.Version}, nil
}

// plainOrigin recognises "https://host".
func plainOrigin(s string) bool {
	host, ok := strings.CutPrefix(s, "https://")
	return ok && host != "" && strings.Trim(host, "abcdefghijklmnopqrstuvwxyz0123456789.-") == ""
}

func pypiPublication(s *attest.Statement, subject attest.Descriptor) (*Publication, error) {
	if err := s.DecodePredicate(&struct{}{}, false); err != nil {
		return nil, attest.Refuse(CodePublication, "/predicate", "nothing in it", "").Because(err)
	}
	known := []string{".whl", ".tar.gz", ".zip"}
	if !slices.ContainsFunc(known, func(end string) bool { return strings.HasSuffix(subject.Name, end) }) || strings.ContainsAny(subject.Name, "/\\") {
		return nil, attest.Refuse(CodePublication, "/subject/0/name", "the file name of a distribution", excerpt.Quote(subject.Name))
	}
	if _, ok := subject.Digest[digest.SHA256]; !ok {
		return nil, attest.Refuse(CodePublication, "/subject/0/digest", "sha256", excerpt.Quote(subject.Digest.String()))
	}
	return &Publication{Profile: profilePyPI, Artifact: subject, File: subject.Name}, nil
}

// A Publisher is a Trusted Publisher: the workflow, or the account, that a project lets
// upload.
type Publisher struct {
	// Issuer is the OIDC issuer of its identity.
	Issuer string
	// Repository is a location as provenance.ParseSource reads it, with or without
	// "git+".
	Repository string
	// Workflow is the path of the workflow in the repository, such as
	// ".github/workflows/release.yml" or ".gitlab-ci.yml".
	Workflow string
	// Account is the publisher's name at the issuer, such as the address of a service
	// account, for one that is no workflow. Repository and Workflow are then empty.
	Account string
}

// Check tells in what the signers of a publish attestation are not the publisher; no
// reason means that one of them is. A workflow must be told by the certificate's
// extensions: neither the statement nor its signer's name counts.
func (p Publisher) Check(e *attest.Verified) []attest.Reason {
	source, err := p.source()
	if err != nil {
		return attest.Reasons(err)
	}
	var errs []error
	for _, signer := range e.Signers() {
		c := ClaimsOf(e, signer)
		if signer.Issuer == p.Issuer && p.is(signer.Subject, source, c) {
			return nil
		}
		errs = append(errs, attest.Refuse(CodePublisher, "certificate", excerpt.Quote(p.Issuer+" "+source+" "+p.Workflow+p.Account), excerpt.Quote(signer.Issuer+" "+c.Repository+" "+c.EntryPoint)))
	}
	if len(errs) == 0 {
		errs = append(errs, attest.Refuse(CodePublisher, "certificate", "a signer", "none"))
	}
	return attest.Reasons(errors.Join(errs...))
}

// source returns the canonical repository, "" for an account.
func (p Publisher) source() (string, error) {
	if p.Issuer != "" && p.Account != "" && p.Repository == "" && p.Workflow == "" {
		return "", nil
	}
	source, err := repository(p.Repository)
	if err != nil || source.Ref != "" || p.Issuer == "" || p.Workflow == "" || p.Account != "" {
		return "", attest.Refuse(CodePublisher, "Publisher", "an issuer, and a repository with a workflow or else an account", "something else").Because(err)
	}
	return source.Repository, nil
}

// is compares a signer of the publisher's issuer. GitLab parts the path from the
// repository by two slashes.
func (p Publisher) is(subject, source string, c Claims) bool {
	if p.Account != "" {
		return subject == p.Account
	}
	return same(Source, source, c.Repository) && (c.EntryPoint == p.Workflow || c.Builder == c.Repository+"//"+p.Workflow+"@"+c.Ref)
}
