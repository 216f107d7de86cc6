// Package collecttest has a build environment and an issuer of identity tokens that
// work without a platform, a network or a clock, and a search for planted secrets.
package collecttest
