package cyclonedx_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/scan"
	"github.com/sealwright/sealwright/scan/cyclonedx"
	"github.com/sealwright/sealwright/scan/gomod"
	"github.com/sealwright/sealwright/scan/scantest"
)

func subject(of byte) digest.Set {
	return digest.Digest{Algorithm: digest.SHA256, Hex: strings.Repeat(string([]byte{of}), 64)}.Set()
}

func bill() cyclonedx.Bill {
	return cyclonedx.Bill{
		Subject: attest.Descriptor{Name: "program", Digest: subject('a')},
		Version: "1.0.0",
		Packages: []scan.Package{
			{Ecosystem: "Go", Name: "example.com/main", PURL: "pkg:golang/example.com/main", Main: true, Settings: map[string]string{"GOOS": "linux", "CGO_ENABLED": "0"}},
			{Ecosystem: "Go", Name: "example.com/a", Version: "v1.0.0", PURL: "pkg:golang/example.com/a@v1.0.0", Direct: true, Hash: "h1:x", Locations: []scan.Location{{Path: "go.mod", Line: 3}}},
			{Ecosystem: "Go", Name: "example.com/fork", Version: "v1.1.0", PURL: "pkg:golang/example.com/fork@v1.1.0", Replaces: &scan.Ref{Name: "example.com/b", Version: "v1.0.0"}},
			{Ecosystem: "Go", Name: "example.com/nopurl", Version: "v1.0.0"},
		},
		Complete: true,
		Tools:    []scan.Descriptor{{Name: "osv", Version: "1", Data: digest.Digest{Algorithm: digest.SHA256, Hex: strings.Repeat("b", 64)}}, {Name: "gomod", Version: "1"}},
	}
}

func encode(t testing.TB, b cyclonedx.Bill) []byte {
	t.Helper()
	data, err := cyclonedx.Encode(b)
	require.NoError(t, err)
	return data
}

func TestEqualBillsGiveEqualBytesInWhateverOrder(t *testing.T) {
	first := encode(t, bill())
	for range 50 {
		b := bill()
		rand.Shuffle(len(b.Packages), func(i, j int) { b.Packages[i], b.Packages[j] = b.Packages[j], b.Packages[i] })
		rand.Shuffle(len(b.Tools), func(i, j int) { b.Tools[i], b.Tools[j] = b.Tools[j], b.Tools[i] })
		require.Equal(t, string(first), string(encode(t, b)))
	}
	assert.NotContains(t, string(first), "timestamp")
	assert.Regexp(t, `"serialNumber":"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"`, string(first))
}

func TestEveryDifferenceGivesAnotherSerialNumber(t *testing.T) {
	seen := map[string]string{}
	for name, change := range map[string]func(*cyclonedx.Bill){
		"nothing":      func(*cyclonedx.Bill) {},
		"subject":      func(b *cyclonedx.Bill) { b.Subject.Digest = subject('c') },
		"version":      func(b *cyclonedx.Bill) { b.Packages[1].Version = "v1.0.1" },
		"completeness": func(b *cyclonedx.Bill) { b.Complete = false },
		"time":         func(b *cyclonedx.Bill) { b.Timestamp = time.Unix(1, 0) },
		"hash":         func(b *cyclonedx.Bill) { b.Packages[1].Hash = "h1:y" },
		"tool":         func(b *cyclonedx.Bill) { b.Tools = b.Tools[:1] },
	} {
		b := bill()
		change(&b)
		var doc struct{ SerialNumber string }
		require.NoError(t, json.Unmarshal(encode(t, b), &doc))
		assert.Empty(t, seen[doc.SerialNumber], name)
		seen[doc.SerialNumber] = name
	}
}

func TestABillIsReadBackForItsSubject(t *testing.T) {
	b := bill()
	b.Timestamp = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	got, err := cyclonedx.Parse(encode(t, b), subject('a'), cyclonedx.Limits{})
	require.NoError(t, err)
	assert.True(t, got.Complete)
	assert.Equal(t, b.Subject, got.Subject)
	assert.Equal(t, b.Timestamp, got.Timestamp)
	assert.Len(t, got.Packages, 4)
	assert.Equal(t, "h1:x", got.Packages[0].Hash)
	incomplete := bill()
	incomplete.Complete = false
	got, err = cyclonedx.Parse(encode(t, incomplete), subject('a'), cyclonedx.Limits{})
	require.NoError(t, err)
	assert.False(t, got.Complete)
}

func TestABillWithoutANameableSubjectIsNotWritten(t *testing.T) {
	for name, s := range map[string]attest.Descriptor{
		"no name":         {Digest: subject('a')},
		"no digest":       {Name: "program"},
		"a weak digest":   {Name: "program", Digest: digest.Set{digest.MD5: strings.Repeat("a", 32)}},
		"a broken digest": {Name: "program", Digest: digest.Set{digest.SHA256: "a"}},
	} {
		_, err := cyclonedx.Encode(cyclonedx.Bill{Subject: s})
		require.NotEmpty(t, attest.Reasons(err), name)
		assert.Equal(t, cyclonedx.CodeSubject, attest.Reasons(err)[0].Code, name)
	}
}

