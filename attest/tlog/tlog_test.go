package tlog_test

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/tlog"
)

func TestAProofIsBelievedUnderItsPolicy(t *testing.T) {
	w := newWorld(t)
	text, err := w.proof.Marshal()
	require.NoError(t, err)
	proof, err := tlog.ParseProof(text)
	require.NoError(t, err)
	require.Equal(t, w.proof, proof)
	h, err := w.policy(t).Verify(proof, []byte(entry(6)))
	require.NoError(t, err)
	assert.Equal(t, w.head, h.Checkpoint)
	assert.Equal(t, w.log.Key(), h.Log)
	require.Len(t, h.Cosigned, 3)
	assert.Equal(t, at(), h.Cosigned[0].Time)
	assert.Equal(t, at(), h.Cosigned[2].Time)
}

func TestACheckpointThatIsNotInItsOnlyFormIsRefused(t *testing.T) {
	good := newWorld(t).head.Text()
	lines := strings.Split(strings.TrimSuffix(good, "\n"), "\n")
	join := func(l ...string) string { return strings.Join(l, "\n") + "\n" }
	for name, c := range map[string]struct {
		text string
		code attest.Code
	}{
		"nothing":                       {"", tlog.CodeCheckpoint},
		"two lines":                     {join(lines[:2]...), tlog.CodeCheckpoint},
		"no final newline":              {strings.TrimSuffix(good, "\n"), tlog.CodeCheckpoint},
		"no origin":                     {join("", lines[1], lines[2]), tlog.CodeCheckpoint},
		"a size with a leading zero":    {join(lines[0], "011", lines[2]), tlog.CodeNumber},
		"a size with a sign":            {join(lines[0], "+11", lines[2]), tlog.CodeNumber},
		"a negative size":               {join(lines[0], "-1", lines[2]), tlog.CodeNumber},
		"a size of 2^62 and one":        {join(lines[0], "4611686018427387905", lines[2]), tlog.CodeNumber},
		"a size beyond 64 bits":         {join(lines[0], "18446744073709551627", lines[2]), tlog.CodeNumber},
		"an empty size":                 {join(lines[0], "", lines[2]), tlog.CodeNumber},
		"a root of 31 bytes":            {join(lines[0], "11", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="), tlog.CodeBase64},
		"a root without padding":        {join(lines[0], "11", strings.TrimSuffix(lines[2], "=")), tlog.CodeBase64},
		"a root with trailing bits":     {join(lines[0], "11", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB="), tlog.CodeBase64},
		"carriage returns":              {strings.ReplaceAll(good, "\n", "\r\n"), tlog.CodeNumber},
		"an empty extension line":       {join(lines[0], lines[1], lines[2], "", "x"), tlog.CodeCheckpoint},
		"an empty tree with a root":     {join(lines[0], "0", lines[2]), tlog.CodeCheckpoint},
		"a control character in origin": {join("a\x00b", lines[1], lines[2]), tlog.CodeCheckpoint},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := tlog.ParseCheckpoint(c.text)
			requireCode(t, c.code, err)
		})
	}
	extended, err := tlog.ParseCheckpoint(good + "extension\n")
	require.NoError(t, err)
	require.Equal(t, good+"extension\n", extended.Text())
}

func TestACheckpointThatCannotBeWrittenIsRefused(t *testing.T) {
	good := tlog.Checkpoint{Origin: "example.com/log", Size: tlog.MaxSize, Extensions: []string{"line"}}
	require.NoError(t, good.Validate())
	for name, test := range map[string]struct {
		change func(*tlog.Checkpoint)
		code   attest.Code
	}{
		"no origin":                  {func(c *tlog.Checkpoint) { c.Origin = "" }, tlog.CodeCheckpoint},
		"an origin of two lines":     {func(c *tlog.Checkpoint) { c.Origin = "a\nb" }, tlog.CodeCheckpoint},
		"a size above 2^62":          {func(c *tlog.Checkpoint) { c.Size++ }, tlog.CodeNumber},
		"an empty tree with a root":  {func(c *tlog.Checkpoint) { c.Size = 0 }, tlog.CodeCheckpoint},
		"an empty extension line":    {func(c *tlog.Checkpoint) { c.Extensions = []string{"line", ""} }, tlog.CodeCheckpoint},
		"an extension of two lines":  {func(c *tlog.Checkpoint) { c.Extensions = []string{"a\nb"} }, tlog.CodeCheckpoint},
		"an extension without UTF-8": {func(c *tlog.Checkpoint) { c.Extensions = []string{"\xff"} }, tlog.CodeCheckpoint},
	} {
		t.Run(name, func(t *testing.T) {
			c := good
			test.change(&c)
			require.ErrorIs(t, c.Validate(), attest.Is(test.code))
		})
	}
}

func TestAProofThatIsNotInItsOnlyFormIsRefused(t *testing.T) {
	w := newWorld(t)
	w.proof.Extra = []byte("extra!!")
	b, err := w.proof.Marshal()
	require.NoError(t, err)
	good := string(b)
	first := w.proof.Hashes[0].String() + "\n"
	for name, c := range map[string]struct {
		text string
		code attest.Code
	}{
		"nothing":                        {"", tlog.CodeProof},
		"another header":                 {strings.Replace(good, "@v1", "@v2", 1), tlog.CodeProof},
		"a leading newline":              {"\n" + good, tlog.CodeProof},
		"an index with a leading zero":   {strings.Replace(good, "index 6", "index 006", 1), tlog.CodeNumber},
		"a negative index":               {strings.Replace(good, "index 6", "index -6", 1), tlog.CodeNumber},
		"no index":                       {strings.Replace(good, "index 6\n", "", 1), tlog.CodeProof},
		"two spaces before the index":    {strings.Replace(good, "index 6", "index  6", 1), tlog.CodeNumber},
		"the extra line after the index": {strings.Replace(good, "extra ZXh0cmEhIQ==\nindex 6\n", "index 6\nextra ZXh0cmEhIQ==\n", 1), tlog.CodeBase64},
		"two extra lines":                {strings.Replace(good, "extra ", "extra ZXh0cmEhIQ==\nextra ", 1), tlog.CodeProof},
		"an empty extra line":            {strings.Replace(good, "extra ZXh0cmEhIQ==", "extra ", 1), tlog.CodeProof},
		"non-canonical extra data":       {strings.Replace(good, "ZXh0cmEhIQ==", "ZXh0cmEhIR==", 1), tlog.CodeBase64},
		"a hash without padding":         {strings.Replace(good, "=\n", "\n", 2), tlog.CodeBase64},
		"64 hashes":                      {strings.Replace(good, first, strings.Repeat(first, 64), 1), tlog.CodeProofLength},
		"carriage returns":               {strings.ReplaceAll(good, "\n", "\r\n"), tlog.CodeProof},
		"no checkpoint":                  {good[:strings.Index(good, "\n\n")+2], tlog.CodeNote},
		"no final newline":               {strings.TrimSuffix(good, "\n"), tlog.CodeNote},
		"text after the checkpoint":      {good + "x\n", tlog.CodeNote},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := tlog.ParseProof([]byte(c.text))
			requireCode(t, c.code, err)
		})
	}
	_, err = tlog.ParseProof(make([]byte, tlog.MaxNote+2*tlog.MaxExtra+1))
	requireCode(t, attest.CodeLimit, err)
}

