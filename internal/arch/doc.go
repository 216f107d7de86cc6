// Package arch holds the module's house rules as tests: which room may import
// which, what a core package may weigh, what a library must never do, what must
// be documented, and which rejection codes are catalogued. It exports nothing.
//
// The rules are tables at the head of each test file. To change a rule, change
// its table in the same commit as the code that needs it, so that a reviewer
// sees both.
package arch
