package git

import (
	"errors"
	"io/fs"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/provenance/collect"
)

// checkLayout refuses a repository that is not all in Root, as its own directory.
func checkLayout(env collect.Environment) error {
	if env.Root == nil {
		return attest.Refuse(collect.CodeCapability, "Environment.Root", "a directory", "nil")
	}
	for _, name := range []string{".git", ".git/objects", ".git/refs"} {
		if info, err := env.Root.Lstat(name); err != nil || !info.IsDir() {
			return attest.Refuse(CodeLayout, name, "a directory, not a link or file", "something else")
		}
	}
	for _, name := range []string{".git/HEAD", ".git/config"} {
		if info, err := env.Root.Lstat(name); err != nil || !info.Mode().IsRegular() {
			return attest.Refuse(CodeLayout, name, "a regular file", "something else")
		}
	}
	for _, name := range []string{".git/commondir", ".git/objects/info/alternates", ".git/objects/info/http-alternates", ".git/info/grafts"} {
		if _, err := env.Root.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
			return attest.Refuse(CodeLayout, name, "no such file", "one")
		}
	}
	return nil
}