func TestAVerifierKeyThatIsNotInItsOnlyFormIsRefused(t *testing.T) {
	good := signer(t, "k.example", tlog.CosignatureV1).Key()
	k, err := tlog.ParseKey(good.String())
	require.NoError(t, err)
	require.Equal(t, good, k)
	text := good.String()
	id := strings.Split(text, "+")[1]
	for name, vkey := range map[string]string{
		"nothing": "", "one part": "k.example", "another id": strings.Replace(text, id, "00000000", 1),
		"an id in upper case": strings.Replace(text, id, strings.ToUpper("ab"+id[2:]), 1),
		"another name":        strings.Replace(text, "k.ex", "l.ex", 1), "a name with a space": "k x" + text[3:],
		"an unknown algorithm": "k+00000000+Ag==", "no key": "k+00000000+", "a short key": "k+00000000+BAAA",
		"base64 with padding that it needs not": text + "=", "a newline": text + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := tlog.ParseKey(vkey)
			require.Error(t, err)
			require.NotEmpty(t, attest.Reasons(err))
		})
	}
}

func TestACheckpointThatThePolicyDoesNotBelieveIsRefused(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t)
	stranger := signer(t, "stranger.example", tlog.Ed25519)
	impostor, err := tlog.NewSigner(origin, tlog.Ed25519, attestSigner("impostor"), nil)
	require.NoError(t, err)
	other := w.head
	other.Origin = "example.com/other"
	sign := func(c tlog.Checkpoint, s ...*tlog.Signer) []byte {
		b, err := tlog.SignCheckpoint(ctx, c, at(), s...)
		require.NoError(t, err)
		return b
	}
	swapped := bytes.Replace(w.signed, []byte("\n11\n"), []byte("\n12\n"), 1)
	lines := strings.SplitAfter(string(w.signed), "\n")
	w1line := lines[5]
	for name, c := range map[string]struct {
		signed []byte
		code   attest.Code
	}{
		"signed by a stranger":                        {sign(w.head, stranger), tlog.CodeUnsigned},
		"signed under the log's name by another key":  {sign(w.head, impostor), tlog.CodeUnsigned},
		"signed by witnesses only":                    {sign(w.head, w.w1, w.w2, w.w3), tlog.CodeOrigin},
		"of another origin":                           {sign(other, w.log, w.w1, w.w2, w.w3), tlog.CodeOrigin},
		"of another size than was signed":             {swapped, tlog.CodeSignature},
		"without a quorum":                            {sign(w.head, w.log, w.w1, w.w3), tlog.CodeQuorum},
		"with one cosignature twice":                  {[]byte(strings.Join(lines[:6], "") + w1line + lines[7]), tlog.CodeQuorum},
		"with a cosignature under another key's hint": {[]byte(strings.Join(lines[:6], "") + strings.Replace(lines[6], lines[6][strings.LastIndex(lines[6], " ")+1:][:20], w1line[strings.LastIndex(w1line, " ")+1:][:20], 1) + lines[7]), tlog.CodeQuorum},
		"without signatures":                          {[]byte(w.head.Text()), tlog.CodeNote},
		"with 101 signatures":                         {append(bytes.Clone(w.signed), strings.Repeat(w1line, 97)...), tlog.CodeNote},
		"with a signature in loose base64":            {[]byte(strings.Replace(string(w.signed), "==\n", "\n", 1)), tlog.CodeBase64},
		"larger than a note":                          {make([]byte, tlog.MaxNote+1), attest.CodeLimit},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.policy(t).Open(c.signed)
			requireCode(t, c.code, err)
		})
	}
	_, err = (*tlog.Policy)(nil).Open(w.signed)
	requireCode(t, attest.CodeNil, err)
	_, err = new(tlog.Policy).Open(w.signed)
	requireCode(t, attest.CodeNil, err)
}

