// Package line is what the examples pipeline and verify share: the layout of a
// folder of evidence, the terms on which its artifact was deployed, and the
// verification of it all. Pipeline decides by reading its own evidence back
// through this package, so that it believes nothing that a stranger could not.
package line
