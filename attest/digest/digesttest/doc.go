// Package digesttest helps to test code that hashes: content that misbehaves in
// chosen ways, an oracle that computes digests in the plainest way, and kits that
// check an implementation of digest.Source or digest.Cache.
package digesttest
