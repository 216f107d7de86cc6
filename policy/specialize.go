package policy

import (
	"slices"

	"github.com/sealwright/sealwright/attest"
)

// A scope is the phase and target that an engine is specialized for.
type scope struct {
	phase  Phase
	target Target
}

// Specialize returns an engine for requests of this phase and target. It decides
// them exactly as e does, byte for byte, and refuses all others with
// CodeRequestScope. What no such request is subject to is left out of its work. A
// phase and target that no rule applies to are refused with CodeConfigNode, so that
// a gap in the policy shows before the first request.
func (e *Engine) Specialize(phase Phase, target Target) (*Engine, error) {
	if e == nil || len(e.rules) == 0 {
		return nil, attest.Refuse(CodeConfig, "Engine", "an engine made by New", "the zero Engine")
	}
	if !phase.known() {
		return nil, attest.Refuse(CodeRequestPhase, "phase", "build, publish, promote or deploy", quote(string(phase)))
	}
	req := Request{Phase: phase, Target: target}
	if err := e.checkScope(&req); err != nil {
		return nil, err
	}
	root, applies := e.root.prune(&req)
	if !applies {
		return nil, attest.Refuse(CodeConfigNode, "Root", "a rule that applies to "+string(phase)+" in "+quote(target.Environment), "none")
	}
	special := *e
	special.root, special.scope = root, &scope{phase, target}
	return &special, nil
}

// checkScope refuses a request that the engine is not specialized for.
func (e *Engine) checkScope(req *Request) error {
	if e.scope == nil || *e.scope == (scope{req.Phase, req.Target}) {
		return nil
	}
	return attest.Refuse(CodeRequestScope, "Phase and Target", string(e.scope.phase)+" in "+quote(e.scope.target.Environment),
		quote(string(req.Phase))+" in "+quote(req.Target.Environment))
}

// prune returns t without what never applies to requests such as req. Combinators
// ignore children that are not applicable, so the outcome is the same.
func (t *tree) prune(req *Request) (pruned tree, applies bool) {
	if t.op == opRule {
		return *t, true
	}
	if t.op == opWhen && !t.when.selects(req) {
		return tree{}, false
	}
	pruned = *t
	pruned.children = nil
	for i := range t.children {
		if child, ok := t.children[i].prune(req); ok {
			pruned.children = append(slices.Clip(pruned.children), child)
		}
	}
	return pruned, len(pruned.children) > 0
}
