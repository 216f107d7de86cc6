package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/mod/semver"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/chain"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/dsse"
	"github.com/sealwright/sealwright/attest/key"
	"github.com/sealwright/sealwright/attest/sigstore"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/buildtype"
	"github.com/sealwright/sealwright/provenance/slsa"
	"github.com/sealwright/sealwright/provenance/verify"
)

// authority names the trust that the command line gives.
const authority = "slsa-verify"

// holder is the principal of -key.
const holder = "key"

// An authenticator turns evidence into what may be believed.
type authenticator func(context.Context, attest.Attestation, attest.Want) (*attest.Verified, error)

// authenticate verifies every piece of evidence in the document; those that fail are
// told only if none is left.
func authenticate(ctx context.Context, f flags, document []byte, artifact digest.Set) ([]*attest.Verified, error) {
	check, err := trust(f)
	if err != nil {
		return nil, err
	}
	var found []*attest.Verified
	var faults []error
	for _, a := range split(document) {
		v, err := check(ctx, a, attest.Want{Subjects: []digest.Set{artifact}})
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err != nil {
			faults = append(faults, err)
			continue
		}
		found = append(found, v)
	}
	switch {
	case len(found) > 0:
		return found, nil
	case len(faults) == 0:
		return nil, errors.New("no provenance of the artifact could be authenticated: the file is empty")
	}
	return nil, fmt.Errorf("no provenance of the artifact could be authenticated: %w", errors.Join(faults...))
}

// split cuts a document into one attestation, one per line, or those that PyPI's index
// tells of a distribution.
func split(document []byte) []attest.Attestation {
	if bundles, err := buildtype.PyPIBundles(document); err == nil {
		return bundles
	}
	lines := [][]byte{bytes.TrimSpace(document)}
	if !json.Valid(document) {
		lines = bytes.Split(lines[0], []byte("\n"))
	}
	var out []attest.Attestation
	for _, line := range lines {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		var head struct {
			MediaType string `json:"mediaType"`
		}
		a := attest.Attestation{MediaType: attest.MediaTypeDSSE, Body: line}
		if json.Unmarshal(line, &head) == nil && head.MediaType != "" {
			a.MediaType = head.MediaType // only chooses who judges it
		}
		out = append(out, a)
	}
	return out
}

// trust makes the one verifier that the command line describes.
func trust(f flags) (authenticator, error) {
	if f.key != "" {
		pem, err := read(f.key)
		if err != nil {
			return nil, err
		}
		public, err := key.ParsePublicPEM(pem)
		if err != nil {
			return nil, fmt.Errorf("%w: -key: %w", errMisuse, err)
		}
		v, err := dsse.NewVerifier(dsse.Trust{Authority: authority, Keys: []dsse.Key{{Principal: holder, Public: public}}, Threshold: 1})
		if err != nil {
			return nil, fmt.Errorf("%w: -key: %w", errMisuse, err)
		}
		return v.Verify, nil
	}
	document, err := read(f.trustedRoot)
	if err != nil {
		return nil, err
	}
	root, err := sigstore.ParseTrustedRoot(document)
	if err != nil {
		return nil, fmt.Errorf("%w: -trusted-root: %w", errMisuse, err)
	}
	name, err := sigstore.Pattern(regexp.QuoteMeta(f.signs()) + "(@.+)?") // the grant holds the ref to that of the builder
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errMisuse, err)
	}
	v, err := sigstore.NewVerifier(sigstore.Trust{Authority: authority, Root: root, Identities: []sigstore.Identity{{Issuer: sigstore.Exactly(f.issuer), Subject: name}}})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errMisuse, err)
	}
	if f.legacy {
		return older(v), nil
	}
	return v.Verify, nil
}

// signs is the name in the certificate.
func (f flags) signs() string {
	if f.signer != "" {
		return f.signer
	}
	return f.builder
}

// older verifies statements v0.1 too. The user asked for it, so what was verified is
// passed on as the Statement v1 that says the same.
func older(v *sigstore.Verifier) authenticator {
	return func(ctx context.Context, a attest.Attestation, want attest.Want) (*attest.Verified, error) {
		verified, current := v.Verify(ctx, a, want)
		if current == nil {
			return verified, nil
		}
		s, err := v.VerifyStatementV01(ctx, a, want)
		if err != nil {
			return nil, current
		}
		statement, err := attest.NewStatement(s.PredicateType(), s.Predicate(), s.Subjects()...)
		if err != nil {
			return nil, err
		}
		facts := attest.Facts{Authority: authority, Statement: statement, Evidence: s.Evidence(), Signers: []attest.Identity{s.Signer()}, Times: s.Times(), Inclusions: s.Inclusions()}
		for field, value := range s.Claims().Fields {
			if value != "" {
				facts.Claims = append(facts.Claims, attest.Claim{Principal: s.Signer().Principal(), Name: chain.Field(field).OID(), Value: value})
			}
		}
		return attest.Seal(facts)
	}
}

