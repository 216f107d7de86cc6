package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest/virtual"
	"github.com/sealwright/sealwright/attest/batch"
	"github.com/sealwright/sealwright/attest/sigstore"
	"github.com/sealwright/sealwright/internal/peers/goals"
)

const streamed = 10_000

// stream measures VerifyAll of 10,000 bundles from a file, in a process of its own.
func stream(dir string, t *goals.Table) {
	i := virtual.New(tb{})
	check(os.WriteFile(filepath.Join(dir, "root"), i.TrustedRoot(tb{}, nil), 0o644))
	f := must(os.Create(filepath.Join(dir, "bundles")))
	w := bufio.NewWriter(f)
	for n := range streamed / rounds {
		body := i.Bundle(tb{}, virtual.Recipe{Payload: statement(n).Bytes()})
		check(binary.Write(w, binary.BigEndian, uint32(len(body))))
		must(w.Write(body))
	}
	check(w.Flush())
	check(f.Close())
	out := must(exec.Command(must(os.Executable()), "stream", dir).Output())
	var all, bare, floor [3]usage
	var resident float64
	must(fmt.Sscan(string(out), &all[1].wall, &all[1].cpu, &all[2].wall, &all[2].cpu, &bare[1].wall, &bare[2].wall, &floor[1].wall, &floor[2].wall, &resident))
	t.AtLeast("10,000 bundles on two cores: wall speed, of one core", all[1].wall/all[2].wall, 1.8, "x")
	t.Measured("  the same of two loops that share nothing but the verifier", bare[1].wall/bare[2].wall, "x")
	t.Measured("  the same of two loops of bare signatures: what the machine gave", floor[1].wall/floor[2].wall, "x")
	t.Measured("10,000 bundles on two cores: CPU, of one core", all[2].cpu/all[1].cpu, "x")
	t.Measured("10,000 bundles on two cores: wall", all[2].wall, " s")
	t.AtMost("10,000 bundles on two cores: resident", resident, 64, " MB")
}

// usage is what a piece of work took, in seconds.
type usage struct{ wall, cpu float64 }

// rounds cut the stream, so that turns on one core and on two, by VerifyAll and
// by what it is compared with, meet the same other work on the machine.
const rounds = 10

// streamOn is the process that verifies; it prints what stream reads: sums over
// the rounds, in seconds, and its resident maximum in MB.
func streamOn(dir string) {
	v := must(sigstore.NewVerifier(sigstore.Trust{
		Authority: "peers", Root: must(sigstore.ParseTrustedRoot(must(os.ReadFile(filepath.Join(dir, "root"))))),
		Identities: []sigstore.Identity{{Issuer: sigstore.Exactly(virtual.Issuer), Subject: sigstore.Exactly(virtual.Subject)}},
	}))
	name := filepath.Join(dir, "bundles")
	work := []func(cores int){
		func(int) {
			n := 0
			for _, r := range batch.VerifyAll(context.Background(), v, items(name), batch.Options{}) {
				check(r.Err)
				n++
			}
			if n != streamed/rounds {
				panic(n)
			}
		},
		func(cores int) {
			split(cores, func(core int) {
				n := 0
				for item := range items(name) {
					if n++; n%cores == core {
						must(v.Verify(context.Background(), item.Attestation, item.Want))
					}
				}
			})
		},
		func(cores int) {
			verify := signatures(5, 0)
			split(cores, func(int) {
				for range streamed / rounds / cores {
					verify()
				}
			})
		},
	}
	var sums [3][3]usage
	for range rounds {
		for cores := 1; cores <= 2; cores++ {
			runtime.GOMAXPROCS(cores)
			for i, f := range work {
				start, begun := time.Now(), cpu()
				f(cores)
				sums[i][cores].wall += time.Since(start).Seconds()
				sums[i][cores].cpu += (cpu() - begun).Seconds()
			}
		}
	}
	all, bare, floor := sums[0], sums[1], sums[2]
	fmt.Println(all[1].wall, all[1].cpu, all[2].wall, all[2].cpu, bare[1].wall, bare[2].wall, floor[1].wall, floor[2].wall, residentMaximum())
}

// split runs f once for each core.
func split(cores int, f func(core int)) {
	var running sync.WaitGroup
	for core := range cores {
		running.Go(func() { f(core) })
	}
	running.Wait()
}

// items reads the file of one round.
func items(name string) iter.Seq[batch.Item] {
	return func(yield func(batch.Item) bool) {
		f := must(os.Open(name))
		defer f.Close()
		r := bufio.NewReader(f)
		for {
			var size uint32
			if err := binary.Read(r, binary.BigEndian, &size); err == io.EOF {
				return
			} else {
				check(err)
			}
			body := make([]byte, size)
			must(io.ReadFull(r, body))
			if !yield(batch.Item{Attestation: attest.Attestation{MediaType: virtual.MediaType(3), Body: body}, Want: anything()}) {
				return
			}
		}
	}
}

func residentMaximum() float64 {
	for _, line := range strings.Split(string(must(os.ReadFile("/proc/self/status"))), "\n") {
		var kilobytes float64
		if _, err := fmt.Sscanf(line, "VmHWM: %f kB", &kilobytes); err == nil {
			return kilobytes * 1024 / 1e6
		}
	}
	panic("no VmHWM")
}
