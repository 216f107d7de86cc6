package deploy_test

import (
	"regexp"
	"testing"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/deploy"
	"github.com/stretchr/testify/assert"
)

func TestCodesAreWellFormedAndUnique(t *testing.T) {
	seen := map[attest.Code]bool{}
	for _, c := range deploy.Codes() {
		assert.Regexp(t, regexp.MustCompile(`^deploy\.[a-z0-9-]+\.[a-z0-9-]+$`), string(c))
		assert.False(t, seen[c], c)
		seen[c] = true
	}
}
