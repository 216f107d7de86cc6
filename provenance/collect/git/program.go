package git

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strconv"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/provenance/collect"
)

const (
	mostObject  = 8 << 20   // of a commit or tag, in bytes
	mostListing = 256 << 20 // of a tree's entries
)

// git runs Git on the repository in Root, and only there, so that nothing in it takes
// effect: no helper, hook, pager, alias, replacement or transport, and no configuration
// but the repository's own, in which what could run a program is overridden. Looking
// for a repository in parents is off, as its place is told.
func git(ctx context.Context, env collect.Environment, most int, args ...string) ([]byte, error) {
	return env.Output(ctx, collect.Command{
		Name: "git",
		Args: append([]string{
			"--git-dir=.git", "--no-pager", "--no-replace-objects", "--no-optional-locks", "--literal-pathspecs",
			"-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "protocol.allow=never",
			"-c", "core.sshCommand=false", "-c", "core.gitProxy=false", "-c", "credential.helper=",
			"-c", "core.alternateRefsCommand=false", "-c", "gpg.program=false", "-c", "core.quotePath=false",
		}, args...),
		Env: []string{
			"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_SYSTEM=/dev/null", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_ATTR_NOSYSTEM=1",
			"GIT_ALLOW_PROTOCOL=none", "GIT_NO_LAZY_FETCH=1", "GIT_NO_REPLACE_OBJECTS=1", "GIT_OPTIONAL_LOCKS=0",
			"GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=false", "SSH_ASKPASS=false", "GIT_SSH_COMMAND=false",
			"HOME=/dev/null", "XDG_CONFIG_HOME=/dev/null", "PATH=/dev/null", "LC_ALL=C",
		},
		Most: most,
	})
}

// object reads an object and holds its bytes against its id.
func object(ctx context.Context, env collect.Environment, kind, id string) ([]byte, error) {
	body, err := git(ctx, env, mostObject, "cat-file", kind, id)
	if err != nil {
		return nil, err
	}
	if idOf(len(id), kind, body) != id {
		return nil, attest.Refuse(CodeObject, kind+" "+id, "bytes of that id", "other bytes")
	}
	return body, nil
}

// idOf is the id that Git gives to an object, in hexadecimal digits of a length.
func idOf(length int, kind string, body []byte) string {
	h := newHash(length)
	h.Write([]byte(kind + " " + strconv.Itoa(len(body)) + "\x00"))
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}

func newHash(length int) hash.Hash {
	if length == 2*sha256.Size {
		return sha256.New()
	}
	return sha1.New()
}
