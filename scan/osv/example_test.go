package osv_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/sealwright/sealwright/scan"
	"github.com/sealwright/sealwright/scan/gomod"
	"github.com/sealwright/sealwright/scan/osv"
	"github.com/sealwright/sealwright/scan/scantest"
)

func Example() {
	ctx := context.Background()
	db, err := osv.Load(ctx, os.DirFS("testdata/db"), osv.Options{Ecosystems: []string{"Go"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	now := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	if err := db.Check(osv.Demands{Now: now, MaxAge: 30 * 24 * time.Hour}); err != nil {
		fmt.Println(err)
		return
	}
	project := scantest.Text(`-- go.mod --
module example.com/main

go 1.26.2

require example.com/last v1.2.0
-- go.sum --
example.com/last v1.2.0 h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=
`)
	report, err := scan.Run(ctx, project, scan.Limits{}, gomod.Scanner{})
	if err != nil {
		fmt.Println(err)
		return
	}
	report, err = scan.Match(ctx, report, scan.Limits{}, db)
	if err != nil {
		fmt.Println(err)
		return
	}
	judgement := scan.Policy{Checks: []string{gomod.Name, osv.Name}}.Judge(report)
	fmt.Println(judgement.Verdict)
	for _, r := range judgement.Reasons {
		fmt.Println(r.Got)
	}
	// Output:
	// fail
	// critical TEST-2026-0003 example.com/last@v1.2.0
}
