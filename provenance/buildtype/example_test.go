package buildtype_test

import (
	"fmt"

	"github.com/sealwright/sealwright/provenance/buildtype"
)

func Example() {
	b := samples()["github"].build()
	profile, ok := buildtype.Find(buildtype.Profiles(), b.BuildType)
	if !ok {
		fmt.Println("an unknown build type")
		return
	}
	c, err := profile.Normalize(b)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.Source, c.Ref, c.EntryPoint)

	// GitHub signed the ref and the repository into the certificate, not the commit.
	claims := buildtype.Claims{Repository: "https://github.com/octocat/hello-world", Ref: "refs/heads/main"}
	for _, f := range c.Forgeable(claims, buildtype.Source, buildtype.Ref, buildtype.Commit) {
		fmt.Println("anybody in the job could have chosen the", f.Name)
	}
	// Output:
	// git+https://github.com/octocat/hello-world refs/heads/main .github/workflows/release.yml
	// anybody in the job could have chosen the commit
}
