package rules

import "github.com/sealwright/sealwright/attest"

// The codes of this package. Rules about provenance also give those of packages
// provenance/verify, which makes the checks, and provenance/slsa, which reads the
// statements; Reproduced and NoVulnerabilities those of packages reproducible and
// scan/report for evidence that cannot be read.
const (
	// CodeConfig: a rule's configuration demands nothing or contradicts itself.
	CodeConfig attest.Code = "policy.rules.config"
	// CodeUnreadable: the evidence cannot be read; the cause follows.
	CodeUnreadable attest.Code = "policy.rules.unreadable"
	// CodeBuilder: the builder is none of those that the rule accepts.
	CodeBuilder attest.Code = "policy.builder.unlisted"
	// CodeBuilderSigner: no signer of the provenance may speak for its builder.
	CodeBuilderSigner attest.Code = "policy.builder.signer"
	// CodeBuildType: the build type is not the one whose parameters are expected.
	CodeBuildType attest.Code = "policy.parameters.build-type"
	// CodeNotIdentical: two builds did not give the same bits.
	CodeNotIdentical attest.Code = "policy.reproduced.different"
	// CodeGuarantees: a build lacked guarantees that the rule requires.
	CodeGuarantees attest.Code = "policy.reproduced.guarantees"
	// CodeBuilds: too few distinct builds agree.
	CodeBuilds attest.Code = "policy.reproduced.builds"
	// CodeVulnerable: a vulnerability is not tolerated.
	CodeVulnerable attest.Code = "policy.vulnerabilities.found"
	// CodeDatabaseAge: the advisory database was too old, or is by now.
	CodeDatabaseAge attest.Code = "policy.vulnerabilities.database-age"
	// CodeScanFuture: the scan ended after Now.
	CodeScanFuture attest.Code = "policy.vulnerabilities.future"
)

// Codes returns every code that this package itself can give.
func Codes() []attest.Code {
	return []attest.Code{
		CodeConfig, CodeUnreadable, CodeBuilder, CodeBuilderSigner, CodeBuildType,
		CodeNotIdentical, CodeGuarantees, CodeBuilds,
		CodeVulnerable, CodeDatabaseAge, CodeScanFuture,
	}
}
