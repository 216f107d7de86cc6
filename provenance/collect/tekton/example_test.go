package tekton_test

import (
	"context"
	"fmt"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/provenance/collect"
	"github.com/sealwright/sealwright/provenance/collect/tekton"
)

func ExampleCollector() {
	c := tekton.Collector{API: "https://kube.example", Kind: "TaskRun", Namespace: "work", Name: "build-1"}
	_, err := c.Collect(context.Background(), collect.Environment{})
	fmt.Println(attest.Reasons(err)[0])
	// Output: provenance.collect.capability at Environment.Fetch: want a function, got nil
}
