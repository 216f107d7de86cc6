// Package doc reads policies from documents: one small, strict format that composes
// rules and is no language. A document names rules of a Catalogue with their
// parameters, combines them, and sets the terms for waivers and levels.
//
// A document is JSON, or a small part of YAML (see Canonical) that says exactly what
// JSON says. Conditions may be written in a language that the caller brings along as a
// policy.Compiler, package cel's or rego's for example; this package knows none, and
// refuses a document whose language it is not given.
//
// Load admits a document that enough trusted principals signed, that is not older
// than one admitted before, and that has not expired, and returns a policy.Config
// whose digest is the document's. Parse and Document.Config are the same without
// trust, for editors and tests. Whatever either does not know is refused: a field,
// a rule, a parameter, a second spelling.
//
// Schema describes the format to editors as JSON Schema; the file schema.json beside
// this one is a copy.
package doc
