package command

import (
	"context"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/slsa"
	"github.com/sealwright/sealwright/reproducible"
)

// A Record is a successful run and what is told about it.
type Record struct {
	Result *reproducible.Result
	// Build is the run as provenance: the spec, the guarantees achieved, the limits,
	// the findings, and the log and the trace by digest.
	Build *provenance.Build
	// Statement is Build as SLSA provenance v1 about the artifacts, to be signed.
	Statement *attest.Statement
}

// Run has b run spec and records it as o says. Its errors are those of b and of
// reproducible.Describe; there is a record only of success.
func Run(ctx context.Context, b reproducible.Builder, spec *reproducible.Spec, o reproducible.DescribeOptions) (*Record, error) {
	if b == nil || spec == nil {
		return nil, attest.Refuse(CodeArgument, "Run", "a builder and a spec", "nil")
	}
	r, err := b.Build(ctx, spec)
	if err != nil {
		return nil, err
	}
	build, err := reproducible.Describe(spec, r, o)
	if err != nil {
		return nil, err
	}
	statement, err := slsa.Encode(build)
	if err != nil {
		return nil, err
	}
	return &Record{Result: r, Build: build, Statement: statement}, nil
}
