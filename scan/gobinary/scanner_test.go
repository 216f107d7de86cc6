package gobinary_test

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/scan"
	"github.com/sealwright/sealwright/scan/gobinary"
	bills "github.com/sealwright/sealwright/scan/report"
	"github.com/sealwright/sealwright/scan/scantest"
)

func report(t testing.TB, data []byte) *scan.Report {
	t.Helper()
	tree := &scantest.Tree{Name: "binary", Files: map[string]string{"program": string(data)}}
	r, err := scan.Run(t.Context(), tree, scan.Limits{}, gobinary.Scanner{})
	require.NoError(t, err)
	return r
}

func codes(r *scan.Report) []attest.Code {
	out := []attest.Code{}
	for _, g := range r.Coverage.Gaps {
		if g.Reason.Code != scan.CodeNothingClaimed {
			out = append(out, g.Reason.Code)
		}
	}
	return out
}

func TestABinaryOfEveryFormatTellsItsModules(t *testing.T) {
	for goos, built := range map[string]func() ([]byte, error){"linux": linux, "windows": windows, "darwin": darwin} {
		t.Run(goos, func(t *testing.T) {
			r := report(t, binaryOf(t, built))
			require.Empty(t, codes(r))
			require.Len(t, r.Packages, 3)
			main, dep, std := r.Packages[0], r.Packages[1], r.Packages[2]
			assert.Equal(t, "example.com/program", main.Name)
			assert.True(t, main.Main)
			assert.Equal(t, goos, main.Settings["GOOS"])
			assert.Equal(t, runtime.Version(), main.Settings["go"])
			assert.Equal(t, "pkg:golang/golang.org/x/mod@v0.42.0", dep.PURL)
			assert.Equal(t, sumOf(t, "golang.org/x/mod v0.42.0"), dep.Hash)
			assert.Equal(t, "stdlib", std.Name)
			assert.Equal(t, strings.TrimPrefix(runtime.Version(), "go"), std.Version)
		})
	}
}

// universal packs two Mach-O files into one.
func universal(parts ...[]byte) []byte {
	var out bytes.Buffer
	words := []uint32{0xcafebabe, uint32(len(parts))}
	at := uint32(4096)
	for i, p := range parts {
		words = append(words, 0x01000007+uint32(i)*5, 3, at, uint32(len(p)), 12)
		at += (uint32(len(p)) + 4095) &^ 4095
	}
	_ = binary.Write(&out, binary.BigEndian, words)
	for _, p := range parts {
		out.Write(make([]byte, (4096-out.Len()%4096)%4096))
		out.Write(p)
	}
	return out.Bytes()
}

func TestEveryPartOfAUniversalBinaryIsExamined(t *testing.T) {
	whole := binaryOf(t, darwin)
	second := bytes.Clone(whole)
	binary.LittleEndian.PutUint32(second[4:], 0x0100000c) // say arm64
	r := report(t, universal(whole, second))
	require.Empty(t, codes(r))
	assert.Len(t, r.Packages, 3)
	spoilt := bytes.Replace(second, []byte("\xff Go buildinf:"), make([]byte, 14), 1)
	assert.Equal(t, []attest.Code{gobinary.CodeStripped}, codes(report(t, universal(whole, spoilt))), "the second part hides nothing")
}

func TestBuildInformationThatWasRemovedIsAGap(t *testing.T) {
	for goos, built := range map[string]func() ([]byte, error){"linux": linux, "windows": windows, "darwin": darwin} {
		data := bytes.Replace(binaryOf(t, built), []byte("\xff Go buildinf:"), make([]byte, 14), 1)
		assert.Equal(t, []attest.Code{gobinary.CodeStripped}, codes(report(t, data)), goos)
		data = bytes.ReplaceAll(data, []byte("\xff Go build ID: \""), []byte("\xff No build ID: \""))
		data = bytes.ReplaceAll(data, []byte("\x04\x00\x00\x00Go\x00\x00"), []byte("\x04\x00\x00\x00No\x00\x00"))
		assert.Equal(t, []attest.Code{gobinary.CodeStripped}, codes(report(t, data)), "%s: the line table is left", goos)
	}
	data := bytes.Replace(binaryOf(t, linux), []byte("\xff Go buildinf:"), make([]byte, 14), 1)
	copy(data[0x28:], make([]byte, 8)) // no section headers
	copy(data[0x3c:], make([]byte, 4))
	assert.Equal(t, []attest.Code{gobinary.CodeStripped}, codes(report(t, data)))
}

