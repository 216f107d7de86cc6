//go:build amd64 || arm64

package digest

import "os"

// OpenAsSumFilesDoes returns a file of root as a worker of SumFiles holds it, and
// what releases it.
func OpenAsSumFilesDoes(root *os.Root, name string) (Guard, func(), error) {
	dirs := directories{root: root}
	f, dir, err := dirs.open(name)
	if err != nil {
		dirs.close()
		return nil, nil, err
	}
	return f.(*descriptor), func() { f.Close(); dir.release(); dirs.close() }, nil
}
