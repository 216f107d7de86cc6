// Package witness is a witness of transparency logs (C2SP tlog-witness): it
// cosigns a log's checkpoint once it has seen that the log only grew.
//
// A Witness is called in the process, or over HTTP by its Handler, which gives the
// status codes that the specification demands; Client is the other end. A log that
// was set back to an older state, or that shows two trees, gets no cosignature:
// CodeConflict, CodeFork and CodeInconsistent tell which.
//
// The witness keeps the newest checkpoint of each log in a Store and cosigns only
// after the Store kept it: Directory is one in files, Memory one for tests. The
// check and the keeping of one log's checkpoint exclude each other.
//
// Nothing here reads a clock or opens a connection by itself: the caller passes
// the time as a function and, to Client, an http.Client.
package witness