// expect turns the command line into roots and expectations. What the command line
// leaves open, the build type and within bounds the versions, is as the evidence tells.
func expect(f flags, evidence []*attest.Verified) (verify.Roots, verify.Expectations, error) {
	build, err := peek(f, evidence)
	if err != nil {
		return verify.Roots{}, verify.Expectations{}, err
	}
	profile, ok := buildtype.Find(buildtype.Profiles(), build.BuildType)
	if !ok {
		return verify.Roots{}, verify.Expectations{}, attest.Refuse(verify.CodeProfile, "/predicate/buildDefinition/buildType", "a build type with a profile", build.BuildType)
	}
	location, err := f.location(profile, build)
	if err != nil {
		return verify.Roots{}, verify.Expectations{}, err
	}
	want := verify.Expectations{
		BuilderID: f.builder, BuildType: build.BuildType, Level: f.level, Profiles: buildtype.Profiles(), AllowLegacy: f.legacy,
		Sources:    verify.Sources{{URI: location, AllowSHA1: true}},
		Parameters: verify.Parameters{Ignore: profile.Parameters},
	}
	if !strings.Contains(f.builder, "@") && build.Builder.ID != f.builder {
		want.Refs = &verify.Refs{From: "0.0.0", Below: "999999999.0.0"}
	}
	signer := holder
	if f.key == "" {
		signer = f.issuer + "#" + f.signs()
	}
	grant := verify.Grant{Signer: signer, BuilderID: f.builder, Refs: want.Refs, Level: verify.MaxLevel}
	return verify.Roots{Authorities: []string{authority}, Grants: []verify.Grant{grant}}, want, nil
}

// build reads what a piece of evidence tells of a build.
func (f flags) build(e *attest.Verified) (*provenance.Build, error) {
	b, err := slsa.Decode(e.Statement())
	if err == nil || !f.legacy {
		return b, err
	}
	l, err := slsa.DecodeLegacy(e.Statement())
	if err != nil {
		return nil, err
	}
	return l.Build, nil
}

// peek reads the first provenance among the evidence.
func peek(f flags, evidence []*attest.Verified) (*provenance.Build, error) {
	var faults []error
	for _, e := range evidence {
		b, err := f.build(e)
		if err == nil {
			return b, nil
		}
		faults = append(faults, err)
	}
	return nil, fmt.Errorf("no SLSA provenance that can be read: %w", errors.Join(faults...))
}

// repository writes the location of a repository as provenance does.
func repository(location string) (string, error) {
	if !strings.Contains(location, "://") {
		location = "https://" + location
	}
	if !strings.HasPrefix(location, "git+") {
		location = "git+" + location
	}
	at, err := provenance.ParseSource(location)
	if err == nil && at.Ref != "" {
		err = errors.New("the ref is for another flag")
	}
	if err != nil {
		return "", fmt.Errorf("%w: -source-uri: want the location of a repository without a ref: %w", errMisuse, err)
	}
	return location, nil
}

// isRelease reports whether a version is one of a release, or begins those of some.
func isRelease(version string) bool {
	return semver.IsValid(version) && semver.Prerelease(version)+semver.Build(version) == ""
}

// location is the expected source, at the expected ref.
func (f flags) location(profile buildtype.Profile, build *provenance.Build) (string, error) {
	uri, err := repository(f.source)
	switch {
	case err != nil:
		return "", err
	case f.tag != "":
		return uri + "@refs/tags/" + f.tag, nil
	case f.branch != "":
		return uri + "@refs/heads/" + f.branch, nil
	case f.versionedTag == "":
		return uri, nil
	}
	c, err := profile.Normalize(build)
	if err != nil {
		return "", err
	}
	version, tagged := strings.CutPrefix(c.Ref, "refs/tags/")
	parts := strings.Split(f.versionedTag, ".")
	built := strings.Split(semver.Canonical(version), ".")
	if !tagged || !semver.IsValid(version) || semver.Prerelease(version) != "" || len(built) < len(parts) || !slices.Equal(parts, built[:len(parts)]) {
		return "", attest.Refuse(verify.CodeSourceRef, "ref", "a tag of a release "+f.versionedTag, c.Ref)
	}
	return uri + "@" + c.Ref, nil
}
