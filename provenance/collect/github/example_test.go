package github_test

import (
	"context"
	"fmt"

	"github.com/sealwright/sealwright/provenance/collect"
	"github.com/sealwright/sealwright/provenance/collect/github"
)

func ExampleCollector() {
	variables := map[string]string{"GITHUB_REPOSITORY": "octocat/hello-world", "GITHUB_REF": "refs/heads/main", "NPM_TOKEN": "npm_..."}
	env := collect.Environment{LookupEnv: func(name string) (string, bool) { v, ok := variables[name]; return v, ok }}
	facts, err := github.Collector{Server: "https://github.com"}.Collect(context.Background(), env)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range facts.Facts {
		fmt.Println(f.Trust, f.Key, f.Value, "from", f.Origin)
	}
	// Output:
	// self-asserted source.repository git+https://github.com/octocat/hello-world from env GITHUB_REPOSITORY
	// self-asserted source.ref refs/heads/main from env GITHUB_REF
}
