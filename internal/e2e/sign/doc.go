// Package sign holds attest/sigstore/sign against the projects' own servers,
// started by the tests: Fulcio and the timestamp authority in this process,
// Rekor version 2 (rekor-tiles) in one of its own. It is a module of its own so
// that they are in no other go.mod. Rekor version 1 needs a database server; here
// its own code for entries reads what is uploaded to the fake in signtest, and
// must make of it the body that the fake includes. The conformance example is run
// over the real bundles that sigstore-go brings.
package sign
