//go:build linux && (amd64 || arm64)

package ociruntime_test

import (
	"testing"

	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/reproducibletest"
)

func TestContainersKeepTheContract(t *testing.T) {
	l := newLab(t)
	reproducibletest.TestBuilder(t, reproducibletest.Setup{
		Builder: l.builder, PutFile: l.store.PutFile, Open: l.store.Open,
		Spec: func() *reproducible.Spec { return l.spec("kit") },
	})
}
