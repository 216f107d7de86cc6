package capture

import (
	"context"
	"os"

	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/internal/stop"
)

// Into takes the outputs of spec that lie below root into r, with the findings of
// Outputs and one for each host path. It returns the reason where ctx has ended, and
// otherwise what Outputs refuses as a *reproducible.RunError.
func Into(ctx context.Context, r *reproducible.Result, root *os.Root, spec *reproducible.Spec, sink Sink) error {
	artifacts, findings, err := Outputs(ctx, root, spec.Outputs, spec.Limits, sink)
	r.Findings = findings
	for _, p := range spec.HostPaths {
		r.Findings = append(r.Findings, reproducible.Finding{Code: reproducible.CodeHostPath, Path: p})
	}
	if err != nil {
		return stop.Or(ctx, &reproducible.RunError{Result: r, Err: err})
	}
	r.Artifacts = artifacts
	return nil
}
