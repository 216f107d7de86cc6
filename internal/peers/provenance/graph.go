package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/peers/goals"
	"github.com/sealwright/sealwright/provenance/graph"
)

// statementsVariable sets how many statements the graph is measured with: the goals are
// for 10,000,000, which take some minutes and some gigabytes of disk.
const statementsVariable = "STATEMENTS"

// The generated statements: builds of which each reads the output of the one before in
// its chain, four of a million libraries, and a compiler that ten thousand share.
const (
	chainLength = 40 // 40 outputs and 160 libraries: 200 nodes, and the compiler
	libraries   = 1_000_000
	perTool     = 10_000
	perCall     = 5000
)

func nameOf(kind string, i int) digest.Digest {
	sum := sha256.Sum256([]byte(kind + strconv.Itoa(i)))
	return digest.Digest{Algorithm: digest.SHA256, Hex: hex.EncodeToString(sum[:])}
}

// generated returns the i-th statement.
func generated(i int) attest.Attestation {
	inputs := make([]string, 0, 6)
	input := func(uri string, d digest.Digest) {
		inputs = append(inputs, `{"uri":"`+uri+`","digest":{"sha256":"`+d.Hex+`"}}`)
	}
	if i%chainLength > 0 {
		input("pkg:generic/previous", nameOf("out", i-1))
	}
	for k := range 4 {
		input("pkg:generic/library", nameOf("library", (4*i+k)%libraries))
	}
	input("pkg:generic/compiler", nameOf("tool", i/perTool))
	body := `{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"app","digest":{"sha256":"` + nameOf("out", i).Hex +
		`"}}],"predicateType":"https://slsa.dev/provenance/v1","predicate":{"buildDefinition":{"buildType":"https://example.com/build/v1",` +
		`"externalParameters":{"number":` + strconv.Itoa(i) + `},"resolvedDependencies":[` + strings.Join(inputs, ",") +
		`]},"runDetails":{"builder":{"id":"https://example.com/builder"}}}}`
	return attest.Attestation{MediaType: attest.MediaTypeInToto, Body: []byte(body)}
}

