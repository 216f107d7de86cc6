// Package attacks is what the commands of tests try in order to escape from a build,
// whichever Builder runs them. Each returns how it was refused, and nil if it was not.
package attacks
