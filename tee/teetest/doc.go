// Package teetest helps to test whatever makes or judges evidence of trusted
// hardware: a conformance kit ([Check]) that every backend should pass, and a
// throwaway certificate authority ([Authority]) for fakes. Fakes of single
// technologies live in packages below it, such as faketpm, so that a backend's
// tests pull in nothing of another.
package teetest
