// Package gobuild collects what a Go binary tells about its own build (package
// debug/buildinfo), and makes it a build of the type that package buildtype calls
// GoBuild.
//
// The facts are measured: they are read from the very bytes whose digest is given. They
// say what is written in the binary; who built it could write something else.
//
// Settings are read by allow-list. Those that hold flags (-ldflags and its like, and all
// of CGO_CFLAGS, CGO_CPPFLAGS, CGO_CXXFLAGS and CGO_LDFLAGS) often hold paths and
// secrets: their values are hidden as "[MASKED]", so that it shows that there were some.
// With -trimpath the go command itself leaves them out, and a gap says so. Build
// information does not tell the repository: it must come from another collector.
package gobuild
