package jenkins_test

import (
	"context"
	"fmt"

	"github.com/sealwright/sealwright/provenance/collect"
	"github.com/sealwright/sealwright/provenance/collect/jenkins"
)

func ExampleCollector() {
	variables := map[string]string{"JENKINS_URL": "https://ci.example.com/", "BUILD_NUMBER": "42", "DEPLOY_PASSWORD": "hunter2"}
	env := collect.Environment{LookupEnv: func(name string) (string, bool) { v, ok := variables[name]; return v, ok }}
	facts, err := jenkins.Collector{Server: "https://ci.example.com"}.Collect(context.Background(), env)
	fmt.Println(err, len(facts.Facts), facts.Facts[0].Key, facts.Facts[0].Trust)
	for _, gap := range facts.Gaps {
		fmt.Println(gap.What, "-", gap.Why)
	}
	// Output:
	// <nil> 1 jenkins.build-number self-asserted
	// parameters - the parameters of a Jenkins build are not read
	// identity token - Jenkins signs nothing
}
