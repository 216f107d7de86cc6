// Package github collects facts about a job of GitHub Actions, and makes them a build
// of the type https://actions.github.io/buildtypes/workflow/v1.
//
// It reads default variables of the runner (self-asserted: any step can set them for
// the next), the claims of a verified identity token (platform-signed), and, if asked
// to, the REST API's answer about the run (platform API). Which run the API is asked
// about is told by the token or the caller, never by a variable. The inputs of a run
// that somebody started by hand are in the event payload, a file that steps can change;
// the values of those that Reveal does not list are hidden as "[MASKED]".
//
// The API's answers are held to the members that GitHub documents; others are ignored,
// as GitHub adds to them. Names of branches and workflow files that a source location
// cannot hold (provenance.ParseSource) are refused.
package github
