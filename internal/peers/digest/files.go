package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sealwright/sealwright/internal/peers/goals"
)

const (
	gib    = 1 << 30
	rounds = 5
)

// files measures whole processes on a file of 1 GiB.
func files(dir string, t *goals.Table) error {
	ours, file := filepath.Join(dir, "digest"), filepath.Join(dir, "large")
	if err := randomFile(file, gib, 1); err != nil {
		return err
	}
	hints := filepath.Join(dir, "hints")
	out, err := output(ours, "sum", "-checkpoints", hints, file)
	if err != nil {
		return err
	}
	want := "sha256:" + strings.Fields(out)[0]
	tree := filepath.Join(dir, "tree")
	oneCore := []string{"GOMAXPROCS=1"}
	u, err := alternate(rounds,
		command(ours, "sum", file),
		command("openssl", "dgst", "-sha256", file),
		command(ours, "sum", "-a", "sha256,fsverity-sha256", file),
		process{oneCore, []string{ours, "tree", file}},
		command(ours, "tree", file),
		command("fsverity", "digest", file),
		command(ours, "tree", "-kind", "dmverity1", "-salt", salt, "-out", tree, file),
		command("veritysetup", "format", "--salt="+salt, file, tree+".peer"),
		command(ours, "verify", "-checkpoints", hints, want, file),
		process{oneCore, []string{ours, "verify", "-checkpoints", hints, want, file}},
		command("b3sum", file),
		command("b3sum", "--no-mmap", "--num-threads=1", file),
		command(filepath.Join(dir, "peers"), "verify-mapped", hints, file),
	)
	if err != nil {
		return err
	}
	const (
		flat = iota
		openssl
		both
		verity1
		verity2
		fsverity
		dm
		veritysetup
		verify2
		verify1
		b3
		b3one
		mapped
	)
	t.AtMost("flat SHA-256 of 1 GiB: wall, of openssl", ratio(u[flat].wall, u[openssl].wall), 1.0, "x").Number(1)
	t.Note("the same: CPU, of openssl", fmt.Sprintf("%.3gx", ratio(u[flat].cpu, u[openssl].cpu))).Number(1)
	slow, err := alternate(3, command(ours, "sum", file), command("sha256sum", file))
	if err != nil {
		return err
	}
	t.AtMost("the same: wall, of sha256sum (coreutils)", ratio(slow[0].wall, slow[1].wall), 0.30, "x").Number(1)
	most := int64(0)
	for _, i := range []int{flat, both, verity1, verity2, dm, verify1, verify2} {
		most = max(most, u[i].rss)
	}
	t.AtMost("resident memory, the most of all our commands", float64(most)/1024, 32, " MiB").Number(1)
	t.AtMost("flat + fs-verity in one process: CPU, of flat", ratio(u[both].cpu, u[flat].cpu), 1.05, "x").Number(2)
	t.Note("the same: wall, of flat", fmt.Sprintf("%.3gx", ratio(u[both].wall, u[flat].wall))).Number(2)
	t.AtMost("fs-verity, one core: CPU, of fsverity digest", ratio(u[verity1].cpu, u[fsverity].cpu), 0.55, "x").Number(3)
	t.AtMost("fs-verity, two cores: wall, of fsverity digest", ratio(u[verity2].wall, u[fsverity].wall), 0.33, "x").Number(3)
	t.AtMost("dm-verity with tree, two cores: wall, of veritysetup format", ratio(u[dm].wall, u[veritysetup].wall), 0.33, "x").Number(3)
	t.AtMost("SHA-256 with checkpoints, two cores: wall, of openssl", ratio(u[verify2].wall, u[openssl].wall), 0.36, "x").Number(4)
	t.AtMost("SHA-256 with checkpoints, one core: CPU, of openssl", ratio(u[verify1].cpu, u[openssl].cpu), 0.65, "x").Number(4)
	t.AtMost("the same with MapFile, two cores: wall, of b3sum, which maps too", ratio(u[mapped].wall, u[b3].wall), 1.15, "x").Number(4)
	t.Note("the same with MapFile, two cores: CPU, of b3sum", fmt.Sprintf("%.3gx", ratio(u[mapped].cpu, u[b3].cpu))).Number(4)
	t.Note("the same, two cores: wall, of b3sum (which maps the file; we read it)", fmt.Sprintf("%.3gx", ratio(u[verify2].wall, u[b3].wall))).Number(4)
	t.Note("the same, one core: CPU, of b3sum without a mapping", fmt.Sprintf("%.3gx", ratio(u[verify1].cpu, u[b3one].cpu))).Number(4)
	for _, p := range []struct {
		name string
		i    int
	}{{"sum", flat}, {"openssl", openssl}, {"fsverity digest", fsverity}, {"tree, 2 cores", verity2}, {"verify with checkpoints, 2 cores", verify2}, {"b3sum", b3}} {
		v := u[p.i]
		t.Note("1 GiB, "+p.name, fmt.Sprintf("wall %v, CPU %v, %d MiB", v.wall.Round(time.Millisecond), v.cpu.Round(time.Millisecond), v.rss/1024)).Number(1)
	}
	return nil
}

