// Package jenkins collects facts about a Jenkins build, and makes them a build of the
// type [BuildType].
//
// Jenkins signs nothing. Its variables are self-asserted; what the controller answers
// over its remote access API is platform API, if the caller names controller, job and
// build. JENKINS_URL is only held against the caller's. Of the Git checkouts that the
// Git plugin records in a build (a pipeline may check out its libraries, too) the one
// of the repository that the caller names is the source; without a name there must be
// exactly one. The others become inputs.
//
// The parameters of a Jenkins build often hold secrets and are not asked for: the API
// is asked, by its tree parameter, for the members that are read and no others. A gap
// says that parameters are unknown.
package jenkins
