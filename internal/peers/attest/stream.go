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
	"strconv"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest/virtual"
	"github.com/sealwright/sealwright/attest/batch"
	"github.com/sealwright/sealwright/attest/sigstore"
)

const streamed = 10_000

// stream measures VerifyAll of 10,000 bundles from a file, in a process of its
// own for each number of cores.
func stream(dir string, t *table) {
	i := virtual.New(tb{})
	check(os.WriteFile(filepath.Join(dir, "root"), i.TrustedRoot(tb{}, nil), 0o644))
	f := must(os.Create(filepath.Join(dir, "bundles")))
	w := bufio.NewWriter(f)
	for n := range 1000 {
		body := i.Bundle(tb{}, virtual.Recipe{Payload: statement(n).Bytes()})
		check(binary.Write(w, binary.BigEndian, uint32(len(body))))
		must(w.Write(body))
	}
	check(w.Flush())
	check(f.Close())
	var wall, used, resident [3]float64
	for range 3 { // the best of three: others work here too
		for cores := 1; cores <= 2; cores++ {
			out := must(exec.Command(must(os.Executable()), "stream", dir, strconv.Itoa(cores)).Output())
			var a, b, c float64
			must(fmt.Sscan(string(out), &a, &b, &c))
			if wall[cores] == 0 || a < wall[cores] {
				wall[cores], used[cores], resident[cores] = a, b, c
			}
		}
	}
	t.atLeast("10,000 bundles on two cores: wall speed, of one core", wall[1]/wall[2], 1.8, "x")
	t.note("10,000 bundles on two cores: CPU, of one core", used[2]/used[1], "x", 0)
	t.note("10,000 bundles on two cores: wall", wall[2], " s", 0)
	t.atMost("10,000 bundles on two cores: resident", resident[2], 64, " MB", 0)
}

// streamOn is the process that verifies; it prints wall and CPU seconds and its
// resident maximum in MB.
func streamOn(dir, cores string) {
	runtime.GOMAXPROCS(must(strconv.Atoi(cores)))
	v := must(sigstore.NewVerifier(sigstore.Trust{
		Authority: "peers", Root: must(sigstore.ParseTrustedRoot(must(os.ReadFile(filepath.Join(dir, "root"))))),
		Identities: []sigstore.Identity{{Issuer: sigstore.Exactly(virtual.Issuer), Subject: sigstore.Exactly(virtual.Subject)}},
	}))
	start, begun, n := time.Now(), cpu(), 0
	for _, r := range batch.VerifyAll(context.Background(), v, items(filepath.Join(dir, "bundles")), batch.Options{}) {
		check(r.Err)
		n++
	}
	if n != streamed {
		panic(n)
	}
	fmt.Println(time.Since(start).Seconds(), (cpu() - begun).Seconds(), residentMaximum())
}

// items reads the file as often as it takes.
func items(name string) iter.Seq[batch.Item] {
	return func(yield func(batch.Item) bool) {
		for n := 0; n < streamed; {
			f := must(os.Open(name))
			r := bufio.NewReader(f)
			for {
				var size uint32
				if err := binary.Read(r, binary.BigEndian, &size); err == io.EOF {
					break
				} else {
					check(err)
				}
				body := make([]byte, size)
				must(io.ReadFull(r, body))
				n++
				if !yield(batch.Item{Attestation: attest.Attestation{MediaType: virtual.MediaType(3), Body: body}, Want: anything()}) {
					return
				}
			}
			check(f.Close())
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
