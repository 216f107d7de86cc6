//go:build linux

package sandbox_test

func waysHere(func(trap uintptr, args ...uintptr) error, func(string) uintptr) map[string]func(string) error {
	return nil
}
