package attest_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/sealwright/sealwright/attest"
)

// bigStatement returns a statement whose predicate lists that many dependencies.
func bigStatement(dependencies int) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"app","digest":{"sha256":"%064x"}}],`, 1)
	b.WriteString(`"predicateType":"https://slsa.dev/provenance/v1","predicate":{"buildDefinition":{"resolvedDependencies":[`)
	for i := range dependencies {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"uri":"pkg:golang/example.com/module%d@v1.2.3","digest":{"sha256":"%064x"}}`, i, i)
	}
	b.WriteString(`]}}}`)
	return b.Bytes()
}

func BenchmarkParseStatement(b *testing.B) {
	for name, dependencies := range map[string]int{"small": 1, "9.4MB": 69_500} {
		data := bigStatement(dependencies)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := attest.ParseStatement(data, attest.Limits{}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(data)), "bytes")
		})
	}
}
