// Package rule says who must have vouched: one algebra for signers, timestamp
// authorities, logs and witnesses.
//
// A Rule is a match of one authority (Is, Key, Name, or on explicit request
// Matching) or combines others (AllOf, AnyOf, Threshold). It is evaluated over
// verified identities, or over names such as the origins of logs.
//
//	release, err := rule.Threshold(2,
//		rule.Is(issuer, "alice@example.com"),
//		rule.Is(issuer, "bob@example.com"),
//		rule.Is("", "release-key"))
//	err = release.Eval(verified.Signers())
//
// # Counting
//
// Threshold counts distinct principals (attest.Identity.Principal), never keys,
// entries or signatures: it is met if k of its members can be given k different
// principals, one each, of those by whom the member is met. So one person whom two
// members match counts once, as do two keys of one principal.
//
// AllOf and AnyOf do not count: one principal may meet several members. The hybrid
// of a classical and a post-quantum key of one principal, who signed an attestation
// with each, is a Quorum over
//
//	rule.Hybrid(classical, postQuantum)
//
// (One attestation names each principal once; package attest/key/mldsa tells how
// both signatures in one envelope are demanded.)
//
// # Refusals
//
// A rule that demands nothing cannot be made: without members, with a threshold of
// zero, with a match of nobody in particular. Errors surface where the outermost
// rule is made or evaluated, and tell all faults. The zero Rule refuses everybody.
package rule
