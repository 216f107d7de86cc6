package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/dsse"
	"github.com/sealwright/sealwright/attest/key"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/cel"
	"github.com/sealwright/sealwright/policy/doc"
	"github.com/sealwright/sealwright/policy/report"
)

// What the names of files in -evidence and -trust end in, and how large they may be.
const (
	envelope = ".dsse.json"
	pem      = ".pem"
	maxBytes = 64 << 20
)

// A refusal is a file that no key accepts.
type refusal struct {
	File    string          `json:"file"`
	Error   string          `json:"error"`
	Reasons []attest.Reason `json:"reasons,omitempty"`
}

// document reads the policy. Who gates with one admits it by doc.Load instead, which
// demands signatures; here its author reads it.
func (c *call) document() (policy.Config, error) {
	f, err := os.Open(c.policy)
	if err != nil {
		return policy.Config{}, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxBytes)) // doc.ParseYAML takes less
	if err != nil {
		return policy.Config{}, err
	}
	document, err := doc.ParseYAML(data)
	if err != nil {
		return policy.Config{}, fmt.Errorf("%s: %w", c.policy, err)
	}
	release, err := doc.NewRelease(data) // tells the document's digest
	if err != nil {
		return policy.Config{}, fmt.Errorf("%s: %w", c.policy, err)
	}
	config, err := document.Config(doc.Builtin(), doc.Languages{"cel": cel.Compiler{}})
	if err != nil {
		return policy.Config{}, fmt.Errorf("%s:\n%w", c.policy, err)
	}
	config.Policy.Digest, _ = release.Subjects()[0].Digest.Strongest()
	return config, nil
}

// inquiry is what check and explain begin with: an engine, a request, and what was
// refused as evidence.
func (c *call) inquiry(ctx context.Context) (*policy.Engine, policy.Request, []refusal, error) {
	req := policy.Request{Phase: policy.Phase(c.phase), Target: c.target, Actor: attest.Identity{Subject: c.actor}, Now: c.now}
	var err error
	if req.Subject, err = subjectOf(c.subject); err != nil {
		return nil, req, nil, err
	}
	config, err := c.document()
	if err != nil {
		return nil, req, nil, err
	}
	engine, err := policy.New(config)
	if err != nil {
		return nil, req, nil, fmt.Errorf("%s:\n%w", c.policy, err)
	}
	authority := cmp.Or(c.authority, strings.Join(config.Authorities, " "))
	if !slices.Contains(config.Authorities, authority) {
		return nil, req, nil, fmt.Errorf("-authority: want one of %q: %w", config.Authorities, errMisuse)
	}
	verifier, err := c.verifier(authority)
	if err != nil {
		return nil, req, nil, fmt.Errorf("-trust: %w", err)
	}
	refused, err := c.collect(ctx, verifier, &req)
	return engine, req, refused, err
}

// verifier believes the keys of the directory -trust.
func (c *call) verifier(authority string) (attest.Verifier, error) {
	trust := dsse.Trust{Authority: authority, Threshold: 1}
	err := files(c.trust, pem, func(name string, data []byte) error {
		public, err := key.ParsePublicPEM(data)
		if err != nil {
			return fmt.Errorf("%q: %w", name, err)
		}
		trust.Keys = append(trust.Keys, dsse.Key{Principal: strings.TrimSuffix(name, pem), Public: public})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return dsse.NewVerifier(trust)
}

// collect verifies what is in the directory -evidence. What it accepts goes into the
// request; what it does not is returned, and is no error.
func (c *call) collect(ctx context.Context, verifier attest.Verifier, req *policy.Request) (refused []refusal, err error) {
	err = files(c.evidence, envelope, func(name string, data []byte) error {
		a := attest.Attestation{MediaType: attest.MediaTypeDSSE, Body: data}
		v, err := verifier.Verify(ctx, a, attest.Want{AnySubject: true})
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			refused = append(refused, refusal{name, err.Error(), attest.Reasons(err)})
			return nil
		}
		add(req, v)
		return nil
	})
	return refused, err
}

// add puts v where it belongs in the request.
func add(req *policy.Request, v *attest.Verified) {
	if v.Statement().PredicateType() == policy.WaiverPredicateType {
		req.Waivers = append(req.Waivers, v)
	} else {
		req.Evidence = append(req.Evidence, v)
	}
}

// files calls visit with the files of a directory, which must all be named so.
func files(dir, suffix string, visit func(name string, data []byte) error) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), suffix) {
			return fmt.Errorf("%q in %s: want files *%s only: %w", e.Name(), dir, suffix, errMisuse)
		}
		data, err := read(root, e.Name())
		if err != nil {
			return err
		}
		if err := visit(e.Name(), data); err != nil {
			return err
		}
	}
	return nil
}

// read reads a file that may come from anyone, and be of any size.
func read(root *os.Root, name string) ([]byte, error) {
	info, err := root.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxBytes {
		return nil, fmt.Errorf("%q: want a regular file of at most %d bytes: %w", name, maxBytes, errMisuse)
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxBytes))
}

// check decides. Its answer is the exit status.
func (c *call) check(ctx context.Context) (int, error) {
	engine, req, refused, err := c.inquiry(ctx)
	if err != nil {
		return failed, err
	}
	d, err := engine.Evaluate(ctx, req)
	if err != nil {
		return failed, err
	}
	status := standing(d, req.Now, refused)
	if c.json {
		return status, c.printJSON(struct {
			Status   int             `json:"status"`
			Decision policy.Decision `json:"decision"`
			Refused  []refusal       `json:"refused,omitempty"`
		}{status, d, refused})
	}
	c.printRefused(refused)
	if status == incomplete && d.Allowed(req.Now) {
		fmt.Fprint(c.stdout, "INCOMPLETE: nothing is allowed while evidence is refused; without it the decision is:\n\n")
	}
	return status, report.Text(c.stdout, d, req.Now)
}

func (c *call) printRefused(refused []refusal) {
	for _, r := range refused {
		fmt.Fprintf(c.stdout, "REFUSED as evidence: %q\n", r.File)
		for _, reason := range r.Reasons {
			fmt.Fprintf(c.stdout, "  %s\n", reason)
		}
		fmt.Fprintln(c.stdout)
	}
}
