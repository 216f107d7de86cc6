package verify

import "github.com/sealwright/sealwright/attest"

// The codes of this package.
const (
	// CodeRoots: the roots are incomplete or contradict themselves.
	CodeRoots attest.Code = "provenance.verify.roots"
	// CodeExpectations: the expectations are incomplete or malformed.
	CodeExpectations attest.Code = "provenance.verify.expectations"
	// CodeArtifact: the artifact has no well-formed, collision-resistant digest.
	CodeArtifact attest.Code = "provenance.verify.artifact"
	// CodeEvidence: a piece of evidence is nil or zero, or there are too many.
	CodeEvidence attest.Code = "provenance.verify.evidence"
	// CodeRefused: the evidence does not show what is expected.
	CodeRefused attest.Code = "provenance.verify.refused"

	// CodeAuthority (check E1): the evidence is by an authority that is not accepted.
	CodeAuthority attest.Code = "provenance.authority.unlisted"
	// CodeFormat (P1): a provenance statement cannot be read.
	CodeFormat attest.Code = "provenance.statement.format"
	// CodeOther (P1): the statement is no provenance.
	CodeOther attest.Code = "provenance.statement.other"
	// CodeNone (P1): no accepted provenance is about the artifact.
	CodeNone attest.Code = "provenance.statement.none"
	// CodeBuildType (P2): the build type is another one.
	CodeBuildType attest.Code = "provenance.build-type.unexpected"
	// CodeSubject (S1): the statement is about something else.
	CodeSubject attest.Code = "provenance.subject.unmatched"
	// CodeBuilder (B2): the builder is another one.
	CodeBuilder attest.Code = "provenance.builder.unexpected"
	// CodeImpostor (B1): the builder is granted to other signers only.
	CodeImpostor attest.Code = "provenance.builder.impostor"
	// CodeUngranted (B1): no grant names the builder, which caps the level at 1.
	CodeUngranted attest.Code = "provenance.builder.ungranted"
	// CodeBuilderRef (B2): the builder is at a version that is not expected, or that no
	// grant allows.
	CodeBuilderRef attest.Code = "provenance.builder.ref"
	// CodeSourceMissing (R1): an expected source is no input of the build.
	CodeSourceMissing attest.Code = "provenance.source.missing"
	// CodeSourceExtra (R1): the build has a source that nobody expects.
	CodeSourceExtra attest.Code = "provenance.source.unexpected"
	// CodeSourceRef (R2): the source is at another ref.
	CodeSourceRef attest.Code = "provenance.source.ref"
	// CodeSourceDigest (R3): the source has another digest, or none that counts.
	CodeSourceDigest attest.Code = "provenance.source.digest"
	// CodeParameter (X1): a parameter is missing or has another value.
	CodeParameter attest.Code = "provenance.parameter.value"
	// CodeParameterExtra (X2): there is a parameter that nobody expects.
	CodeParameterExtra attest.Code = "provenance.parameter.unexpected"
	// CodeDependency (D1): nothing is known of an input.
	CodeDependency attest.Code = "provenance.dependency.unknown"
	// CodeCycle (D2): an artifact is told to be an input of itself.
	CodeCycle attest.Code = "provenance.dependency.cycle"
	// CodeDepth (D3): there are more inputs than were followed.
	CodeDepth attest.Code = "provenance.dependency.depth"
	// CodeEnvironment (N1): an assertion of the environment does not count.
	CodeEnvironment attest.Code = "provenance.environment.assertion"
	// CodeDependent (Z1): several runs are not known to be independent.
	CodeDependent attest.Code = "provenance.reproduced.dependent"
	// CodeConflict (Q1): two statements about the artifact contradict each other.
	CodeConflict attest.Code = "provenance.statement.conflict"
	// CodeLevel (L1): the SLSA Build level is too low.
	CodeLevel attest.Code = "provenance.level.insufficient"

	// CodeName (S2): the subject has another name.
	CodeName attest.Code = "provenance.subject.name"
	// CodeProfile (P3): the build is not what its build type defines.
	CodeProfile attest.Code = "provenance.build-type.malformed"
	// CodeRunner (B3): the build ran on another kind of machine, or on one of unknown
	// kind, which caps the level at 1.
	CodeRunner attest.Code = "provenance.builder.runner"
	// CodeClaim (C1): the provenance differs from what the platform signed elsewhere.
	CodeClaim attest.Code = "provenance.claim.differs"
	// CodeForgeable (C1): a user could have chosen the source, which caps the level
	// at 2.
	CodeForgeable attest.Code = "provenance.claim.forgeable"
	// CodeMasked (C1): an expected parameter is compared with a hidden value.
	CodeMasked attest.Code = "provenance.parameter.masked"
	// CodeSigner (C1): a builder that signs under its own id did not.
	CodeSigner attest.Code = "provenance.builder.signer"
	// CodeRepository (R4): the platform ran what another repository holds.
	CodeRepository attest.Code = "provenance.source.repository"
	// CodeTrigger (R4): another event started the build.
	CodeTrigger attest.Code = "provenance.source.trigger"
	// CodeWindow (T1): the signer's grants did not hold when the evidence was made, or
	// nothing proves when that was.
	CodeWindow attest.Code = "provenance.time.window"
	// CodeFuture (T1): a trusted time lies in the future.
	CodeFuture attest.Code = "provenance.time.future"
	// CodeUntimed (T1): nothing proves when the evidence was made.
	CodeUntimed attest.Code = "provenance.time.missing"
	// CodeStale (T1): the evidence is too old.
	CodeStale attest.Code = "provenance.time.stale"
	// CodeOrder (T1): the build ended after its evidence existed.
	CodeOrder attest.Code = "provenance.time.order"

	// CodeSummary (V1): the statement is no summary, or not one of the artifact.
	CodeSummary attest.Code = "provenance.summary.statement"
	// CodeVerifier (V2): the signer may not speak for the verifier.
	CodeVerifier attest.Code = "provenance.summary.verifier"
	// CodeResource (V3): the summary is of another resource.
	CodeResource attest.Code = "provenance.summary.resource"
	// CodeResult (V4): the verification failed.
	CodeResult attest.Code = "provenance.summary.result"
	// CodeLevels (V5): a level or property is missing or too low.
	CodeLevels attest.Code = "provenance.summary.levels"
	// CodePolicy (V6): the policy is another one.
	CodePolicy attest.Code = "provenance.summary.policy"
	// CodeSourceRefs (V7): the source is not at the expected ref.
	CodeSourceRefs attest.Code = "provenance.summary.source-refs"
	// CodeOwnPolicy (V8): the verifier is the policy's author, or the policy is what was
	// verified.
	CodeOwnPolicy attest.Code = "provenance.summary.own-policy"
	// CodeIssue: a summary cannot be made of the verdict.
	CodeIssue attest.Code = "provenance.summary.issue"
	// CodeTrack: no summary tells the level of a track.
	CodeTrack attest.Code = "provenance.track.missing"
)

// Codes returns every code that this package itself can give.
func Codes() []attest.Code {
	return []attest.Code{
		CodeRoots, CodeExpectations, CodeArtifact, CodeEvidence, CodeRefused,
		CodeAuthority, CodeFormat, CodeOther, CodeNone, CodeBuildType, CodeSubject, CodeBuilder,
		CodeImpostor, CodeUngranted, CodeSourceMissing, CodeSourceExtra, CodeSourceRef, CodeSourceDigest,
		CodeParameter, CodeParameterExtra, CodeConflict, CodeLevel,
		CodeName, CodeProfile, CodeRunner, CodeClaim, CodeForgeable, CodeMasked, CodeSigner, CodeRepository, CodeTrigger,
		CodeWindow, CodeFuture, CodeUntimed, CodeStale, CodeOrder, CodeBuilderRef,
		CodeDependency, CodeCycle, CodeDepth, CodeEnvironment, CodeDependent, CodeOwnPolicy,
		CodeSummary, CodeVerifier, CodeResource, CodeResult, CodeLevels, CodePolicy, CodeSourceRefs, CodeIssue, CodeTrack,
	}
}
