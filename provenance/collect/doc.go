// Package collect gathers facts about a build, and keeps with each one how far it can
// be believed.
//
// What a build environment says is not all of one kind. An environment variable is
// whatever the step before has set; a claim in a token that the platform signed is
// not. So a [Fact] carries a [Trust] and its origin, down to the name of the variable
// or claim, and with the digest of the document that held it.
//
// A [Collector] reads one source; packages below this one have them, one for each
// platform. It sees nothing but the [Environment] that it is given: variables by name,
// one directory, a function that fetches, one that runs a program, an instant. What the
// environment does not grant cannot be read, and the zero Environment grants nothing.
//
//	Collector, Environment --> Facts --Resolve--> Record --Draft--> provenance.Build, Report
//
// [Resolve] joins what several collectors found. Where two sources disagree the stronger
// one counts; if the key is one on which trust decisions rest, or both are equally
// strong, the disagreement is an error. A [Draft] puts facts where a build type wants
// them, and the [Report] tells for every field who chose it.
//
// # Secrets
//
// Variables are read by allow-list. A value that is not of the [Form] that its source
// documents is refused and not repeated: errors tell lengths, not values. User
// information is cut out of locations. What somebody else's function returns as an
// error (a transport, a program) is not passed on, as it may hold a URL with a token
// in it; only that a context ended is. A function that wants its errors seen must
// record them itself.
//
// A secret that has the form of a documented value, such as a token used as the name
// of a branch, is indistinguishable from that value.
package collect
