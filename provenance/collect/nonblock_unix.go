//go:build unix

package collect

import "syscall"

const nonblock = syscall.O_NONBLOCK
