// Package gomod lists the Go modules that a source tree says it is built from.
//
// It reads go.mod, go.sum, go.work and vendor/modules.txt (Go Modules Reference,
// https://go.dev/ref/mod) wherever they lie in the tree, and nothing else: it
// runs no go command and asks no proxy. Each go.mod gives its requirements, with
// replacements applied, the hashes that go.sum records for them, and, under the
// names "stdlib" and "toolchain", the Go release that the toolchain or go line
// demands. That release is the least that builds the module; a binary tells the
// one that did.
//
// What a tree leaves open is a gap: a file that does not parse, a requirement
// without a hash, a replacement by a directory, whose version nobody knows, a
// module file before Go 1.17 that does not list the requirements of its
// requirements, and a vendor directory that contradicts go.mod.
package gomod
