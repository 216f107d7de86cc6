package buildtype

import (
	"strings"

	"github.com/sealwright/sealwright/attest"
)

// fulcioArc is the arc of the extensions of Fulcio's certificates (Fulcio, OID
// information); what follows it tells which.
const fulcioArc = "1.3.6.1.4.1.57264.1."

// gitHubIssuer issues the identities of GitHub's workflows.
const gitHubIssuer = "https://token.actions.githubusercontent.com"

// ClaimsOf returns what the authority behind the certificate of one of the evidence's
// signers says of the signer's build: the extensions of Fulcio's certificates. The zero
// Claims mean that it says nothing.
func ClaimsOf(e *attest.Verified, signer attest.Identity) Claims {
	var c Claims
	var old [4]string // trigger, commit, repository, ref, as Fulcio wrote them before
	config := ""
	principal := ""
	for _, claim := range e.Claims() {
		if principal == "" {
			principal = signer.Principal()
		}
		field, ok := strings.CutPrefix(claim.Name, fulcioArc)
		if !ok || claim.Principal != principal {
			continue
		}
		for _, f := range [...]struct {
			field string
			value *string
		}{
			{"9", &c.Builder}, {"10", &c.BuilderCommit}, {"11", &c.Runner}, {"12", &c.Repository}, {"13", &c.Commit}, {"14", &c.Ref},
			{"18", &config}, {"20", &c.Trigger}, {"21", &c.Invocation}, {"2", &old[0]}, {"3", &old[1]}, {"5", &old[2]}, {"6", &old[3]},
		} {
			if f.field == field {
				*f.value = claim.Value
			}
		}
	}
	if c.Repository == "" && old[2] != "" && signer.Issuer == gitHubIssuer {
		c.Repository, c.Trigger, c.Commit, c.Ref = "https://github.com/"+old[2], old[0], old[1], old[3]
	}
	c.EntryPoint = entryPoint(config, c.Repository)
	return c
}

// entryPoint returns the path of the build instructions within the repository: of
// "repository/path@ref" the path. Instructions elsewhere are named as a whole, and
// those of GitLab, whose entry point is a job and no file, not at all.
func entryPoint(config, repository string) string {
	path, within := strings.CutPrefix(config, repository+"/")
	if !within || repository == "" {
		return config
	}
	if strings.HasPrefix(path, "/") {
		return ""
	}
	if i := strings.LastIndexByte(path, '@'); i >= 0 {
		path = path[:i]
	}
	return path
}
