package treehash

import "github.com/sealwright/sealwright/attest/digest"

// The codes of this package. The errors that carry them are *digest.Error; those
// of reading and hashing files carry the codes of package digest.
const (
	// CodeKind: a tree holds something that is not a regular file, a directory or
	// a symbolic link, or a link where the format has none.
	CodeKind digest.Code = "digest.tree.kind"
	// CodeName: a path or link target is not clean, relative, UTF-8 and short.
	CodeName digest.Code = "digest.tree.name"
	// CodeNewline: a name holds a newline, which the h1 format cannot tell from
	// the end of a line.
	CodeNewline digest.Code = "digest.tree.newline"
	// CodeGitDir: a name is ".git", which Git gives another meaning.
	CodeGitDir digest.Code = "digest.tree.git-directory"
	// CodeOrder: entries are not in strictly ascending order of their paths, as
	// when one stands twice.
	CodeOrder digest.Code = "digest.tree.order"
	// CodeParent: an entry lies in something that is not a directory of the tree.
	CodeParent digest.Code = "digest.tree.parent"
	// CodeEntry: an entry has a field that its kind does not have, or lacks one.
	CodeEntry digest.Code = "digest.tree.entry"
	// CodeCaseFold: two paths differ only by case.
	CodeCaseFold digest.Code = "digest.tree.case-fold"
	// CodeManifest: a document is not strict JSON of a manifest.
	CodeManifest digest.Code = "digest.tree.manifest"
	// CodeCanonical: a manifest is not written as Marshal writes it.
	CodeCanonical digest.Code = "digest.tree.canonical"
	// CodeLimit: a tree or a manifest is larger than its limits.
	CodeLimit digest.Code = "digest.tree.limit"
	// CodeRead: a directory or a link cannot be read.
	CodeRead digest.Code = "digest.tree.read"
	// CodeChanged: a directory or a link changed while the tree was read.
	CodeChanged digest.Code = "digest.tree.changed"
	// CodeH1: a text is not an h1 hash.
	CodeH1 digest.Code = "digest.tree.h1"
)

// Codes returns every code that this package itself can give.
func Codes() []digest.Code {
	return []digest.Code{
		CodeKind, CodeName, CodeNewline, CodeGitDir, CodeOrder, CodeParent, CodeEntry, CodeCaseFold,
		CodeManifest, CodeCanonical, CodeLimit, CodeRead, CodeChanged, CodeH1,
	}
}

func refuse(code digest.Code, where, want, got string) *digest.Error {
	return &digest.Error{Code: code, Where: where, Want: want, Got: got}
}

func because(e *digest.Error, err error) *digest.Error {
	e.Err = err
	return e
}
