//go:build !race

package main

// stride is the distance between the bytes that a test flips: all of them.
const stride = 1
