//go:build linux && (amd64 || arm64)

package sandbox

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"sync/atomic"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/store"
)

// The monitor verifies the inputs of a build while the child sets up what they are
// mounted in. Nothing can come of content that turns out to be wrong:
//
//   - Before the monitor permits the command to run, the child is a stage, whose
//     every call was composed without looking into an input. It mounts inputs; it
//     opens, reads and runs none.
//   - The permission is given only after every input was verified, through
//     descriptors that were open before the child started.
//   - What was verified is what is mounted: the monitor looks through the child's own
//     root, in which nothing can be mounted or moved any more, and compares device
//     and inode. Copies are made from what was verified.
//   - Between verification and use, content lies in the store and can be changed by
//     the store's user alone, as package store says. The command's mounts are
//     read-only.
//
// Where an input is not what it should be, the child is killed, and the store mends
// what it can, or tells why it cannot.

// inputs are those of one build, open.
type inputs struct {
	spec     *reproducible.Spec
	ctx      context.Context // of verification
	offers   []*store.Offer  // as in Spec.Inputs
	cancel   context.CancelFunc
	claimed  atomic.Bool   // somebody verifies, or has
	done     chan struct{} // closed when all were verified, or one was not
	wrong    error         // the one that was not; valid after done
	replaced error         // one that is not what the child has
}

// offer has the store offer the inputs of a spec, which must be closed.
func (s *Sandbox) offer(ctx context.Context, spec *reproducible.Spec) (*inputs, error) {
	in := &inputs{spec: spec, done: make(chan struct{})}
	in.ctx, in.cancel = context.WithCancel(ctx)
	for _, of := range spec.Inputs {
		o, err := s.offerOne(ctx, of)
		if err != nil {
			return nil, errors.Join(err, in.close())
		}
		in.offers = append(in.offers, o)
	}
	return in, nil
}

// offerOne has the store make what it cannot offer.
func (s *Sandbox) offerOne(ctx context.Context, in reproducible.Input) (*store.Offer, error) {
	offer := func() (*store.Offer, error) {
		if in.Kind == reproducible.Tree {
			return s.config.Store.Offer(in.Digest)
		}
		return s.config.Store.OfferFile(in.Digest, in.Kind == reproducible.Executable)
	}
	if o, err := offer(); err == nil {
		return o, nil
	}
	if err := s.materialize(ctx, in); err != nil {
		return nil, err
	}
	o, err := offer()
	if err != nil {
		return nil, inputError(in, err)
	}
	return o, nil
}

// materialize has the store make an input, or mend it, or tell why it cannot.
func (s *Sandbox) materialize(ctx context.Context, in reproducible.Input) (err error) {
	if in.Kind == reproducible.Tree {
		_, err = s.config.Store.Materialize(ctx, in.Digest)
	} else {
		_, err = s.config.Store.MaterializeFile(ctx, in.Digest, in.Kind == reproducible.Executable)
	}
	if err != nil {
		return inputError(in, err)
	}
	return nil
}

// mend has the store mend the inputs of a spec.
func (s *Sandbox) mend(ctx context.Context, spec *reproducible.Spec) error {
	for _, in := range spec.Inputs {
		if err := s.materialize(ctx, in); err != nil {
			return err
		}
	}
	return nil
}

func inputError(in reproducible.Input, err error) error {
	return attest.Refuse(reproducible.CodeInput, in.Path, in.Digest.String(), "").Because(err)
}

// verify verifies, unless somebody does already. It is called in the background, and
// again by the monitor when that has time: on a busy machine the background may still
// wait for a processor.
func (in *inputs) verify() {
	if in == nil || !in.claimed.CompareAndSwap(false, true) {
		return
	}
	defer close(in.done)
	for i, o := range in.offers {
		if err := o.Verify(in.ctx); err != nil {
			in.wrong = inputError(in.spec.Inputs[i], err)
			return
		}
	}
}

// verified waits, and tells whether every input is what its digest says, and is what
// the child has.
func (in *inputs) verified() error {
	if in == nil {
		return nil
	}
	in.verify()
	<-in.done
	return cmp.Or(in.wrong, in.replaced)
}

// mounted checks that the child has mounted what is being verified. root is the
// child's, mounts begin with the inputs.
func (in *inputs) mounted(root *os.Root, mounts []mount) error {
	return in.are(mounts, false, func(m mount) (fs.FileInfo, error) { return root.Lstat(m.Target) })
}

// copied checks that the child is to get copies of what was verified.
func (in *inputs) copied(mounts []mount) error {
	return in.are(mounts, true, func(m mount) (fs.FileInfo, error) { return os.Lstat(m.Source) })
}

// are checks that what look finds for each mount, copies or not, is what was offered.
func (in *inputs) are(mounts []mount, copies bool, look func(mount) (fs.FileInfo, error)) error {
	if in == nil {
		return nil
	}
	for i, o := range in.offers {
		if mounts[i].Copy != copies {
			continue
		}
		info, err := look(mounts[i])
		if err != nil || !o.Is(info) {
			in.replaced = attest.Refuse(reproducible.CodeInput, "/"+mounts[i].Target, "what the store had offered", "another").Because(err)
			return in.replaced
		}
	}
	return nil
}

// close ends verification, if it goes on.
func (in *inputs) close() error {
	if in == nil {
		return nil
	}
	in.cancel()
	in.verify()
	<-in.done
	var faults []error
	for _, o := range in.offers {
		faults = append(faults, o.Close())
	}
	return errors.Join(faults...)
}
