// Witness measures how go-witness judges a statement by a module in Rego. It is a module
// of its own, because it does not build with the version of OPA that stands beside us.
//
//	witness GOOD BAD MODULE
//
// prints the least processor time of one judgement in nanoseconds, and the bytes and
// objects that it allocates. It fails unless the first file is allowed and the second
// denied.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"slices"
	"syscall"

	"github.com/in-toto/go-witness/attestation"
	"github.com/in-toto/go-witness/policy"
	"github.com/invopop/jsonschema"
)

// An attestor is a statement as go-witness wants it.
type attestor struct{ json.RawMessage }

func (attestor) Name() string                                 { return "statement" }
func (attestor) Type() string                                 { return "statement" }
func (attestor) RunType() attestation.RunType                 { return attestation.VerifyRunType }
func (attestor) Attest(*attestation.AttestationContext) error { return nil }
func (attestor) Schema() *jsonschema.Schema                   { return nil }

func main() {
	runtime.GOMAXPROCS(1)
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: witness GOOD BAD MODULE")
		os.Exit(2)
	}
	var files [3][]byte
	for i := range files {
		var err error
		if files[i], err = os.ReadFile(os.Args[1+i]); err != nil {
			fmt.Fprintln(os.Stderr, "witness:", err)
			os.Exit(1)
		}
	}
	judge := func(statement []byte) error {
		return policy.EvaluateRegoPolicy(attestor{statement}, []policy.RegoPolicy{{Name: "policy.rego", Module: files[2]}})
	}
	if err := judge(files[0]); err != nil || judge(files[1]) == nil {
		fmt.Fprintln(os.Stderr, "witness: does not tell good from bad:", err)
		os.Exit(1)
	}
	const rounds, calls = 9, 50
	var samples []int64
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range rounds {
		start := cpu()
		for range calls {
			if err := judge(files[0]); err != nil {
				fmt.Fprintln(os.Stderr, "witness:", err)
				os.Exit(1)
			}
		}
		samples = append(samples, (cpu()-start)/calls)
	}
	runtime.ReadMemStats(&after)
	slices.Sort(samples)
	fmt.Println(samples[0], (after.TotalAlloc-before.TotalAlloc)/(rounds*calls), (after.Mallocs-before.Mallocs)/(rounds*calls))
}

func cpu() int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}
