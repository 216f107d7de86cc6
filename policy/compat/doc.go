// Package compat loads policies that were written for other tools into nodes of
// package policy, or refuses them.
//
// ClusterImagePolicy reads those of sigstore's policy-controller, Witness
// those of Witness. A clause that would not be judged here as it is there is refused
// with CodeUnsupported and the JSON pointer of the clause: nothing is left out. All such
// clauses are reported, not only the first. Layout verifies an in-toto layout with
// package attest/layout, which never runs an inspection, and makes evidence of it.
//
// The Rego in a policy is compiled by what the caller gives, so that this package links no
// OPA: Foreign of package policy/rego.
//
// The documents are the caller's configuration: whoever loads one vouches for its
// bytes. What the documents say of where signatures come from (a Fulcio, a Rekor) is
// compared with what the caller's verifiers stand for (Options).
//
// The rules see no evidence but what verifiers accepted. They tell signers by their
// keys or certificates' identities, not by principals, and believe every authority
// that the engine accepts.
package compat
