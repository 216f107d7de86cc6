// Package reproducibletest tests implementations of reproducible.Builder and
// stands in for them: a fake that runs programs in memory, and a conformance kit
// in the manner of testing/fstest.
//
// The kit needs a command whose behaviour it can choose. Act is that command: a
// list of steps, such as "write result hello", performed on a Machine. A test
// binary becomes it by calling Main from TestMain; the Fake runs it in memory.
package reproducibletest
