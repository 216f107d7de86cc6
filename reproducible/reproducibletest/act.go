package reproducibletest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// A Machine is what a step of Act can do. Paths are relative to the working
// directory, which is reproducible.OutputDir.
type Machine interface {
	ReadFile(path string) ([]byte, error)
	WriteFile(path string, data []byte) error
	Symlink(target, path string) error
	Link(from, path string) error
	Environ() []string
	Hostname() (string, error)
	Processors() int
	List(dir string) ([]string, error) // in the order of the file system
	Log() io.Writer
	Sleep(d time.Duration)
}

// Act performs the steps on m and returns an exit status: 0, 1 for a step that
// failed, 2 for one that it does not know, or what an exit step says. The steps
// are
//
//	write PATH TEXT      copy FROM PATH       fill PATH BYTES
//	symlink TARGET PATH  link FROM PATH       environment PATH
//	hostname PATH        processors PATH      list DIR PATH
//	log TEXT             flood BYTES          sleep DURATION
//	exit STATUS
func Act(m Machine, steps []string) int {
	for _, step := range steps {
		verb, rest, _ := strings.Cut(step, " ")
		first, second, _ := strings.Cut(rest, " ")
		if verb == "exit" {
			status, err := strconv.Atoi(first)
			return report(m, err, status)
		}
		known, err := perform(m, verb, first, second, rest)
		if !known {
			return 2
		}
		if err != nil {
			return report(m, err, 1)
		}
	}
	return 0
}

func report(m Machine, err error, status int) int {
	if err != nil {
		fmt.Fprintln(m.Log(), err)
		return 1
	}
	return status
}

// perform does one step; known is false for a verb that does not exist.
func perform(m Machine, verb, first, second, rest string) (known bool, err error) {
	switch verb {
	case "write":
		err = m.WriteFile(first, []byte(second))
	case "copy":
		var data []byte
		if data, err = m.ReadFile(first); err == nil {
			err = m.WriteFile(second, data)
		}
	case "fill":
		var n int
		if n, err = strconv.Atoi(second); err == nil {
			err = m.WriteFile(first, make([]byte, n))
		}
	case "symlink":
		err = m.Symlink(first, second)
	case "link":
		err = m.Link(first, second)
	case "environment":
		err = m.WriteFile(first, []byte(strings.Join(m.Environ(), "\n")))
	case "hostname", "processors", "list":
		err = tell(m, verb, first, second)
	case "log":
		_, err = io.WriteString(m.Log(), rest+"\n")
	case "flood":
		var n int
		if n, err = strconv.Atoi(first); err == nil {
			_, err = m.Log().Write(make([]byte, n))
		}
	case "sleep":
		var d time.Duration
		if d, err = time.ParseDuration(first); err == nil {
			m.Sleep(d)
		}
	default:
		return false, nil
	}
	return true, err
}

// tell writes what the machine says of itself.
func tell(m Machine, verb, first, second string) error {
	switch verb {
	case "hostname":
		name, err := m.Hostname()
		return errors.Join(err, m.WriteFile(first, []byte(name)))
	case "processors":
		return m.WriteFile(first, []byte(strconv.Itoa(m.Processors())))
	}
	names, err := m.List(first)
	return errors.Join(err, m.WriteFile(second, []byte(strings.Join(names, "\n"))))
}

// Main performs the steps on this process: the files below its working
// directory, its environment, its standard error. It returns the exit status.
func Main(steps []string) int { return Act(process{}, steps) }

// process is the Machine of a real process.
type process struct{}

func (process) ReadFile(path string) ([]byte, error) { return os.ReadFile(path) }
func (process) WriteFile(path string, data []byte) error {
	return os.WriteFile(path, data, 0o644)
}
func (process) Symlink(target, path string) error { return os.Symlink(target, path) }
func (process) Link(from, path string) error      { return os.Link(from, path) }
func (process) Environ() []string                 { return os.Environ() }
func (process) Hostname() (string, error)         { return os.Hostname() }
func (process) Processors() int                   { return runtime.NumCPU() }
func (process) Log() io.Writer                    { return os.Stderr }
func (process) Sleep(d time.Duration)             { time.Sleep(d) }

func (process) List(dir string) ([]string, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	names, err := f.Readdirnames(-1)
	return names, errors.Join(err, f.Close())
}
