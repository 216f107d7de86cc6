package strictjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"
)

type benchDescriptor struct {
	Name        string                     `json:"name,omitempty"`
	URI         string                     `json:"uri,omitempty"`
	Digest      map[string]string          `json:"digest,omitempty"`
	Content     []byte                     `json:"content,omitempty"`
	MediaType   string                     `json:"mediaType,omitempty"`
	Annotations map[string]json.RawMessage `json:"annotations,omitempty"`
}

type benchStatement struct {
	Type          string            `json:"_type"`
	Subject       []benchDescriptor `json:"subject"`
	PredicateType string            `json:"predicateType"`
	Predicate     json.RawMessage   `json:"predicate"`
}

// benchDocument is a statement whose predicate lists that many dependencies.
func benchDocument(dependencies int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"app","digest":{"sha256":"`)
	fmt.Fprintf(&b, "%064x", 1)
	b.WriteString(`"}}],"predicateType":"https://slsa.dev/provenance/v1","predicate":{"resolvedDependencies":[`)
	for i := range dependencies {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"uri":"pkg:golang/example.com/module%d@v1.2.%d","name":"module %d","digest":{"sha256":"%064x"}}`, i, i, i, i)
	}
	b.WriteString(`]}}`)
	return b.Bytes()
}

// BenchmarkUnmarshal measures this package against encoding/json alone.
func BenchmarkUnmarshal(b *testing.B) {
	type predicate struct {
		Dependencies []benchDescriptor `json:"resolvedDependencies"`
	}
	type whole struct {
		benchStatement
		Predicate predicate `json:"predicate"`
	}
	for _, size := range []int{1, 10, 1000} {
		data := benchDocument(size)
		run := func(name string, unmarshal func() error) {
			b.Run(fmt.Sprintf("%s/%d", name, size), func(b *testing.B) {
				b.SetBytes(int64(len(data)))
				b.ReportAllocs()
				for b.Loop() {
					if err := unmarshal(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		run("encoding-json", func() error { return json.Unmarshal(data, new(whole)) })
		run("strict", func() error { return Unmarshal(data, new(whole), Options{}) })
	}
}

// BenchmarkCheck measures a predicate of 9.4 MB, and one object with 100,000 keys.
func BenchmarkCheck(b *testing.B) {
	keys := []byte{'{'}
	for i := range 100_000 {
		keys = fmt.Appendf(keys, `"key%d":0,`, i)
	}
	keys[len(keys)-1] = '}'
	for name, data := range map[string][]byte{"9MB": benchDocument(64_000), "100000-keys": keys} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if err := Check(data, Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/json-valid", func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if !json.Valid(data) {
					b.Fatal()
				}
			}
		})
	}
}
