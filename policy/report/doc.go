// Package report writes a decision for people: as text for a terminal, and as an HTML
// page.
//
// A report begins with what was decided and what to do about it, then tells every rule
// with its reasons: what was wanted, what was found, and what would help. Waivers,
// obligations, levels, evidence and the time for which the decision holds follow.
//
// What evidence and requests say is somebody else's text. In text it is quoted where it
// has anything that a terminal would act on; in HTML it is escaped by html/template. The
// page needs no other file, runs no script and loads nothing.
//
// Equal decisions and instants give equal bytes.
package report