func TestTheSecondLogSignatureIsLookedAtToo(t *testing.T) {
	w := newWorld(t)
	w.trust.Quorum = tlog.QuorumNone
	stranger := signer(t, "first.example", tlog.Ed25519)
	signed, err := tlog.SignCheckpoint(t.Context(), w.head, at(), stranger, w.log)
	require.NoError(t, err)
	_, err = w.policy(t).Open(signed)
	require.NoError(t, err)
}

func TestEveryBitOfAProofCounts(t *testing.T) {
	w := newWorld(t)
	w.trust.Quorum, w.trust.Witnesses, w.trust.Groups = "W1", w.trust.Witnesses[:1], nil
	var err error
	w.proof.Checkpoint, err = tlog.SignCheckpoint(t.Context(), w.head, at(), w.log, w.w1)
	require.NoError(t, err)
	policy := w.policy(t)
	good, err := w.proof.Marshal()
	require.NoError(t, err)
	for bit := range len(good) * 8 {
		bad := bytes.Clone(good)
		bad[bit/8] ^= 1 << (bit % 8)
		proof, err := tlog.ParseProof(bad)
		if err == nil {
			_, err = policy.Verify(proof, []byte(entry(6)))
		}
		require.Error(t, err, "bit %d of byte %q", bit%8, good[bit/8])
		require.NotEmpty(t, attest.Reasons(err))
	}
}

func TestAnInclusionThatIsNotProvenIsRefused(t *testing.T) {
	w := newWorld(t)
	leaf := tlog.LeafHash([]byte(entry(6)))
	h := w.proof.Hashes
	reversed := slices.Clone(h)
	slices.Reverse(reversed)
	node := tlog.Hash(h[0])
	for name, c := range map[string]struct {
		index  uint64
		leaf   tlog.Hash
		hashes []tlog.Hash
		code   attest.Code
	}{
		"an index beyond the tree": {11, leaf, h, tlog.CodeIndex}, "an index beyond int64": {1 << 63, leaf, h, tlog.CodeIndex},
		"another index": {7, leaf, h, tlog.CodeInclusion}, "another entry": {6, tlog.LeafHash([]byte("x")), h, tlog.CodeInclusion},
		"a node for a leaf": {6, node, h, tlog.CodeInclusion}, "hashes in another order": {6, leaf, reversed, tlog.CodeInclusion},
		"a hash too few": {6, leaf, h[1:], tlog.CodeInclusion}, "a hash too many": {6, leaf, append(slices.Clone(h), node), tlog.CodeInclusion},
		"64 hashes": {6, leaf, make([]tlog.Hash, 64), tlog.CodeProofLength}, "none": {6, leaf, nil, tlog.CodeInclusion},
	} {
		t.Run(name, func(t *testing.T) {
			requireCode(t, c.code, tlog.CheckInclusion(w.head, c.index, c.leaf, c.hashes))
		})
	}
	huge := tlog.Checkpoint{Origin: origin, Size: 1<<62 + 1}
	requireCode(t, tlog.CodeNumber, tlog.CheckInclusion(huge, 0, leaf, nil))
	require.Error(t, tlog.CheckInclusion(tlog.Checkpoint{Size: 1 << 62}, 5, leaf, make([]tlog.Hash, 62)))
}

