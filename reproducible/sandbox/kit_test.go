//go:build linux && (amd64 || arm64)

package sandbox_test

import (
	"testing"

	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/reproducibletest"
)

func TestTheSandboxKeepsTheContract(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	reproducibletest.TestBuilder(t, reproducibletest.Setup{
		Builder: l.box, PutFile: l.store.PutFile, Open: l.store.Open,
		Spec: func() *reproducible.Spec { return l.spec("kit") },
	})
}
