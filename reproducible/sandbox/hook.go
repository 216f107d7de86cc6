package sandbox

// A Hook proves that Init was called in this program. Only Init makes one that
// New accepts.
type Hook struct{ installed bool }

// Init must be called first in main or TestMain of every program that uses New,
// before flags are parsed, files opened or goroutines started. In the child that
// a Sandbox starts it never returns: it sets up the isolation and becomes the
// command. In every other process it returns the Hook at once.
func Init() Hook {
	becomeChild()
	return Hook{installed: true}
}
