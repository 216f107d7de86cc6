// Package wycheproof holds attest/key and attest/key/mldsa against the vectors of
// Project Wycheproof (github.com/c2sp/wycheproof), which nobody here wrote. It is
// a module of its own because those vectors fill 100 MB.
package wycheproof
