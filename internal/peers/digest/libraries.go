package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/in-toto/in-toto-golang/in_toto"
	"golang.org/x/mod/sumdb/dirhash"

	"github.com/sealwright/sealwright/attest/digest"
)

// The libraries are measured as whole processes: this program with an argument.

func dirHash(dir string) error {
	h, err := dirhash.HashDir(dir, "m@v1.0.0", dirhash.Hash1)
	fmt.Println(h)
	return err
}

func recordArtifacts(dir string) error {
	return filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		_, err = in_toto.RecordArtifact(name, []string{"sha256"}, false)
		return err
	})
}

// readOnly opens, reads and closes, the least that any program has to do.
func readOnly(dir string) error {
	buf := make([]byte, 128<<10)
	return filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		fd, err := syscall.Open(name, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
		if err != nil {
			return err
		}
		for n := 1; n > 0; {
			if n, err = syscall.Read(fd, buf); err != nil {
				return err
			}
		}
		return syscall.Close(fd)
	})
}

func commandOutput(p process) ([]byte, error) {
	cmd := exec.Command(p.args[0], p.args[1:]...)
	cmd.Stderr = os.Stderr
	return cmd.Output()
}

// sumFiles is the digests of the files below dir with package digest.
func sumFiles(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	var walk error
	names := func(yield func(string) bool) {
		walk = filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() && !yield(name[len(dir)+1:]) {
				return fs.SkipAll
			}
			return err
		})
	}
	out := bufio.NewWriter(os.Stdout)
	for r, err := range digest.SumFiles(context.Background(), root, names, digest.FilesOptions{}) {
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s  %s\n", r.Digests[digest.SHA256], r.Name)
	}
	return errors.Join(walk, out.Flush())
}

// verifyMapped checks the SHA-256 that a file of checkpoints claims of a file,
// which it maps into memory.
func verifyMapped(hints, name string) error {
	b, err := os.ReadFile(hints)
	if err != nil {
		return err
	}
	checkpoints, err := digest.ParseCheckpoints(b)
	if err != nil {
		return err
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	m, err := digest.MapFile(f)
	if err != nil {
		return err
	}
	want := digest.Expect{Size: m.Size(), Digests: checkpoints.Digest().Set()}
	return errors.Join(digest.VerifyAt(context.Background(), m, want, checkpoints, digest.Options{}), m.Close())
}
