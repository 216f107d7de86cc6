//go:build !unix

package process

import (
	"os"
	"os/exec"
)

func separate(*exec.Cmd) {}

// killGroup kills the command alone: this system has no process groups.
func killGroup(p *os.Process) { _ = p.Kill() }

func signalName(*os.ProcessState) string { return "" }
