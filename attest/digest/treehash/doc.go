// Package treehash names trees of files by one digest, in three formats:
//
//   - Manifest, the format of this module: every file with its SHA-256, size and
//     mode, every directory, every symbolic link. It is the one to use unless an
//     outside format is asked for, as it leaves out least: ownership, times,
//     extended attributes and hard links only.
//   - H1, the "h1:" hash of the Go module system: names and contents of files. It
//     sees neither modes nor empty directories, and has no links.
//   - GitTree, the id of a Git tree object: names, contents, links and whether a
//     file is executable. It sees neither other mode bits nor empty directories.
//
// Trees are read from an os.Root, out of which no link leads, or from any fs.FS.
// No link is followed. What is neither a file, a directory nor a link is refused,
// and so is a tree that changes while it is read.
//
// Everything that is refused is a *digest.Error with a code of this package or of
// package digest.
package treehash
