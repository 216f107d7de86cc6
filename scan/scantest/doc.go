// Package scantest helps to test what scans: a Source made of text, a Scanner
// and a Matcher with behaviour to order, and kits that tell whether somebody
// else's Scanner or Source keeps the contract of package scan.
//
// The kits are in the manner of testing/fstest: they take a value, try
// everything that the contract promises, and return an error that joins every
// violation, each under the name of the clause that it breaks.
package scantest
