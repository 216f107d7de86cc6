// Package buildtype knows how build platforms describe builds.
//
// A SLSA build type gives parameters their meaning; each platform has its own. A
// [Profile] reads one family of build types: [Profile.Normalize] brings source, ref,
// commit and entry point into one [Canonical] form, or refuses what the build type
// does not define.
//
// A signature says who wrote a document, not that they could not have been told
// what to write. So every [Field] says who chose it: the platform, or somebody who
// can run code in the build. A field that a user can forge counts as much as the
// user does, unless the platform signed the same value elsewhere, as Fulcio does in
// the extensions of its certificates: [Canonical.Compare] holds the fields against
// such [Claims], and [ClaimsOf] reads them out of verified evidence.
//
// A publish attestation tells of an upload and of no build. [DecodePublication] reads
// those of npm and of PyPI, [PyPIBundles] takes PyPI's out of what its index answers, and
// [Publisher] tells who a Trusted Publisher is.
package buildtype
