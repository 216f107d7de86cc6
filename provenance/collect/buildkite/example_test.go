package buildkite_test

import (
	"context"
	"fmt"

	"github.com/sealwright/sealwright/provenance/collect"
	"github.com/sealwright/sealwright/provenance/collect/buildkite"
)

func ExampleCollector() {
	variables := map[string]string{"BUILDKITE_REPO": "https://user:secret@github.com/acme/app.git"}
	env := collect.Environment{LookupEnv: func(name string) (string, bool) { v, ok := variables[name]; return v, ok }}
	facts, err := buildkite.Collector{Server: "https://buildkite.com"}.Collect(context.Background(), env)
	fmt.Println(err, facts.Facts[0].Value)
	// Output: <nil> git+https://github.com/acme/app
}
