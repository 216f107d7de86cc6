//go:build race

package main

// stride is the distance between the bytes that a test flips. The race detector
// makes each verification many times slower; the run without it flips them all.
const stride = 41
