package policy

import "context"

// Put stores a decision without deciding, to fill a cache quickly.
func Put(c *Cache, req *Request, d Decision) {
	key, ok := c.prints.keyOf(req)
	if !ok {
		panic("no key")
	}
	c.shard(&key).put(&key, d)
}

// EvaluateInWriting decides as Evaluate does, but writes every report at once.
func EvaluateInWriting(ctx context.Context, e *Engine, req Request) (Decision, error) {
	q, err := e.inquire(ctx, &req, false)
	if err != nil {
		return Decision{}, err
	}
	q.judge(ctx)
	report, _, cancelled := q.report(ctx)
	if cancelled != nil {
		return Decision{}, cancelled
	}
	if err := e.oblige(&report); err != nil {
		return Decision{}, err
	}
	return seal(EngineName, report)
}

// Written reports whether the decision's report is written already.
func (d Decision) Written() bool { return d.sealed != nil }
