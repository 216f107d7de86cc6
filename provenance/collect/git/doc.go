// Package git collects facts about a local Git repository that nobody needs to trust.
//
// A repository can tell programs to run: in its configuration, hooks and attributes. So
// Git is asked for objects only, with options and an environment under which nothing
// that the repository says runs or reaches a network, and never about the working tree.
// The collector compares that itself, byte by byte, with the blobs of the commit. And
// what Git answers is not believed either: the commit's id is computed from its bytes,
// the tree's from all of its entries.
//
// A configuration can include a file that never ends: give the context a deadline.
//
// The repository must be whole and its own: ".git" is a directory in Root, not a link
// nor a file that points elsewhere, and no objects are borrowed from other places.
//
// # What the facts say
//
// The commit, its tree and the kinds of the tags that point at it are measured, and of
// their names no more than that they are there now. "dirty" is "false"
// only if the working tree is exactly that of the commit: any file that is changed,
// missing, or not in the commit makes it "true", also one that the repository says to
// ignore, and one that a filter such as Git LFS or a conversion of line endings has
// changed. Where a submodule is checked out its content is not compared, and "dirty" is
// "unknown". The index is not looked at.
//
// The name of the branch, remotes and the locations of submodules are self-asserted:
// whoever can write into the repository can give any branch the commit, and write
// anything into a configuration. Remotes and locations are given without user information.
//
// Signatures of the commit and of tags are noticed by their kind and not verified: for
// that a source attestation must be looked at.
package git
