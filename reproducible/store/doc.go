// Package store keeps files and trees by digest in a directory of one machine:
// the inputs of builds and what they made.
//
// Nothing in it is trusted for lying there. A file is verified while it is read,
// a tree each time that it is handed out; what does not match its digest is
// refused. An Offer is handed out before, to callers that verify it while they
// prepare its use. So a crash, a bad disk or a curious neighbour can make content
// unavailable, never different. Putting the content again repairs it.
//
// A file's digest is the SHA-256 of its bytes. A tree's is the digest of its
// treehash.Manifest with the modes that the store gives: 0444 for files, 0555
// for executable files and directories, so that a tree's digest depends on no
// umask. Times are all 1980-01-01T00:00:00Z, which every archive format can
// hold. Symbolic links are kept as they are and never followed. Hard links are
// not: each file of a tree is its own, so that a command sees one link
// everywhere and trees do not disturb each other.
//
// The directory holds blobs/, by digest; trees/ and programs/, which are caches
// that can be deleted when no build runs; and tmp/. New content is written
// aside, flushed to disk, and renamed; any number of processes may share the
// directory. It must lie on one file system and be writable by nobody whom its
// user does not trust.
package store