// graphs measures the provenance graph.
func graphs(dir string, t *goals.Table) error {
	count := 1_000_000
	if text := os.Getenv(statementsVariable); text != "" {
		var err error
		if count, err = strconv.Atoi(text); err != nil || count < 2*perTool {
			return fmt.Errorf("%s=%q: want a number of at least %d", statementsVariable, text, 2*perTool)
		}
	}
	path := filepath.Join(dir, "graph")
	if err := os.Mkdir(path, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := ingest(root, count, t); err != nil {
		return err
	}
	return ask(root, count, t)
}

// ingest writes the statements, and merges them into one segment. The time that it takes
// to generate them is taken off: it is measured for each call.
func ingest(root *os.Root, count int, t *goals.Table) error {
	ctx := context.Background()
	s, err := graph.Open(ctx, root, graph.Config{DeltaBytes: 256 << 20})
	if err != nil {
		return err
	}
	defer s.Close()
	var next, generating atomic.Int64
	var group sync.WaitGroup
	writers := runtime.GOMAXPROCS(0)
	faults := make([]error, writers)
	start, used := time.Now(), processorTime()
	for w := range writers {
		group.Go(func() {
			for faults[w] == nil {
				from := int(next.Add(perCall)) - perCall
				if from >= count {
					return
				}
				began := time.Now()
				var list []attest.Attestation
				for i := from; i < min(from+perCall, count); i++ {
					list = append(list, generated(i))
				}
				generating.Add(int64(time.Since(began)))
				_, faults[w] = s.AddUnverified(ctx, list...)
				if from%1_000_000 == 0 {
					fmt.Fprintln(os.Stderr, "statements:", from, time.Since(start).Round(time.Second), memory())
				}
			}
		})
	}
	group.Wait()
	for _, err := range faults {
		if err != nil {
			return err
		}
	}
	took := time.Since(start) - time.Duration(generating.Load()/int64(writers))
	t.AtLeast("ingest raw statements", float64(count)/took.Seconds(), 50_000, "/s")
	t.Note("the same, per second of a processor, generation included", fmt.Sprintf("%.0f/s", float64(count)/(processorTime()-used).Seconds()))
	start = time.Now()
	if err := s.Compact(ctx); err != nil {
		return err
	}
	t.Note("compaction into one segment", time.Since(start).Round(time.Millisecond).String())
	t.Note("peak resident while writing", memory())
	return s.Close()
}

// ask opens the store anew, and asks.
func ask(root *os.Root, count int, t *goals.Table) error {
	ctx := context.Background()
	runtime.GC()
	start := time.Now()
	s, err := graph.OpenReader(ctx, root, graph.Config{})
	if err != nil {
		return err
	}
	defer s.Close()
	t.AtMost(fmt.Sprintf("open %d statements", count), float64(time.Since(start).Microseconds())/1000, 250, " ms")
	start = time.Now()
	if err := s.Check(ctx); err != nil {
		return err
	}
	t.Note("check every byte", time.Since(start).Round(time.Millisecond).String())

	q := graph.Query{Select: graph.IncludeUnverified{}, Limits: graph.Limits{Nodes: 20_000}}
	chains := count / chainLength
	if err := percentile(t, "lineage of 201 nodes, p99", 2000, 200, time.Microsecond, "µs", func(i int) digest.Digest {
		return nameOf("out", (i*7919%chains)*chainLength+chainLength-1)
	}, func(d digest.Digest) error {
		a, err := s.Lineage(ctx, d, q)
		return consume(a, err, 201)
	}); err != nil {
		return err
	}
	if err := percentile(t, "impact of 10,001 nodes, p99", 200, 10, time.Millisecond, "ms", func(i int) digest.Digest {
		return nameOf("tool", i%(count/perTool))
	}, func(d digest.Digest) error {
		a, err := s.Impact(ctx, d, q)
		return consume(a, err, perTool+1)
	}); err != nil {
		return err
	}
	if err := percentile(t, "point look-up, median", 200_000, 2, time.Microsecond, "µs", func(i int) digest.Digest {
		return nameOf("out", i*7919%count)
	}, func(d digest.Digest) error {
		p, err := s.Statements(ctx, d, q, "", 1)
		if err == nil && len(p.Mentions) != 1 {
			err = fmt.Errorf("%d statements", len(p.Mentions))
		}
		return err
	}); err != nil {
		return err
	}
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	t.AtMost("heap with the store open and asked", float64(m.HeapInuse)/(1<<20), 200, " MiB")
	t.Note("memory with the store open and asked", memory())
	return nil
}

// consume looks at everything in an answer that should have so many nodes: each node with
// its digest as a text, each hop with its pointer, each statement.
func consume(a *graph.Answer, err error, nodes int) error {
	if err != nil {
		return err
	}
	var text []byte
	read := 0
	for _, n := range a.Nodes() {
		if text = n.Digests.AppendFirst(text[:0]); len(text) > 0 && n.Depth >= 0 {
			read++
		}
	}
	if read < nodes || len(a.Truncated) > 0 {
		return fmt.Errorf("%d nodes, %v", read, a.Truncated)
	}
	told := make([]bool, a.NumStatements())
	for _, h := range a.Hops() {
		if h.Pointer == "" || h.Relation == "" || h.From == h.To {
			return fmt.Errorf("a hop: %+v", h)
		}
		told[h.Statement] = true
	}
	for i, s := range a.Statements() {
		if !told[i] || s.Evidence == (graph.Sum{}) || s.PredicateType == "" || !s.Unverified {
			return fmt.Errorf("a statement: %+v", s)
		}
	}
	return nil
}

// percentile times questions about artifacts one by one, after a round that is not counted,
// by the clock and by the processor time of the thread: on a machine that does other work,
// only the latter says what a call takes. The artifact's name is made before.
func percentile(t *goals.Table, what string, calls int, bound float64, unit time.Duration, unitName string, name func(i int) digest.Digest, ask func(d digest.Digest) error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	took, used := make([]time.Duration, calls), make([]time.Duration, calls)
	for range 2 {
		for i := range calls {
			d := name(i)
			before, start := threadTime(), time.Now()
			if err := ask(d); err != nil {
				return fmt.Errorf("%s: %w", what, err)
			}
			took[i], used[i] = time.Since(start), threadTime()-before
		}
	}
	slices.Sort(took)
	slices.Sort(used)
	at := calls * 99 / 100
	if strings.HasSuffix(what, "median") {
		at = calls / 2
	}
	t.AtMost(what, float64(took[at])/float64(unit), bound, " "+unitName)
	t.Note("- by the clock: least, median, p99, mean", spread(took))
	t.Note("- by the processor: least, median, p99, mean", spread(used))
	return nil
}

func spread(sorted []time.Duration) string {
	n, sum := len(sorted), time.Duration(0)
	for _, d := range sorted {
		sum += d
	}
	return fmt.Sprintf("%v, %v, %v, %v", sorted[0], sorted[n/2], sorted[n*99/100], sum/time.Duration(n))
}

// threadTime returns what this thread has worked, to the nanosecond: getrusage(2), which
// counts ticks, is too coarse for single calls.
func threadTime() time.Duration {
	const threadClock = 3 // CLOCK_THREAD_CPUTIME_ID, clock_gettime(2)
	var ts syscall.Timespec
	if _, _, errno := syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, threadClock, uintptr(unsafe.Pointer(&ts)), 0); errno != 0 {
		return 0
	}
	return time.Duration(ts.Nano())
}

// processorTime returns what all processors have worked for this process.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// memory tells what the process has resident: altogether, and without mapped files.
func memory() string {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return "unknown"
	}
	var parts []string
	for line := range strings.Lines(string(text)) {
		for _, name := range []string{"VmHWM", "VmRSS", "RssAnon", "RssFile"} {
			if value, ok := strings.CutPrefix(line, name+":"); ok {
				parts = append(parts, name+" "+strings.Join(strings.Fields(value), " "))
			}
		}
	}
	return strings.Join(parts, ", ")
}
