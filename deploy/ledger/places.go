package ledger

import (
	"context"
	"sync"

	"github.com/sealwright/sealwright/deploy"
)

// places gives each place to one holder at a time. The zero value is ready.
type places struct {
	mu   sync.Mutex
	held map[deploy.Place]*turnstile
}

// turnstile lets one pass; users counts who holds or waits.
type turnstile struct {
	token chan struct{}
	users int
}

// acquire waits for the place, or for the end of ctx.
func (p *places) acquire(ctx context.Context, place deploy.Place) (release func(), err error) {
	p.mu.Lock()
	if p.held == nil {
		p.held = make(map[deploy.Place]*turnstile)
	}
	t := p.held[place]
	if t == nil {
		t = &turnstile{token: make(chan struct{}, 1)}
		p.held[place] = t
	}
	t.users++
	p.mu.Unlock()
	select {
	case t.token <- struct{}{}:
		return func() { <-t.token; p.leave(place, t) }, nil
	case <-ctx.Done():
		p.leave(place, t)
		return nil, ctx.Err()
	}
}

func (p *places) leave(place deploy.Place, t *turnstile) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if t.users--; t.users == 0 {
		delete(p.held, place)
	}
}
