// Package fs measures a tree of files: an input that a build reads, or an output that
// it made. It is named by the digest of its manifest (package treehash), which covers
// every file, directory and link with its mode. No link is followed; links that lead
// out of the tree are counted in a gap, as nothing vouches for what they lead to.
package fs