func TestWhatHidesWhatIsInsideIsAGap(t *testing.T) {
	whole := binaryOf(t, linux)
	info := bytes.Index(whole, []byte("\xff Go buildinf:")) // the runtime has the list too, elsewhere
	other := append(bytes.Clone(whole[:info]), bytes.Replace(whole[info:], []byte("\ndep\t"), []byte("\nDep\t"), 1)...)
	upx := append([]byte("\x7fELF\x02\x01\x01"), make([]byte, 4089)...)
	copy(upx[0xec:], "UPX!")
	for name, c := range map[string]struct {
		data []byte
		want attest.Code
	}{
		"a binary cut to its header":   {whole[:64], gobinary.CodeFormat},
		"a binary cut in half":         {whole[:len(whole)/2], gobinary.CodeStripped},
		"an ELF header and rubbish":    {[]byte("\x7fELF" + strings.Repeat("x", 1000)), gobinary.CodeFormat},
		"a text that begins like a PE": {[]byte("MZ is how this text begins"), gobinary.CodeFormat},
		"a Mach-O header only":         {[]byte("\xcf\xfa\xed\xfe" + strings.Repeat("x", 1000)), gobinary.CodeFormat},
		"a universal header only":      {[]byte("\xca\xfe\xba\xbe\x00\x00\x00\x02"), gobinary.CodeFormat},
		"a packed binary":              {upx, gobinary.CodePacked},
		"a module that is a directory": {binaryOf(t, replaced), gobinary.CodeReplaceLocal},
		"a line that is passed over":   {other, gobinary.CodeLines},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Contains(t, codes(report(t, c.data)), c.want)
		})
	}
}

func TestABinaryBuiltWithoutModulesIsAGap(t *testing.T) {
	data := bytes.Clone(binaryOf(t, linux))
	at := bytes.Index(data, []byte("\xff Go buildinf:")) + 32
	release, n := binary.Uvarint(data[at:])
	data[at+n+int(release)] = 0 // the length of the list
	assert.Equal(t, []attest.Code{gobinary.CodeNoModules}, codes(report(t, data)))
}

func TestWhatIsNoGoBinaryYieldsNothing(t *testing.T) {
	shell, err := os.ReadFile("/bin/sh")
	require.NoError(t, err)
	r := report(t, shell)
	assert.Empty(t, r.Packages)
	assert.Empty(t, codes(r))
	assert.False(t, r.Coverage.Complete(), "that no package is known is not that there is none")
	assert.Equal(t, scan.CodeNothingClaimed, r.Coverage.Gaps[0].Reason.Code)
	assert.Equal(t, scan.Counts{Entries: 1, Bytes: int64(len(shell))}, r.Coverage.Skipped)
	assert.Zero(t, r.Coverage.Claimed)
	bill, err := bills.CycloneDXStatement(r, time.Time{})
	require.NoError(t, err)
	assert.Contains(t, string(bill.Bytes()), `"aggregate":"incomplete"`, "a rule that demands a complete bill refuses it")
	class := []byte("\xca\xfe\xba\xbe\x00\x00\x00\x34" + strings.Repeat("x", 100))
	r = report(t, class)
	assert.EqualValues(t, 1, r.Coverage.Skipped.Entries, "a Java class is no executable")
}

// Whatever is changed in a binary, it tells three packages, or there is a gap.
func TestAMutatedBinaryNeverLosesAPackageSilently(t *testing.T) {
	whole := binaryOf(t, linux)
	info := bytes.Index(whole, []byte("\xff Go buildinf:"))
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 200 {
		data := bytes.Clone(whole)
		at := random.IntN(1024) // the headers
		if n%2 == 0 {
			at = info + random.IntN(512)
		}
		data[at] ^= 1 << random.IntN(8)
		r := report(t, data)
		assert.True(t, len(r.Packages) == 3 || !r.Coverage.Complete(), "byte %d", at)
		assert.NotContains(t, codes(r), scan.CodePanic)
	}
}

func TestTheScannerKeepsTheContract(t *testing.T) {
	tree := &scantest.Tree{Name: "binaries", Files: map[string]string{"program": string(binaryOf(t, linux)), "readme": "text"}}
	assert.NoError(t, scantest.CheckScanner(t.Context(), gobinary.Scanner{}, tree))
}

func FuzzMutatedBinary(f *testing.F) {
	whole := binaryOf(f, linux)
	info := uint32(bytes.Index(whole, []byte("\xff Go buildinf:")))
	f.Add(uint32(0), []byte("\x7fELF"), uint32(len(whole)))
	f.Add(info, []byte("\xff Go buildinf:\x08\x00"), uint32(len(whole)))
	f.Add(info+32, []byte("\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), uint32(len(whole)))
	f.Add(uint32(0x28), []byte("\xff\xff\xff\xff\xff\xff\xff\x7f"), uint32(len(whole)))
	f.Fuzz(func(t *testing.T, at uint32, patch []byte, length uint32) {
		data := bytes.Clone(whole[:min(int(length), len(whole))])
		if int(at) < len(data) {
			copy(data[at:], patch)
		}
		r := report(t, data)
		require.NotContains(t, codes(r), scan.CodePanic)
		require.NotContains(t, codes(r), scan.CodeDeadline)
	})
}
