package ledger

import (
	"errors"
	"io"
)

// ErrLocked is what Dir.Lock returns while another holds the lock.
var ErrLocked = errors.New("locked by another writer")

// A Dir is the directory of one ledger: the few operations of a file system on
// which its durability rests. [Directory] is the real one; tests inject faults.
// Errors follow package io/fs: a missing file is fs.ErrNotExist, one that exists
// already fs.ErrExist.
//
// Implementations must be safe for concurrent use.
type Dir interface {
	// Names returns the names of all files in ascending order.
	Names() ([]string, error)
	// Open opens a file for reading; ReadWrite also for writing.
	Open(name string) (File, error)
	ReadWrite(name string) (File, error)
	// Create makes a file that must not exist, Replace one that may.
	Create(name string) (File, error)
	Replace(name string) (File, error)
	// Rename moves a file over another, atomically.
	Rename(from, to string) error
	Remove(name string) error
	// Sync makes what was created, renamed and removed durable.
	Sync() error
	// Lock takes the only lock on a file, which it makes if necessary, or fails at
	// once with an error that matches ErrLocked. Closing the result, or the end of
	// the process, releases it.
	Lock(name string) (io.Closer, error)
}

// A File is an open file of a Dir.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Size() (int64, error)
	Truncate(size int64) error
	// Sync makes the file's content and size durable.
	Sync() error
}
