// Package buildkite collects facts about a Buildkite job, and makes them a build of the
// type https://buildkite.github.io/slsa-buildtypes/job/v1.
//
// It reads the agent's variables (self-asserted: hooks and plugins set them), the claims
// of a verified OIDC token (platform-signed), and, if asked to, the REST API's answer
// about the build (platform API). The token does not tell the repository; without the
// API it is self-asserted. Which build the API is asked about is told by the token or
// the caller.
//
// A job that the agent has not checked out yet may have the commit "HEAD", which is no
// commit and is refused. The API's answers are held to the members that Buildkite
// documents; others are ignored, as Buildkite adds to them.
package buildkite
