package policy

import "context"

// A PolicyEngine judges a request by a policy that was fixed when the engine was
// constructed. Nothing in a request can weaken it.
//
// Evaluate returns the decision and nil, or an error. Whenever the error is not
// nil, Allowed of the decision is false at every instant. A request that
// Request.Validate refuses gives the zero Decision and that error. When ctx ends
// before the policy is judged, the error wraps ctx.Err() and the decision is not
// Allow. A policy that is violated, or that cannot be judged for want of
// evidence, is no error: it is a decision that is not Allow and that carries its
// reasons (see Decision.Err).
//
// A decision tells what it decided: its report repeats the request's subject,
// phase, target and actor, is evaluated at the request's Now (a Cache, which says
// so, also answers with one made earlier that still holds), and lists every piece
// of the request's evidence. Evaluate is a function of the request: two
// equal requests, whatever the order and repetition of their evidence, give
// decisions with byte-identical JSON. It performs no I/O, reads no clock and no
// environment, and neither changes nor retains the request.
//
// Implementations must be safe for concurrent use. Package policytest has the
// conformance kit.
type PolicyEngine interface {
	Evaluate(ctx context.Context, req Request) (Decision, error)
}
