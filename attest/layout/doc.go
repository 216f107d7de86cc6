// Package layout verifies in-toto layouts (in-toto specification 1.0): that the
// steps of a supply chain were carried out, by enough of the functionaries that
// the layout names, on the artifacts that it allows.
//
//	v, err := layout.NewVerifier(layout.Trust{Owners: owners, Threshold: 2})
//	result, err := v.Verify(ctx, layout.Evidence{Layout: envelope, Links: root.FS()}, now)
//
// Layouts and links are read as metablocks and as DSSE envelopes. The types and the
// reading of rules are those of github.com/in-toto/in-toto-golang; the workflow is
// this package's, because that module's
//
//   - runs the commands that a layout names as inspections;
//   - reads the clock, prints to standard output, and panics on an empty rule and
//     on a step that nobody needs to sign;
//   - demands a signature by every key that it is given, and cannot do k of n;
//   - counts functionaries by key id, so that a key under two ids is two;
//   - takes a link for a step whose name it does not bear;
//   - passes over a rule whose pattern is malformed, and over MATCH rules from steps
//     that do not exist or for artifacts that are neither materials nor products;
//   - cleans paths of artifacts onto each other, and then compares under names that
//     are no longer there, so that a change passes unseen;
//   - takes two artifacts without any digest for equal;
//   - builds file names and glob patterns of the names of steps;
//   - recurses into sublayouts, and matches patterns, without bounds.
//
// # What is decided otherwise
//
// A layout with inspections is refused unless the caller brings, for each, a link
// of what an inspection found: this package runs nothing. These links are believed
// as the caller's own.
//
// Functionaries are the keys that a step lists. Certificates (cert_constraints,
// rootcas) are a second way to be one in the specification; here a link that only
// a certificate vouches for does not count.
//
// A pattern in a rule must be in its shortest form, and MATCH with IN applies to
// what lies below that prefix only. A command that differs from the expected one is
// reported and not refused, as the specification has it. What no rule consumes is
// allowed, as there: a layout that wants otherwise ends its rules in DISALLOW.
package layout
