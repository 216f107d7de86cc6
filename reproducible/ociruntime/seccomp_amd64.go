//go:build linux

package ociruntime

const architecture = "SCMP_ARCH_X86_64"
