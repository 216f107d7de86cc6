// Package cgroup puts one tree of processes under a memory and a process limit
// with Linux control groups, version 2 where its controllers are delegated,
// else version 1. It writes the few files directly; see the kernel's
// admin-guide/cgroup-v2.rst and admin-guide/cgroup-v1.
package cgroup

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A Host tells where the machine describes its control groups. The zero Host
// is this machine.
type Host struct {
	SelfCgroup string // default /proc/self/cgroup
	MountInfo  string // default /proc/self/mountinfo
}

// Limits bound a Group; zero leaves a resource alone.
type Limits struct {
	Memory int64 // bytes
	PIDs   int64 // processes and threads
}

// A Group is one control group, or one for each version 1 hierarchy. It is not
// safe for concurrent use.
type Group struct {
	memory, pids part
}

// A part is the group's directory in the hierarchy of one controller.
type part struct {
	dir     string
	version int
}

// Create makes a new group below the caller's own and sets its limits. A
// resource whose controller cannot be used is left out: Memory and PIDs tell
// what is in force. The error says why, for each that is missing; the group is
// usable, and must be removed, whatever the error.
func Create(h Host, l Limits) (*Group, error) {
	if h.SelfCgroup == "" {
		h.SelfCgroup = "/proc/self/cgroup"
	}
	if h.MountInfo == "" {
		h.MountInfo = "/proc/self/mountinfo"
	}
	table, err := readTable(h)
	if err != nil {
		return &Group{}, err
	}
	g := &Group{}
	var faults []error
	if l.Memory > 0 {
		g.memory, err = table.enter("memory", "")
		faults = append(faults, err)
		faults = append(faults, g.limitMemory(l.Memory))
	}
	if l.PIDs > 0 {
		shared := ""
		if g.memory.version == 2 {
			shared = g.memory.dir
		}
		g.pids, err = table.enter("pids", shared)
		faults = append(faults, err)
		faults = append(faults, g.limitPIDs(l.PIDs))
	}
	return g, errors.Join(faults...)
}

// Memory reports whether the memory limit is in force.
func (g *Group) Memory() bool { return g.memory.dir != "" }

// PIDs reports whether the process limit is in force.
func (g *Group) PIDs() bool { return g.pids.dir != "" }

func (g *Group) limitMemory(bytes int64) error {
	if g.memory.dir == "" {
		return nil
	}
	text := strconv.FormatInt(bytes, 10)
	var err error
	if g.memory.version == 2 {
		err = errors.Join(g.memory.write("memory.max", text), g.memory.writeIfThere("memory.swap.max", "0"),
			g.memory.writeIfThere("memory.oom.group", "1"))
	} else {
		err = errors.Join(g.memory.write("memory.limit_in_bytes", text), g.memory.writeIfThere("memory.memsw.limit_in_bytes", text))
	}
	if err != nil {
		err = errors.Join(err, g.memory.remove())
		g.memory = part{}
	}
	return err
}

func (g *Group) limitPIDs(n int64) error {
	if g.pids.dir == "" {
		return nil
	}
	err := g.pids.write("pids.max", strconv.FormatInt(n, 10))
	if err != nil {
		if g.pids.dir != g.memory.dir {
			err = errors.Join(err, g.pids.remove())
		}
		g.pids = part{}
	}
	return err
}

// Add moves the process, which must not have children yet, into the group.
func (g *Group) Add(pid int) error {
	text := strconv.Itoa(pid)
	var faults []error
	for _, p := range g.parts() {
		faults = append(faults, p.write("cgroup.procs", text))
	}
	return errors.Join(faults...)
}

// A Door is a way for a process to enter the group by itself. That is quicker than
// Add, for which the kernel waits until no other process starts or ends.
type Door struct {
	// File is, for version 1, the file into which a process of one thread writes "0";
	// for version 2, the directory that clone3(2) takes with CLONE_INTO_CGROUP.
	File    *os.File
	Version int
}

// Doors returns one for each hierarchy; a process has to take them all. The caller
// closes the files.
func (g *Group) Doors() ([]Door, error) {
	var doors []Door
	for _, p := range g.parts() {
		name, flags := p.dir, os.O_RDONLY
		if p.version == 1 {
			name, flags = filepath.Join(p.dir, "tasks"), os.O_WRONLY
		}
		f, err := os.OpenFile(name, flags, 0)
		if err != nil {
			for _, d := range doors {
				err = errors.Join(err, d.File.Close())
			}
			return nil, err
		}
		doors = append(doors, Door{f, p.version})
	}
	return doors, nil
}

// OOMKills returns how many processes of the group the kernel has killed for
// want of memory.
func (g *Group) OOMKills() (int, error) {
	if g.memory.dir == "" {
		return 0, nil
	}
	name := "memory.oom_control"
	if g.memory.version == 2 {
		name = "memory.events"
	}
	text, err := os.ReadFile(filepath.Join(g.memory.dir, name))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if n, ok := strings.CutPrefix(strings.TrimSpace(line), "oom_kill "); ok {
			return strconv.Atoi(n)
		}
	}
	return 0, errors.New("cgroup: no oom_kill in " + name)
}

// Remove deletes the group, whose processes must be gone. The kernel may still
// be counting down for a moment, so it tries for up to a second.
func (g *Group) Remove() error {
	var faults []error
	for _, p := range g.parts() {
		faults = append(faults, p.remove())
	}
	g.memory, g.pids = part{}, part{}
	return errors.Join(faults...)
}

func (g *Group) parts() []part {
	var out []part
	if g.memory.dir != "" {
		out = append(out, g.memory)
	}
	if g.pids.dir != "" && g.pids.dir != g.memory.dir {
		out = append(out, g.pids)
	}
	return out
}

func (p part) write(name, text string) error {
	f, err := os.OpenFile(filepath.Join(p.dir, name), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

func (p part) writeIfThere(name, text string) error {
	err := p.write(name, text)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (p part) remove() error {
	var err error
	for wait := time.Millisecond; wait < time.Second; wait *= 2 {
		if err = os.Remove(p.dir); err == nil || errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		time.Sleep(wait)
	}
	return err
}
