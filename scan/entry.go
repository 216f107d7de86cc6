package scan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/sealwright/sealwright/attest"
)

// Entry implements Sink: it offers one entry to every scanner and reads its
// content exactly once.
func (p *pass) Entry(h Header, content io.Reader) error {
	if p.failed == nil {
		p.failed = p.entry(h, content)
	}
	return p.failed
}

func (p *pass) entry(h Header, content io.Reader) error {
	if err := p.ctx.Err(); err != nil {
		return err
	}
	if (h.Kind == KindFile) != (content != nil) {
		return attest.Refuse(CodeSource, h.Path, "content for files and only for files", fmt.Sprint("kind ", h.Kind))
	}
	seen := &p.report.Coverage.Seen
	if seen.Entries++; seen.Entries > p.limits.Entries {
		return attest.Refuse(CodeEntries, h.Path, strconv.FormatInt(p.limits.Entries, 10), "more")
	}
	switch h.Kind {
	case KindFile:
		return p.file(h, content)
	case KindLink:
		p.link(h)
	default:
		p.report.Coverage.Skipped.Entries++
	}
	return nil
}

// link reports a symbolic link that a scanner would have inspected as a file.
func (p *pass) link(h Header) {
	if !p.offer(h, nil) {
		p.report.Coverage.Skipped.Entries++
		return
	}
	for _, l := range p.lanes {
		if l.wants {
			p.Gap(Gap{Reason: attest.Reason{Code: CodeLinkWanted, Want: "a regular file", Got: "a link to " + Quote(h.Target)}, By: l.name, Path: h.Path})
		}
	}
}

func (p *pass) file(h Header, content io.Reader) error {
	coverage := &p.report.Coverage
	counted := &countingReader{r: content, left: p.limits.Bytes - coverage.Seen.Bytes}
	wanted, err := p.read(h, counted)
	if err == nil {
		err = p.reader.drain(counted)
	}
	coverage.Seen.Bytes += counted.n
	if err != nil {
		return fmt.Errorf("%s: %w", Quote(h.Path), err)
	}
	examined, disowned := p.inspect(h, wanted, counted.n)
	switch {
	case examined:
		coverage.Claimed.Entries++
		coverage.Claimed.Bytes += counted.n
	case wanted == nil || disowned:
		coverage.Skipped.Entries++
		coverage.Skipped.Bytes += counted.n
	}
	return nil
}

// read offers the file and, if somebody wants it, reads it into memory. It
// returns nil if nobody does, or if the file is too large to hold.
func (p *pass) read(h Header, r io.Reader) ([]byte, error) {
	prefix, err := p.reader.prefix(r)
	if err != nil {
		return nil, err
	}
	if !p.offer(h, prefix) {
		return nil, nil
	}
	whole, err := p.reader.rest(r, h.Size, p.limits.FileBytes)
	if errors.Is(err, errTooLarge) {
		for _, l := range p.lanes {
			if l.wants {
				p.Gap(Gap{Reason: attest.Reason{Code: CodeFileBytes, Want: strconv.FormatInt(p.limits.FileBytes, 10), Got: "more"}, By: l.name, Path: h.Path, Bytes: h.Size})
				l.wants = false
			}
		}
		return []byte{}, nil
	}
	return whole, err
}

// offer asks every lane whether it wants the entry, and reports whether one
// does.
func (p *pass) offer(h Header, prefix []byte) bool {
	wanted := false
	for _, l := range p.lanes {
		l.wants = false
		if l.gone {
			continue
		}
		want, err := wants(l.session, h, prefix)
		if err != nil {
			p.gapFrom(l, err, Gap{Path: h.Path, Bytes: h.Size})
			continue
		}
		l.wants = want
		wanted = wanted || want
	}
	return wanted
}

// wants calls Want inline; only a panic can make it fail.
func wants(s Session, h Header, prefix []byte) (want bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicked(p)
		}
	}()
	return s.Want(h, prefix), nil
}

// inspect hands the file to the lanes that want it, one after the other, and
// reports whether at least one examined it and none complained, or all that looked said
// that it is not theirs.
func (p *pass) inspect(h Header, content []byte, size int64) (examined, disowned bool) {
	complained := false
	if size != h.Size {
		p.Gap(Gap{Reason: attest.Reason{Code: CodeContent, Want: strconv.FormatInt(h.Size, 10) + " bytes", Got: strconv.FormatInt(size, 10)}, Path: h.Path, Bytes: size})
		complained = true
	}
	for _, l := range p.lanes {
		if !l.wants || l.gone {
			continue
		}
		view := io.NewSectionReader(bytes.NewReader(content), 0, int64(len(content)))
		_, err, abandoned := guarded(p.ctx, p.limits.Call, func(ctx context.Context) (struct{}, error) {
			return struct{}{}, l.session.Inspect(ctx, h, view)
		})
		if abandoned {
			p.reader = fileReader{} // the lost call may still read the old buffers
		}
		switch err {
		case nil:
			examined = true
		case ErrNotMine:
			disowned = true
		default:
			p.gapFrom(l, err, Gap{Path: h.Path, Bytes: size})
			complained = true
		}
	}
	return examined && !complained, disowned && !examined && !complained
}