func TestATreeThatDoesNotExtendAnotherIsRefused(t *testing.T) {
	tr := entries(11)
	fork := entries(5)
	for range 6 {
		fork.add("fork")
	}
	older, newer, forked := tr.checkpoint(origin, 7), tr.checkpoint(origin, 11), fork.checkpoint(origin, 11)
	empty := tr.checkpoint(origin, 0)
	proof := tr.proveTree(11, 7)
	require.NoError(t, tlog.CheckConsistency(older, newer, proof))
	require.NoError(t, tlog.CheckConsistency(empty, newer, nil))
	require.NoError(t, tlog.CheckConsistency(newer, newer, nil))
	other := newer
	other.Origin = "other"
	requireCode(t, tlog.CodeRollback, tlog.CheckConsistency(newer, older, proof))
	requireCode(t, tlog.CodeConsistency, tlog.CheckConsistency(older, forked, fork.proveTree(11, 7)))
	requireCode(t, tlog.CodeConsistency, tlog.CheckConsistency(newer, forked, nil))
	requireCode(t, tlog.CodeConsistency, tlog.CheckConsistency(empty, newer, proof))
	requireCode(t, tlog.CodeConsistency, tlog.CheckConsistency(older, newer, proof[1:]))
	requireCode(t, tlog.CodeConsistency, tlog.CheckConsistency(older, newer, nil))
	requireCode(t, tlog.CodeOrigin, tlog.CheckConsistency(older, other, proof))
	requireCode(t, tlog.CodeProofLength, tlog.CheckConsistency(older, newer, make([]tlog.Hash, 64)))
}

func TestASignerThatLiesIsRefused(t *testing.T) {
	w := newWorld(t)
	liar, err := tlog.NewSigner("liar", tlog.Ed25519, lying{attestSigner("a"), attestSigner("b").Public()}, nil)
	require.NoError(t, err)
	_, err = liar.Sign(t.Context(), w.head, at())
	requireCode(t, tlog.CodeSigner, err)
	failing, err := tlog.NewSigner("failing", tlog.Ed25519, lying{nil, attestSigner("b").Public()}, nil)
	require.NoError(t, err)
	_, err = failing.Sign(t.Context(), w.head, at())
	requireCode(t, tlog.CodeSigner, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = w.log.Sign(ctx, w.head, at())
	requireCode(t, attest.CodeCanceled, err)
	_, err = w.w1.Sign(t.Context(), w.head, at().AddDate(-100, 0, 0))
	requireCode(t, tlog.CodeNumber, err)
	_, err = tlog.NewSigner("x", tlog.MLDSA44, attestSigner("a"), verify44)
	requireCode(t, tlog.CodeKey, err)
	_, err = tlog.NewSigner("x y", tlog.Ed25519, attestSigner("a"), nil)
	requireCode(t, tlog.CodeKey, err)
	_, err = tlog.NewSigner("x", tlog.Ed25519, nil, nil)
	requireCode(t, attest.CodeNil, err)
	_, err = tlog.SignCheckpoint(t.Context(), w.head, at())
	requireCode(t, attest.CodeNil, err)
}

func TestSignatureLinesAreAddedOnce(t *testing.T) {
	w := newWorld(t)
	signed, err := tlog.SignCheckpoint(t.Context(), w.head, at(), w.log)
	require.NoError(t, err)
	l, err := w.w1.Sign(t.Context(), w.head, at())
	require.NoError(t, err)
	once, err := tlog.AddSignatures(signed, []byte(l))
	require.NoError(t, err)
	twice, err := tlog.AddSignatures(once, []byte(l))
	require.NoError(t, err)
	require.Equal(t, once, twice)
	w.trust.Quorum = "W1"
	_, err = w.policy(t).Open(once)
	require.NoError(t, err)
	_, err = tlog.AddSignatures(signed, []byte("nonsense\n"))
	requireCode(t, tlog.CodeNote, err)
}

func TestCodesAreDistinct(t *testing.T) {
	codes := tlog.Codes()
	slices.Sort(codes)
	require.Len(t, slices.Compact(slices.Clone(codes)), len(codes))
}

// lying signs with one key under the name of another.
type lying struct {
	attest.Signer
	public crypto.PublicKey
}

func (l lying) Public() crypto.PublicKey { return l.public }

func (l lying) Sign(ctx context.Context, m []byte) ([]byte, error) {
	if l.Signer == nil {
		return nil, errors.New("no key")
	}
	return l.Signer.Sign(ctx, m)
}
