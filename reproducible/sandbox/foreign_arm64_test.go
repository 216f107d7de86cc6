//go:build linux

package sandbox_test

// foreign is empty: the kernels of this architecture that run 32-bit programs
// need a 32-bit program to enter that mode.
func foreign() map[string]func(args []string) error { return nil }
