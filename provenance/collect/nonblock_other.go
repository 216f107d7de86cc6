//go:build !unix

package collect

const nonblock = 0
