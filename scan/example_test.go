package scan_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/sealwright/sealwright/scan"
	"github.com/sealwright/sealwright/scan/gomod"
)

// A directory is scanned in one pass; what could not be looked at stands in the
// coverage, and keeps the verdict from being a pass.
func ExampleRun() {
	dir, err := os.MkdirTemp("", "project-*")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	mod := "module example.com/main\n\ngo 1.26.0\n\nrequire example.com/a v1.0.0\n\nreplace example.com/a => ../a\n"
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte(mod), 0o644); err != nil {
		fmt.Println(err)
		return
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer root.Close()

	report, err := scan.Run(context.Background(), scan.Directory(root, scan.DirectoryOptions{}), scan.Limits{}, gomod.Scanner{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range report.Packages {
		fmt.Println(p.PURL)
	}
	judgement := scan.Policy{Checks: []string{gomod.Name}}.Judge(report)
	fmt.Println(judgement.Verdict)
	for _, reason := range judgement.Reasons {
		fmt.Println(reason)
	}
	// Output:
	// pkg:golang/example.com/main
	// pkg:golang/stdlib@1.26.0
	// pkg:golang/toolchain@1.26.0
	// incomplete
	// scan.gomod.replace-local at gomod go.mod example.com/a@v1.0.0: want a module version, got the directory "../a"
}
