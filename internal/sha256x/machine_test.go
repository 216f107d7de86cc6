package sha256x

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// machineKernels returns every kernel that this processor can run, and those
// that it would have without the SHA extensions, under distinct names.
func machineKernels() map[string]*kernel {
	has := detect()
	all := make(map[string]*kernel)
	for _, sha := range []bool{false, has.sha} {
		for _, k := range choose(features{sha: sha, avx2: has.avx2, avx512: has.avx512}) {
			name := k.name
			if has.sha && !sha && k.lanes > 1 {
				name += "-without-sha"
			}
			all[name] = &k
		}
	}
	return all
}

// eachKernel runs f as a subtest for each kernel of this machine.
func eachKernel(t *testing.T, f func(t *testing.T, k *kernel)) {
	for _, name := range sortedNames(machineKernels()) {
		t.Run(name, func(t *testing.T) { f(t, machineKernels()[name]) })
	}
}

func sortedNames(ks map[string]*kernel) []string {
	var names []string
	for name := range ks {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// randomBytes returns n bytes that depend on nothing but seed.
func randomBytes(seed uint64, n int) []byte {
	r := rand.NewChaCha8([32]byte([]byte(fmt.Sprintf("%-32d", seed))))
	b := make([]byte, n)
	_, _ = r.Read(b)
	return b
}

// want is the oracle: crypto/sha256 over prefix || m.
func want(prefix, m []byte) [Size]byte {
	return sha256.Sum256(append(slices.Clone(prefix), m...))
}

// finish returns the digest of a chain that has taken in length bytes.
func finish(k *kernel, s State, length int) [Size]byte {
	var dst [1][Size]byte
	k.finishFixed(dst[:], []State{s}, uint64(length))
	return dst[0]
}
