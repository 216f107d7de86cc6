// Package swtpm starts a software TPM for tests: swtpm, the emulator that
// virtual machine monitors use, from the Debian packages swtpm and swtpm-tools.
package swtpm

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-tpm/tpm2/transport"
	"github.com/google/go-tpm/tpm2/transport/linuxudstpm"
)

// Start starts a fresh TPM and returns it, started up and with all its
// hierarchies open. It ends with the test. Any number may run at once. The test
// is skipped where swtpm is not installed.
func Start(t testing.TB) transport.TPM {
	t.Helper()
	return run(t, stateDir(t))
}

// StartManufactured is Start for a TPM that carries an RSA endorsement key
// certificate of a local authority, as TPMs leave the factory. It also returns
// the chain above that certificate in PEM, the root last.
func StartManufactured(t testing.TB) (tpm transport.TPM, authorities [][]byte) {
	t.Helper()
	setup, err := exec.LookPath("swtpm_setup")
	if err != nil {
		t.Skip("needs the Debian package swtpm-tools")
	}
	dir := stateDir(t)
	ca := filepath.Join(dir, "ca")
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	options := write("localca.options", "--platform-manufacturer test\n--platform-version 1\n--platform-model test\n")
	local := write("localca.conf", "statedir = "+ca+"\nsigningkey = "+ca+"/signkey.pem\nissuercert = "+ca+"/issuercert.pem\ncertserial = "+ca+"/certserial\n")
	config := write("setup.conf", "create_certs_tool = swtpm_localca\ncreate_certs_tool_config = "+local+"\ncreate_certs_tool_options = "+options+"\n")
	cmd := exec.Command(setup, "--tpm2", "--tpmstate", dir, "--create-ek-cert", "--config", config)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("swtpm_setup: %v\n%s", err, out)
	}
	for _, name := range []string{"issuercert.pem", "swtpm-localca-rootca-cert.pem"} {
		pem, err := os.ReadFile(filepath.Join(ca, name))
		if err != nil {
			t.Fatal(err)
		}
		authorities = append(authorities, pem)
	}
	return run(t, dir), authorities
}

// stateDir returns a directory that lives as long as the test and whose path is
// short enough for a Unix socket.
func stateDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "swtpm")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func run(t testing.TB, dir string) transport.TPM {
	t.Helper()
	path, err := exec.LookPath("swtpm")
	if err != nil {
		t.Skip("needs the Debian package swtpm")
	}
	socket := filepath.Join(dir, "tpm")
	cmd := exec.Command(path, "socket", "--tpm2", "--tpmstate", "dir="+dir,
		"--server", "type=unixio,path="+socket, "--ctrl", "type=unixio,path="+filepath.Join(dir, "ctrl"),
		"--flags", "not-need-init,startup-clear")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	t.Cleanup(func() {
		// The process may have ended by itself, which Kill reports as an error.
		_ = cmd.Process.Kill()
		<-exited
	})
	wait(t, socket, exited)
	tpm, err := linuxudstpm.Open(socket)
	if err != nil {
		t.Fatal(err)
	}
	return tpm
}

func wait(t testing.TB, socket string, exited chan error) {
	t.Helper()
	for range 5000 {
		// The socket's file appears before anybody listens on it.
		if c, err := net.Dial("unix", socket); err == nil {
			c.Close()
			return
		}
		select {
		case err := <-exited:
			exited <- err
			t.Fatalf("swtpm ended before it was ready: %v", err)
		case <-time.After(2 * time.Millisecond):
		}
	}
	t.Fatal("swtpm was not ready after 10 seconds")
}
