// Package corpus holds attestations with exactly one defect each, and the reason
// code that tells it. All else in them is valid, under throwaway roots, so that a
// verifier which misses the one check accepts.
//
// A Corpus is made anew on each call, for keys and certificates are; its cases and
// their order are always the same. Sigstore is of Sigstore bundles, Envelopes of
// DSSE envelopes, Proofs of batch attestations with C2SP tlog-proofs.
//
//	c := corpus.Sigstore(t)
//	v := ... // a verifier of c.Root that accepts c.Issuer and c.Subject
//	c.Test(t, v)
package corpus
