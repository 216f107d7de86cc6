package trace

import (
	"os"

	"github.com/sealwright/sealwright/reproducible"
)

// Config says what a Tracer watches with. Listener, Root, Mounts and Kill are required.
type Config struct {
	// Listener is the notification descriptor of Filter. The Tracer owns it.
	Listener *os.File
	// Root is the root directory of the build. The Tracer owns it.
	Root *os.File
	// Mounts is the mount namespace of the build (/proc/PID/ns/mnt), which keeps its
	// file tree in one piece until the last event is read. The Tracer owns it.
	Mounts *os.File
	// Kill kills the build. The Tracer calls it, from its own goroutine and at most
	// once, when it cannot go on watching. It must not wait for the Tracer.
	Kill func()
	// Inputs are absolute paths in the build's tree that are mounts of their own.
	// Where the machine allows it, opens below them are checked with fanotify(7).
	Inputs []string
	// Decide is asked about each OpExec and OpConnect before it happens; nil allows
	// all. It runs while the build waits, on the Tracer's goroutine. It sees what
	// the process asked for; a process with threads can change its mind, so Decide
	// guards against mistakes, not against attacks.
	Decide func(reproducible.Access) Decision
	// FixedClock answers every question for the date with Epoch, seconds since
	// 1970-01-01T00:00:00Z. The Listener must watch the Clock.
	FixedClock bool
	Epoch      int64
	// NoFiles says that the Listener does not watch Files.
	NoFiles bool
	// MaxAccesses bounds how many different accesses are kept; default 1,000,000,
	// and 64 MiB of text. What is beyond is dropped and counted.
	MaxAccesses int
}

// A Decision says whether a call may happen. The zero Decision refuses; the call
// then fails with EACCES.
type Decision uint8

// The decisions.
const (
	Refuse Decision = iota
	Allow
)

// The default bounds of Config.
const (
	defaultAccesses = 1_000_000
	maxText         = 64 << 20
)
