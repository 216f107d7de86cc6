// Package gitlab collects facts about a job of GitLab CI/CD, and makes them a build of
// the type https://docs.gitlab.com/ci/pipeline_security/slsa/provenance_v1.
//
// It reads predefined variables (self-asserted: a job or its configuration can set
// them), the claims of a verified ID token (platform-signed), and, if asked to, the
// answer of the API about the job (platform API). Where the keys and the API are, the
// caller says; CI_SERVER_URL is only held against it. Which job the API is asked about
// is told by the token or the caller.
//
// In a pipeline for a merge request from a fork that runs in the target project, the
// token tells the fork and the variables tell the target. These are two sources, and
// so such a job is refused with a conflict.
//
// The build's variables are those from which ref and trigger follow, and no others: a
// gap says so. The API's answers are held to the members that GitLab documents; others
// are ignored, as GitLab adds to them.
package gitlab
