package collecttest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/collect"
	"github.com/sealwright/sealwright/provenance/collect/collecttest"
)

// A hidden value holds a text where fmt does not show it.
type hidden struct{ at *inner }

type inner struct{ lists [][]byte }

func TestASecretIsFoundWhereverItHides(t *testing.T) {
	for name, v := range map[string]any{
		"a text":                    collecttest.Secret,
		"a part of a text":          "x" + collecttest.Secret[:8],
		"a fact":                    &collect.Facts{Facts: []collect.Fact{{Value: collecttest.Secret}}},
		"a key":                     map[string]int{collecttest.Secret: 1},
		"bytes behind a pointer":    hidden{&inner{[][]byte{nil, []byte(collecttest.Secret)}}},
		"an error's reason":         attest.Refuse(collect.CodeValue, "", "", collecttest.Secret),
		"an error's cause":          attest.Refuse(collect.CodeValue, "", "", "").Because(errors.New(collecttest.Secret)),
		"one of several errors":     errors.Join(errors.New("x"), fmt.Errorf("y: %w", errors.New(collecttest.Secret))),
		"a descriptor's annotation": attest.Descriptor{Annotations: map[string]json.RawMessage{"x": json.RawMessage(collecttest.Secret)}},
		"an input of a build":       &provenance.Build{Inputs: []provenance.Input{{Descriptor: attest.Descriptor{Digest: digest.Set{"x": collecttest.Secret}}}}},
	} {
		require.True(t, collecttest.TellsSecret(v), name)
	}
	for _, v := range []any{nil, "", (*collect.Facts)(nil), errors.New("x"), &collect.Facts{}} {
		require.False(t, collecttest.TellsSecret(v))
	}
}

// A collector that keeps the contract in the smallest way.
type one struct{}

func (one) Collect(_ context.Context, env collect.Environment) (*collect.Facts, error) {
	f := &collect.Facts{}
	if err := f.ReadEnv(env, []collect.Rule{{Name: "REVISION", Key: collect.Commit, Form: collect.Object}}); err != nil {
		return nil, err
	}
	return f, nil
}

func TestTheKitTakesACollectorOfAnotherAuthor(t *testing.T) {
	w := collecttest.World{Variables: map[string]string{"REVISION": "c27d339ee6075c1f744c5d4b200f7901aad2c369"}}
	collecttest.TestCollector(t, one{}, w)
}
