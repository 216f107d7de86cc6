package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/sealwright/sealwright/internal/peers/goals"
)

// weight compares stripped programs, which the script run has built into dir.
func weight(dir string, t *goals.Table) error {
	size := map[string]float64{}
	for _, name := range []string{"empty", "hash", "standard", "both", "libraries", "imports", "judges", "celgo", "opa"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		size[name] = float64(info.Size())
	}
	t.AtMost("importing policy adds to a program that decodes JSON and sums SHA-256", (size["both"]-size["standard"])/1000, 300, " KB")
	t.AtMost("importing policy adds to an empty program", (size["imports"]-size["empty"])/1000, 300, " KB")
	t.Note("of that, crypto/sha256 alone", fmt.Sprintf("%.0f KB", (size["hash"]-size["empty"])/1000))
	t.Note("of that, all packages of the standard library that it imports", fmt.Sprintf("%.0f KB", (size["libraries"]-size["empty"])/1000))
	t.Note("a program that judges, over an empty one", fmt.Sprintf("%.0f KB", (size["judges"]-size["empty"])/1000))
	t.Note("the same, over one that decodes JSON", fmt.Sprintf("%.0f KB", (size["judges"]-size["standard"])/1000))
	t.Note("a program with cel-go, over an empty one", fmt.Sprintf("%.0f KB", (size["celgo"]-size["empty"])/1000))
	t.Note("a program with OPA, over an empty one", fmt.Sprintf("%.0f KB", (size["opa"]-size["empty"])/1000))
	return nil
}
