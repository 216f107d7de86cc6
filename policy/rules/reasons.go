package rules

import "github.com/sealwright/sealwright/attest"

// The codes of this package. Rules about provenance and summaries also give those of
// packages provenance/verify, which makes the checks, and provenance/slsa, which reads
// the statements; for evidence that cannot be read, those of packages
// provenance/predicate, reproducible, scan/report and tee follow.
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
	// CodeBill: the bill of materials cannot be read.
	CodeBill attest.Code = "policy.sbom.format"
	// CodeUnbound: the bill of materials does not describe the subject.
	CodeUnbound attest.Code = "policy.sbom.unbound"
	// CodeBillShort: the bill of materials names too little.
	CodeBillShort attest.Code = "policy.sbom.components"
	// CodeBillPartial: the bill of materials does not claim to be complete.
	CodeBillPartial attest.Code = "policy.sbom.partial"
	// CodeUnidentified: a component cannot be told apart from others.
	CodeUnidentified attest.Code = "policy.sbom.unidentified"
	// CodeUnpinned: a component or an input has no digest that resists collisions.
	CodeUnpinned attest.Code = "policy.sbom.unpinned"
	// CodeDenied: a dependency is denied.
	CodeDenied attest.Code = "policy.dependencies.denied"
	// CodeDependency: a dependency is not allowed.
	CodeDependency attest.Code = "policy.dependencies.unlisted"
	// CodeLicence: a component is under no allowed licence.
	CodeLicence attest.Code = "policy.licences.unlisted"
	// CodeVEX: the VEX document cannot be read, or clears without a justification.
	CodeVEX attest.Code = "policy.vex.format"
	// CodeNotReviewed: the statement tells of no review.
	CodeNotReviewed attest.Code = "policy.review.missing"
	// CodeReviewSelf: who asks for the decision has reviewed.
	CodeReviewSelf attest.Code = "policy.review.self"
	// CodeActorUnknown: the request does not tell who asks.
	CodeActorUnknown attest.Code = "policy.separation.actor-unknown"
	// CodeTwoDuties: who asks for the decision has another duty.
	CodeTwoDuties attest.Code = "policy.separation.two-duties"
	// CodeTargetUnknown: the request does not tell the environment.
	CodeTargetUnknown attest.Code = "policy.target.unknown"
	// CodeTarget: the artifact is not released to the target.
	CodeTarget attest.Code = "policy.target.unlisted"
	// CodeTestSuite: the result is of another test suite.
	CodeTestSuite attest.Code = "policy.tests.suite"
	// CodeTestFailed: a test failed, or warned.
	CodeTestFailed attest.Code = "policy.tests.failed"
	// CodeTestMissing: a required test did not pass.
	CodeTestMissing attest.Code = "policy.tests.missing"
	// CodeAttribute: an attribute is not stated.
	CodeAttribute attest.Code = "policy.hardening.attribute"
	// CodeEnvironment: the build environment is not attested as demanded.
	CodeEnvironment attest.Code = "policy.environment.unattested"
	// CodeImageConfig: the image's configuration is not told, or not as demanded.
	CodeImageConfig attest.Code = "policy.image.config"
	// CodeBaseImage: the base image is not told, or not allowed.
	CodeBaseImage attest.Code = "policy.image.base"
	// CodeScanCheck: a check took no part in the scan.
	CodeScanCheck attest.Code = "policy.scanned.check"
	// CodeScanGaps: the scan has gaps.
	CodeScanGaps attest.Code = "policy.scanned.gaps"
	// CodeScanAge: the scan is too old, or from the future.
	CodeScanAge attest.Code = "policy.scanned.age"
)

// Codes returns every code that this package itself can give.
func Codes() []attest.Code {
	return []attest.Code{
		CodeConfig, CodeUnreadable, CodeBuilder, CodeBuilderSigner, CodeBuildType,
		CodeNotIdentical, CodeGuarantees, CodeBuilds,
		CodeVulnerable, CodeDatabaseAge, CodeScanFuture,
		CodeBill, CodeUnbound, CodeBillShort, CodeBillPartial, CodeUnidentified, CodeUnpinned,
		CodeDenied, CodeDependency, CodeLicence, CodeVEX, CodeNotReviewed, CodeReviewSelf,
		CodeActorUnknown, CodeTwoDuties, CodeTargetUnknown, CodeTarget,
		CodeTestSuite, CodeTestFailed, CodeTestMissing, CodeAttribute, CodeEnvironment,
		CodeImageConfig, CodeBaseImage, CodeScanCheck, CodeScanGaps, CodeScanAge,
	}
}
