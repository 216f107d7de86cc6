// Package tekton collects facts about a Tekton TaskRun or PipelineRun from outside of
// it, and makes them a build of the type https://tekton.dev/chains/v2/slsa.
//
// Tekton sets no variables for steps, and nothing that a step could tell would count
// more than the run's own record: so this package reads that record, from the
// Kubernetes API that the caller names (platform API). What the steps say themselves,
// in results named by convention ("type hints"), is in the same record, and is
// self-asserted: outputs of that kind are reported and never attested by themselves.
//
// The values of parameters often hold secrets: those that Reveal does not list are
// hidden as "[MASKED]". A definition that a resolver had from no Git repository is an input,
// and no source. The definition of an inline task or pipeline is not read, and a
// gap says so. Members that Tekton adds to its records are ignored.
package tekton
