package digest

import (
	"io/fs"
	"strconv"
)

// A FileKey identifies one version of a file on one machine: any write, and any
// change of its attributes, gives it another one, as far as the file system's
// clock can tell two instants apart. It does not hold across file systems whose
// change time a remote server keeps.
type FileKey struct {
	Device, Inode uint64
	Size          int64
	Modified      int64 // mtime, nanoseconds since 1970
	Changed       int64 // ctime, which programs cannot set; nanoseconds since 1970
}

// KeyOf returns the key of the file that info describes. On systems other than
// Linux it lacks device, inode and change time.
func KeyOf(info fs.FileInfo) FileKey {
	k := FileKey{Size: info.Size(), Modified: info.ModTime().UnixNano()}
	k.addSystem(info)
	return k
}

// String tells all parts, for error texts.
func (k FileKey) String() string {
	return "device " + strconv.FormatUint(k.Device, 10) + " inode " + strconv.FormatUint(k.Inode, 10) +
		" size " + strconv.FormatInt(k.Size, 10) +
		" mtime " + strconv.FormatInt(k.Modified, 10) + " ctime " + strconv.FormatInt(k.Changed, 10)
}
