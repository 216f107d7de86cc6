// Package dirtarget deploys artifacts to a directory of this machine. It takes
// nothing but an authorization, verifies every artifact while it copies it, and
// switches atomically:
//
//	<root>/<environment>/<cluster>/<namespace>/<name>/
//		lock        held while a deployment is applied
//		releases/   one directory for each generation, named by it and the request
//		current     a symbolic link to the release that runs; absent after a removal
//
// A cluster or namespace that a place does not have is "-". The generation is a
// fencing token: a request of a generation that is not newer than every release
// is refused, so that of two deployers who race, the later one cannot undo the
// earlier one's work. The same request may be applied again: it finishes what a
// crash interrupted.
package dirtarget
