package digest_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest/digest"
)

var (
	hex40  = strings.Repeat("a", 40)
	hex64  = strings.Repeat("b", 64)
	hex96  = strings.Repeat("c", 96)
	hex128 = strings.Repeat("d", 128)
)

func TestADigestIsReadStrictly(t *testing.T) {
	for _, s := range []string{
		"sha256:" + hex64, "sha384:" + hex96, "sha512:" + hex128, "gitBlob:" + hex40, "gitBlob:" + hex64,
		"sha1:" + hex40, "dirHash:" + hex64, "fsverity-sha256:" + hex64, "fsverity-sha512:" + hex128, "sha3_256:" + hex64,
	} {
		d, err := digest.Parse(s)
		require.NoError(t, err, s)
		assert.Equal(t, s, d.String())
	}
	cases := map[string]struct {
		s    string
		code digest.Code
	}{
		"upper case":            {"sha256:" + strings.ToUpper(hex64), digest.CodeSyntax},
		"one digit less":        {"sha256:" + hex64[1:], digest.CodeLength},
		"one digit more":        {"sha256:" + hex64 + "0", digest.CodeLength},
		"a space before":        {"sha256: " + hex64[1:], digest.CodeSyntax},
		"a space after":         {"sha256:" + hex64[1:] + " ", digest.CodeSyntax},
		"a newline after":       {"sha256:" + hex64 + "\n", digest.CodeLength},
		"0x":                    {"sha256:0x" + hex64[2:], digest.CodeSyntax},
		"the algorithm twice":   {"sha256:sha256:" + hex64, digest.CodeLength},
		"no value":              {"sha256:", digest.CodeLength},
		"no algorithm":          {":" + hex64, digest.CodeSyntax},
		"no colon":              {hex64, digest.CodeSyntax},
		"nothing":               {"", digest.CodeSyntax},
		"git blob of 41 digits": {"gitBlob:" + hex40 + "0", digest.CodeLength},
		"git blob of 63 digits": {"gitBlob:" + hex64[1:], digest.CodeLength},
		"an algorithm in another case and an unprintable value": {"SHA256:\x00", digest.CodeSyntax},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			d, err := digest.Parse(c.s)
			refused(t, c.code, err)
			assert.True(t, d.IsZero())
		})
	}
}

func TestTheZeroDigestIsInvalid(t *testing.T) {
	assert.Error(t, digest.Digest{}.Validate())
	assert.True(t, digest.Digest{}.IsZero())
	_, err := digest.Digest{}.MarshalText()
	assert.Error(t, err)
}

func TestSetsMatchOnlyByAStrongSharedDigest(t *testing.T) {
	cases := map[string]struct {
		got, want digest.Set
		code      digest.Code
	}{
		"the same SHA-256":                      {digest.Set{digest.SHA256: hex64}, digest.Set{digest.SHA256: hex64}, ""},
		"more digests on one side":              {digest.Set{digest.SHA256: hex64, digest.SHA512: hex128}, digest.Set{digest.SHA256: hex64}, ""},
		"a git id of 64 digits":                 {digest.Set{digest.GitBlob: hex64}, digest.Set{digest.GitBlob: hex64}, ""},
		"an empty set":                          {digest.Set{}, digest.Set{digest.SHA256: hex64}, digest.CodeEmpty},
		"an empty wanted set":                   {digest.Set{digest.SHA256: hex64}, nil, digest.CodeEmpty},
		"only MD5 in common":                    {digest.Set{digest.MD5: hex64[:32]}, digest.Set{digest.MD5: hex64[:32]}, digest.CodeNoShared},
		"only SHA-1 in common":                  {digest.Set{digest.SHA1: hex40}, digest.Set{digest.SHA1: hex40}, digest.CodeNoShared},
		"only a git id of 40 digits in common":  {digest.Set{digest.GitBlob: hex40}, digest.Set{digest.GitBlob: hex40}, digest.CodeNoShared},
		"only an unknown algorithm in common":   {digest.Set{"x": "y"}, digest.Set{"x": "y"}, digest.CodeNoShared},
		"nothing in common":                     {digest.Set{digest.SHA256: hex64}, digest.Set{digest.SHA512: hex128}, digest.CodeNoShared},
		"one right and one wrong digest":        {digest.Set{digest.SHA256: hex64, digest.SHA512: hex128}, digest.Set{digest.SHA256: hex64, digest.SHA512: strings.Repeat("0", 128)}, digest.CodeMismatch},
		"one right and one wrong weak digest":   {digest.Set{digest.SHA256: hex64, digest.MD5: hex64[:32]}, digest.Set{digest.SHA256: hex64, digest.MD5: strings.Repeat("0", 32)}, digest.CodeMismatch},
		"git ids of 40 and of 64 digits":        {digest.Set{digest.GitBlob: hex40}, digest.Set{digest.GitBlob: hex64}, digest.CodeMismatch},
		"dirHash and the other name dirHash1":   {digest.Set{digest.DirHash: hex64}, digest.Set{"dirHash1": hex64}, digest.CodeNoShared},
		"an fs-verity digest and a file digest": {digest.Set{digest.FSVeritySHA256: hex64}, digest.Set{digest.SHA256: hex64}, digest.CodeNoShared},
		"a malformed digest":                    {digest.Set{digest.SHA256: hex64}, digest.Set{digest.SHA256: strings.ToUpper(hex64)}, digest.CodeSyntax},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			for _, err := range []error{c.got.Match(c.want), c.want.Match(c.got)} {
				if c.code == "" {
					require.NoError(t, err)
				} else {
					refused(t, c.code, err)
				}
			}
		})
	}
}

func TestEveryCodeIsListedOnceAndWellFormed(t *testing.T) {
	seen := make(map[digest.Code]bool)
	for _, c := range digest.Codes() {
		assert.Regexp(t, `^digest\.[a-z0-9-]+\.[a-z0-9-]+$`, string(c))
		assert.False(t, seen[c], "%s", c)
		seen[c] = true
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"sha256:" + hex64, "gitBlob:" + hex40, "x:y", ":", "sha256:SHA256", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := digest.Parse(s)
		if err != nil {
			refusedWithSomeCode(t, err)
			return
		}
		assert.Equal(t, s, d.String())
		require.NoError(t, d.Validate())
		again, err := digest.Parse(d.String())
		require.NoError(t, err)
		assert.Equal(t, d, again)
	})
}

// Eight bytes at a time tell what one at a time do.
func TestEveryByteOfAValueIsJudged(t *testing.T) {
	for at := range 64 {
		for c := range 256 {
			value := []byte(strings.Repeat("09af5", 13)[:64])
			value[at] = byte(c)
			want := c >= '0' && c <= '9' || c >= 'a' && c <= 'f'
			err := digest.Digest{Algorithm: digest.SHA256, Hex: string(value)}.Validate()
			require.Equal(t, want, err == nil, "%q", value)
		}
	}
}
