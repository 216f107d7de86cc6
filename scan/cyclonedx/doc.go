// Package cyclonedx writes and reads software bills of materials in CycloneDX
// 1.6 JSON (ECMA-424).
//
// Encode is deterministic: equal input gives equal bytes. Nothing is taken from
// the clock or from chance; the serial number follows from the content. The bill
// says itself whether it is complete (compositions), and names its subject by
// digest, so that it cannot be taken for the bill of something else: Parse
// demands the digest that the reader has in hand.
package cyclonedx
