package gobuild_test

import (
	"fmt"

	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/reproducible/gobuild"
)

// Who holds a provenance record, and the inputs under their digests, repeats the
// build: slsa.Decode reads the record, FromProvenance makes the spec, and any
// reproducible.Builder runs it. A record of anything else is refused by name.
func ExampleFromProvenance() {
	spec, err := gobuild.FromProvenance(&provenance.Build{BuildType: "https://example.com/make/v1"})
	fmt.Println(spec, err)
	// Output:
	// <nil> reproducible.command.build-type at Build.BuildType: want https://github.com/sealwright/sealwright/reproducible/command/v1, got another
}
