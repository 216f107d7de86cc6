// Ampel measures how AMPEL judges a statement by its own policy of CEL tenets. It is a
// module of its own, because it needs 158 others.
//
//	ampel GOOD BAD POLICY
//
// prints, first for a statement that is parsed already and then from its bytes, the least
// processor time of one judgement in nanoseconds, and the bytes and objects that it
// allocates. It fails unless the first file passes and the second does not.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"syscall"

	"github.com/carabiner-dev/ampel/pkg/verifier"
	"github.com/carabiner-dev/attestation"
	"github.com/carabiner-dev/collector/envelope"
	"github.com/carabiner-dev/policy"
	papi "github.com/carabiner-dev/policy/api/v1"
	"github.com/sirupsen/logrus"
)

func main() {
	runtime.GOMAXPROCS(1)
	logrus.SetOutput(io.Discard)
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: ampel GOOD BAD POLICY")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "ampel:", err)
		os.Exit(1)
	}
}

func run(good, bad, terms string) error {
	var files [3][]byte
	for i, name := range []string{good, bad, terms} {
		var err error
		if files[i], err = os.ReadFile(name); err != nil {
			return err
		}
	}
	p, err := policy.NewParser().ParsePolicy(files[2])
	if err != nil {
		return err
	}
	ampel, err := verifier.New()
	if err != nil {
		return err
	}
	var attestations []attestation.Envelope
	judge := func() error {
		opts := verifier.NewVerificationOptions()
		opts.Attestations = attestations
		results, err := ampel.Verify(context.Background(), &opts, p, attestations[0].GetStatement().GetSubjects()[0])
		if err != nil {
			return err
		}
		if r, ok := results.(*papi.Result); !ok || r.GetStatus() != papi.StatusPASS {
			return errRefused
		}
		return nil
	}
	fromBytes := func(statement []byte) error {
		if attestations, err = envelope.Parsers.Parse(bytes.NewReader(statement)); err != nil {
			return err
		}
		return judge()
	}
	if err := fromBytes(files[1]); !errors.Is(err, errRefused) {
		return fmt.Errorf("the bad statement: %w", err)
	}
	if err := fromBytes(files[0]); err != nil {
		return fmt.Errorf("the good statement: %w", err)
	}
	if err := measure(judge); err != nil {
		return err
	}
	return measure(func() error { return fromBytes(files[0]) })
}

var errRefused = errors.New("refused")

func measure(judge func() error) error {
	const rounds, calls = 9, 20
	var samples []int64
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range rounds {
		start := cpu()
		for range calls {
			if err := judge(); err != nil {
				return err
			}
		}
		samples = append(samples, (cpu()-start)/calls)
	}
	runtime.ReadMemStats(&after)
	slices.Sort(samples)
	fmt.Println(samples[0], (after.TotalAlloc-before.TotalAlloc)/(rounds*calls), (after.Mallocs-before.Mallocs)/(rounds*calls))
	return nil
}

func cpu() int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}
