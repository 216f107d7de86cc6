package dirtarget_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/sealwright/sealwright/deploy/deploytest"
	"github.com/sealwright/sealwright/deploy/dirtarget"
)

// An authorized artifact is copied, verified, and made current.
func ExampleDirectory() {
	ctx := context.Background()
	path, err := os.MkdirTemp("", "target")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(path)
	root, err := os.OpenRoot(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer root.Close()

	req := deploytest.Request(deploytest.At("production", "web"), 1, "app")
	authorization, err := deploytest.Authorize(ctx, req)
	if err != nil {
		fmt.Println(err)
		return
	}
	target := dirtarget.Directory{Root: root}
	release, err := target.Apply(ctx, authorization, deploytest.Epoch(), source)
	if err != nil {
		fmt.Println(err)
		return
	}
	app, err := os.ReadFile(filepath.Join(path, release.Place, "current", "app"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s/current/app: %s\n", release.Place, app)
	// Output: production/-/-/web/current/app: artifact app
}
