package blake3_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/digest/blake3"
)

func ExampleExtra() {
	r, err := digest.Sum(context.Background(), strings.NewReader(""), digest.Options{
		Algorithms: []digest.Algorithm{digest.BLAKE3},
		Extra:      blake3.Extra(),
	})
	fmt.Println(r.Digests, err)
	// Output: blake3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262 <nil>
}

// pattern is the input of the official test vectors: 0, 1, ..., 250, 0, ...
func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i % 251)
	}
	return b
}

// The vectors are those of the BLAKE3 repository, test_vectors.json, cut to 32
// bytes.
func TestTheOfficialVectorsHold(t *testing.T) {
	for size, want := range map[int]string{
		0:    "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
		1:    "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213",
		1023: "10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11",
		1024: "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7",
		1025: "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444",
		8192: "aae792484c8efe4f19e2ca7d371d8c467ffb10748d8a5a1ae579948f718a2a63",
	} {
		h := blake3.New()
		h.Write(pattern(size))
		assert.Equal(t, want, hex.EncodeToString(h.Sum(nil)), "%d bytes", size)
		assert.Equal(t, 32, h.Size())
	}
}

func TestEverySizeAgreesWithB3sum(t *testing.T) {
	if _, err := exec.LookPath("b3sum"); err != nil {
		t.Skip("needs the Debian package b3sum")
	}
	sizes := []int{0, 1, 63, 64, 65, 1023, 1024, 1025, 2047, 2048, 2049, 65535, 65536, 65537, 70_000, 1<<20 + 1}
	random := rand.New(rand.NewPCG(3, 1))
	for range 100 {
		sizes = append(sizes, random.IntN(70_000))
	}
	dir := t.TempDir()
	args := []string{"--no-names"}
	var want []string
	for i, size := range sizes {
		content := pattern(size)
		name := filepath.Join(dir, fmt.Sprint(i))
		require.NoError(t, os.WriteFile(name, content, 0o600))
		args = append(args, name)
		r, err := digest.Sum(t.Context(), bytes.NewReader(content), digest.Options{Algorithms: []digest.Algorithm{digest.BLAKE3}, Extra: blake3.Extra()})
		require.NoError(t, err)
		want = append(want, r.Digests[digest.BLAKE3])
	}
	out, err := exec.CommandContext(t.Context(), "b3sum", args...).Output()
	require.NoError(t, err)
	assert.Equal(t, strings.Fields(string(out)), want)
}

func TestItRidesAlongInOneReadAndVerifies(t *testing.T) {
	content := pattern(1 << 20)
	r, err := digest.Sum(t.Context(), bytes.NewReader(content), digest.Options{
		Algorithms: []digest.Algorithm{digest.SHA256, digest.BLAKE3, digest.SHA512}, Extra: blake3.Extra()})
	require.NoError(t, err)
	assert.Equal(t, digest.FromBytes(content).Hex, r.Digests[digest.SHA256])
	want := digest.Expect{Size: r.Size, Digests: digest.Set{digest.BLAKE3: r.Digests[digest.BLAKE3]}}
	o := digest.Options{Extra: blake3.Extra()}
	require.NoError(t, digest.Verify(t.Context(), bytes.NewReader(content), want, o))
	content[len(content)/2] ^= 1
	require.ErrorIs(t, digest.Verify(t.Context(), bytes.NewReader(content), want, o), &digest.Error{Code: digest.CodeMismatch})
}

func TestItsStateCannotBeSaved(t *testing.T) {
	h, err := digest.New(digest.Options{Algorithms: []digest.Algorithm{digest.BLAKE3}, Extra: blake3.Extra()})
	require.NoError(t, err)
	_, err = h.State()
	require.ErrorIs(t, err, &digest.Error{Code: digest.CodeStateUnsupported})
}