func TestABillThatCannotBeReliedOnIsRefused(t *testing.T) {
	good := string(encode(t, bill()))
	replace := func(old, new string) string {
		require.Contains(t, good, old)
		return strings.Replace(good, old, new, 1)
	}
	for name, c := range map[string]struct {
		document string
		want     digest.Set
		code     attest.Code
	}{
		"the bill of another subject":       {good, subject('b'), cyclonedx.CodeUnbound},
		"no demand":                         {good, nil, cyclonedx.CodeUnbound},
		"a demand under another algorithm":  {good, digest.Set{digest.SHA512: strings.Repeat("a", 128)}, cyclonedx.CodeUnbound},
		"a bill without hashes":             {replace(`"hashes"`, `"externalReferences":[],"x"`), subject('a'), cyclonedx.CodeUnbound},
		"a bill without metadata":           {`{"bomFormat":"CycloneDX","specVersion":"1.6","version":1}`, subject('a'), cyclonedx.CodeUnbound},
		"two digests of one algorithm":      {replace(`"hashes":[`, `"hashes":[{"alg":"SHA-256","content":"`+strings.Repeat("b", 64)+`"},`), subject('a'), cyclonedx.CodeUnbound},
		"another format":                    {replace(`"CycloneDX"`, `"SPDX"`), subject('a'), cyclonedx.CodeFormat},
		"a later version":                   {replace(`"1.6"`, `"1.7"`), subject('a'), cyclonedx.CodeFormat},
		"a version that is none":            {replace(`"1.6"`, `"9.9"`), subject('a'), cyclonedx.CodeJSON},
		"a duplicate key":                   {replace(`"components"`, `"components":[],"components"`), subject('a'), cyclonedx.CodeJSON},
		"a key in another case":             {replace(`"components"`, `"Components":[],"components"`), subject('a'), cyclonedx.CodeJSON},
		"trailing data":                     {good + "{}", subject('a'), cyclonedx.CodeJSON},
		"a truncated document":              {good[:len(good)/2], subject('a'), cyclonedx.CodeJSON},
		"nesting of 100,000":                {strings.Repeat(`{"a":`, 100_000), subject('a'), cyclonedx.CodeJSON},
		"two components of one reference":   {replace(`"bom-ref":"pkg:golang/example.com/a@v1.0.0"`, `"bom-ref":"subject"`), subject('a'), cyclonedx.CodeReference},
		"a component without a name":        {replace(`"name":"example.com/a"`, `"name":""`), subject('a'), cyclonedx.CodeReference},
		"a dependency on what is not there": {replace(`"dependsOn":["`, `"dependsOn":["pkg:golang/evil","`), subject('a'), cyclonedx.CodeReference},
		"a dependency on another document":  {replace(`"dependsOn":["`, `"dependsOn":["urn:cdx:f08a6ccd-4dce-4759-bd84-c626675d60a7/1#x","`), subject('a'), cyclonedx.CodeReference},
		"a timestamp that is none":          {replace(`"metadata":{`, `"metadata":{"timestamp":"yesterday",`), subject('a'), cyclonedx.CodeJSON},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := cyclonedx.Parse([]byte(c.document), c.want, cyclonedx.Limits{})
			require.NotEmpty(t, attest.Reasons(err), "%v", err)
			assert.Equal(t, c.code, attest.Reasons(err)[0].Code)
		})
	}
	_, err := cyclonedx.Parse([]byte(good), subject('a'), cyclonedx.Limits{Components: 3})
	assert.Equal(t, cyclonedx.CodeLimit, attest.Reasons(err)[0].Code)
	_, err = cyclonedx.Parse([]byte(good), subject('a'), cyclonedx.Limits{Bytes: 100})
	assert.Equal(t, cyclonedx.CodeLimit, attest.Reasons(err)[0].Code)
}

func TestDependenciesInACircleAreRead(t *testing.T) {
	a := "pkg:golang/example.com/a@v1.0.0"
	circle := strings.Replace(string(encode(t, bill())), `"dependencies":[`, `"dependencies":[{"ref":"`+a+`","dependsOn":["subject","`+a+`"]},`, 1)
	_, err := cyclonedx.Parse([]byte(circle), subject('a'), cyclonedx.Limits{})
	assert.NoError(t, err)
}

func TestOnlyAWholeCompositionMakesABillComplete(t *testing.T) {
	good := string(encode(t, bill()))
	for _, change := range [][2]string{
		{`"compositions"`, `"properties":[],"x-compositions"`},
		{`"assemblies":["subject"]`, `"assemblies":["pkg:golang/example.com/a@v1.0.0"]`},
		{`"assemblies":["subject"]`, `"assemblies":[]`},
		{`"compositions":[`, `"compositions":[{"aggregate":"unknown"},`},
	} {
		require.Contains(t, good, change[0])
		got, err := cyclonedx.Parse([]byte(strings.Replace(good, change[0], change[1], 1)), subject('a'), cyclonedx.Limits{})
		require.NoError(t, err)
		assert.False(t, got.Complete, change[1])
	}
}

func FuzzParse(f *testing.F) {
	f.Add(encode(f, bill()))
	f.Add([]byte(`{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"metadata":{"component":{"name":"x"}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := cyclonedx.Parse(data, subject('a'), cyclonedx.Limits{Bytes: 1 << 20})
		if err != nil {
			require.NotEmpty(t, attest.Reasons(err))
			return
		}
		require.NoError(t, b.Subject.Digest.Match(subject('a')))
	})
}

func Example() {
	tree := scantest.Text("-- go.mod --\nmodule example.com/main\n\ngo 1.26.0\n")
	report, err := scan.Run(context.Background(), tree, scan.Limits{}, gomod.Scanner{})
	if err != nil {
		fmt.Println(err)
		return
	}
	document, err := cyclonedx.Encode(cyclonedx.Of(report))
	if err != nil {
		fmt.Println(err)
		return
	}
	back, err := cyclonedx.Parse(document, report.Subject.Digest, cyclonedx.Limits{})
	fmt.Println(len(back.Packages), back.Complete, err)
	// Output: 3 true <nil>
}
