//go:build unix && !linux

package ledger

// Sync calls fsync(2), or what the system has that is stronger.
func (f file) Sync() error { return f.File.Sync() }
