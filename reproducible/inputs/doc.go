// Package inputs pins what real builds read, as trees in a store: archives, file
// systems of whole distributions, images, and commits.
//
// Whatever flows in was named by digest before it was read: an archive by the
// digest of its bytes, an image by that of its manifest, a commit by its id. It is
// unpacked below a private directory, verified to its end, and only then put into
// the store; when anything is wrong, nothing is. What flows out are
// reproducible.Inputs, by the digests of their trees.
//
// A tree of the store has no owners, no times, no devices and no special mode bits
// (package store). Unpacking drops these, and tells of every device and special
// bit that it dropped: nothing that could matter vanishes silently. Whatever is
// ambiguous is refused instead: names that are not clean, two entries of one name
// in an archive, an entry below a link, a link to what is not in the archive.
//
// Package gobuild pins what Go builds read. The package may import reproducible and
// its store.
package inputs
