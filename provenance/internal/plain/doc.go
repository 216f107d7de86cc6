// Package plain reads JSON fast where it is as plain as nearly all of it is.
//
// It is no parser: whoever uses it has had the document checked by strictjson, or got
// it out of an attest.Statement, which was. A [Reader] knows that much, and that
// values have the kinds that their names promise and strings have no escapes. Where
// that does not hold it gives up, without saying why, and its caller decodes once
// more with strictjson.Unmarshal, whose word counts: so the two cannot differ in what
// they refuse.
package plain
