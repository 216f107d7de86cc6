package gitlab_test

import (
	"context"
	"fmt"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/provenance/collect"
	"github.com/sealwright/sealwright/provenance/collect/gitlab"
)

func ExampleCollector() {
	variables := map[string]string{"CI_SERVER_URL": "https://evil.example"}
	env := collect.Environment{LookupEnv: func(name string) (string, bool) { v, ok := variables[name]; return v, ok }}
	_, err := gitlab.Collector{Server: "https://gitlab.com"}.Collect(context.Background(), env)
	fmt.Println(attest.Reasons(err)[0])
	// Output: provenance.collect.conflict at env CI_SERVER_URL: want "https://gitlab.com", got another text of 20 bytes
}
