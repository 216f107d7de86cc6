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
// A Debian root comes from mmdebstrap(1), whose archive is the same on every run when
// SOURCE_DATE_EPOCH is set, with the same options and the same content of the mirror:
//
//	SOURCE_DATE_EPOCH=1700000000 mmdebstrap --variant=buildd --format=tar \
//		--customize-hook='rm -f "$1"/etc/resolv.conf "$1"/etc/hostname' \
//		bookworm root.tar https://snapshot.debian.org/archive/debian/20231114T000000Z/
//
// A mirror moves on, so the archive of a day is named, as of snapshot.debian.org; and
// the hook removes two files that are copies of the machine's. The digest of root.tar
// pins it for Config.Root either way: what the variables and options buy is that a
// stranger can make the same archive again, instead of having to be given it.
//
// Package gobuild pins what Go builds read. The package may import reproducible and
// its store.
package inputs
