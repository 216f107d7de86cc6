package provenance_test

import (
	"encoding/json"
	"fmt"

	"github.com/sealwright/sealwright/provenance"
)

func ExampleParseSource() {
	a, _ := provenance.ParseSource("git+https://EXAMPLE.com/acme/app.git@refs/tags/v1")
	b, _ := provenance.ParseSource("git+https://example.com/acme/app@refs/tags/v1")
	fmt.Println(a == b)
	_, err := provenance.ParseSource("git+https://example.com/acme/x/../app")
	fmt.Println(err)
	// Output:
	// true
	// provenance.source.uri: want a path of plain segments, got "git+https://example.com/acme/x/../app"
}

func ExampleEqualJSON() {
	fmt.Println(provenance.EqualJSON(json.RawMessage(`{"a":1,"b":2}`), json.RawMessage(`{"b":2.0,"a":1}`)))
	fmt.Println(provenance.EqualJSON(json.RawMessage(`9007199254740993`), json.RawMessage(`9007199254740992`)))
	// Output:
	// true <nil>
	// false <nil>
}
