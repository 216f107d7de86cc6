// Package sigstore holds attest/sigstore against sigstore-go, the reference
// implementation: on the bundles that it brings, on bundles of our virtual
// instance, and on thousands of one-field mutations of each. It is a module of
// its own so that sigstore-go is in no other go.mod.
package sigstore