const salt = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

func output(args ...string) (string, error) {
	cmd := command(args...)
	b, err := commandOutput(cmd)
	return string(b), err
}

// randomFile writes a file of incompressible bytes.
func randomFile(name string, size int, seed byte) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	random, buf := rand.NewChaCha8([32]byte{seed}), make([]byte, 1<<20)
	for ; size > 0; size -= len(buf) {
		buf = buf[:min(size, len(buf))]
		random.Read(buf)
		if _, err := f.Write(buf); err != nil {
			return err
		}
	}
	return nil
}

// manyFiles measures whole processes on 10 000 small files.
func manyFiles(dir string, t *goals.Table) error {
	many := filepath.Join(dir, "many")
	random := rand.New(rand.NewPCG(1, 2))
	var names []string
	for i := range 10_000 {
		sub := filepath.Join(many, fmt.Sprintf("%02d", i%100))
		if err := os.MkdirAll(sub, 0o777); err != nil {
			return err
		}
		name := filepath.Join(sub, fmt.Sprint(i))
		size := 512 << random.IntN(9) // 0.5 to 128 KiB; 26 KiB on average
		if err := randomFile(name, size/2+random.IntN(size/2), byte(i)); err != nil {
			return err
		}
		names = append(names, name)
	}
	self := filepath.Join(dir, "peers")
	u, err := alternate(rounds,
		command(self, "sumfiles", many),
		command(append([]string{"b3sum"}, names...)...),
		command(self, "dirhash", many),
		command(self, "in-toto", many),
		process{[]string{"GOMAXPROCS=1"}, []string{self, "read", many}},
	)
	if err != nil {
		return err
	}
	t.AtMost("10 000 small files: wall, of b3sum", ratio(u[0].wall, u[1].wall), 0.45, "x").Number(6)
	t.AtMost("the same: wall, of x/mod dirhash", ratio(u[0].wall, u[2].wall), 0.30, "x").Number(6)
	t.AtMost("the same: wall, of in-toto-golang RecordArtifact", ratio(u[0].wall, u[3].wall), 0.25, "x").Number(6)
	t.AtMost("the same: wall, of open, read and close with one thread", ratio(u[0].wall, u[4].wall), 1.05, "x").Number(6)
	t.Note("the same: CPU, of b3sum", fmt.Sprintf("%.3gx", ratio(u[0].cpu, u[1].cpu))).Number(6)
	t.Note("the same: CPU, of x/mod dirhash", fmt.Sprintf("%.3gx", ratio(u[0].cpu, u[2].cpu))).Number(6)
	return os.RemoveAll(many)
}
