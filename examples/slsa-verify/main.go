// Slsa-verify tells whether an artifact was built from the source and by the builder
// that its consumer expects, from SLSA provenance, offline.
//
//	go run ./examples/slsa-verify -provenance app.sigstore.json -trusted-root trusted_root.json \
//		-source-uri github.com/acme/app -source-tag v1.2.3 \
//		-builder-id https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1.2.3 ./app
//
// Provenance is a Sigstore bundle or a DSSE envelope, or one of them per line
// (.intoto.jsonl), or what PyPI's index answers about a distribution. Bundles are
// verified under -trusted-root, envelopes under -key. Instead of the artifact, -digest
// names it.
//
// Exit status: 0 verified, 1 refused, 2 misuse, 3 incomplete, 4 the machine failed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance/verify"
)

const usage = `usage: slsa-verify -provenance FILE (-trusted-root FILE | -key FILE)
                   -source-uri URI -builder-id ID [flags] (ARTIFACT | -digest D)

Was the artifact built from that source, by that builder? The provenance is a Sigstore
bundle or a DSSE envelope, or several, one a line; bundles are believed under
-trusted-root, envelopes under -key, and neither is asked anything over the network:

  slsa-verify -provenance app.sigstore.json -trusted-root trusted_root.json \
      -source-uri github.com/acme/app -source-tag v1.2.3 \
      -builder-id https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1.2.3 ./app

Exit status: 0 verified, 1 refused, 2 misuse, 3 incomplete, 4 the machine failed.

`

// flags are what the user asks for.
type flags struct {
	provenance, trustedRoot, key      string
	source, tag, branch, versionedTag string
	builder, signer, issuer           string
	digest, artifact                  string
	level                             int
	legacy, printProvenance, json     bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// The classes of failure that are no refusal.
var (
	errMisuse  = errors.New("misuse")
	errMachine = errors.New("the machine failed")
)

// run is the program; it returns the exit status.
func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	f, err := parse(args, errOut)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	var r report
	if err == nil {
		r, err = examine(ctx, f)
	}
	switch {
	case errors.Is(err, errMisuse):
		fmt.Fprintln(errOut, "slsa-verify:", err)
		return 2
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(errOut, "slsa-verify: interrupted, nothing is known")
		return 3
	case errors.Is(err, errMachine):
		fmt.Fprintln(errOut, "slsa-verify:", err)
		return 4
	}
	if printErr := r.print(out, f, err); printErr != nil {
		fmt.Fprintln(errOut, "slsa-verify:", printErr)
		return 4
	}
	if err != nil {
		return 1
	}
	return 0
}

// parse reads the command line.
func parse(args []string, errOut io.Writer) (flags, error) {
	var f flags
	set := flag.NewFlagSet("slsa-verify", flag.ContinueOnError)
	set.SetOutput(errOut)
	set.Usage = func() { fmt.Fprint(errOut, usage); set.PrintDefaults() }
	set.StringVar(&f.provenance, "provenance", "", "`file` with a Sigstore bundle or a DSSE envelope, or several, one a line")
	set.StringVar(&f.trustedRoot, "trusted-root", "", "trusted_root.json, a `file`, to verify bundles with certificates")
	set.StringVar(&f.key, "key", "", "public key in PEM, a `file`, to verify envelopes (principal \"key\")")
	set.StringVar(&f.source, "source-uri", "", "`location` of the repository, such as github.com/acme/app")
	set.StringVar(&f.tag, "source-tag", "", "`tag` that was built")
	set.StringVar(&f.branch, "source-branch", "", "`branch` that was built")
	set.StringVar(&f.versionedTag, "source-versioned-tag", "", "`version` that was built: v1 is any v1.2.3, v1.2 any v1.2.3, neither a pre-release")
	set.StringVar(&f.builder, "builder-id", "", "`id` of the builder; without its @ref, any release vX.Y.Z of it")
	set.StringVar(&f.signer, "signer", "", "`name` in the certificate, where the builder does not sign as itself")
	set.StringVar(&f.issuer, "issuer", "https://token.actions.githubusercontent.com", "OIDC `issuer` in the certificate")
	set.StringVar(&f.digest, "digest", "", "`algorithm:hex` of the artifact, instead of its file")
	set.IntVar(&f.level, "level", 2, "lowest SLSA Build `level` that suffices; 3 needs a platform that vouches for the source")
	set.BoolVar(&f.legacy, "allow-legacy", false, "accept provenance v0.2 and in-toto statements v0.1")
	set.BoolVar(&f.printProvenance, "print-provenance", false, "print the provenance that was verified")
	set.BoolVar(&f.json, "json", false, "print the result as JSON")
	if err := set.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return f, err
		}
		return f, fmt.Errorf("%w: %w", errMisuse, err)
	}
	f.artifact = set.Arg(0)
	refs := 0
	for _, ref := range []string{f.tag, f.branch, f.versionedTag} {
		if ref != "" {
			refs++
		}
	}
	for _, wrong := range []struct {
		is  bool
		say string
	}{
		{set.NArg() > 1, "one artifact at a time"},
		{(f.artifact == "") == (f.digest == ""), "give the artifact, or its -digest"},
		{f.provenance == "", "give -provenance"},
		{(f.trustedRoot == "") == (f.key == ""), "give -trusted-root or -key"},
		{f.source == "", "give -source-uri"},
		{f.builder == "", "give -builder-id"},
		{refs > 1, "give at most one of -source-tag, -source-branch and -source-versioned-tag"},
		{f.versionedTag != "" && !isRelease(f.versionedTag), "-source-versioned-tag: want v1, v1.2 or v1.2.3"},
		{f.level < 1 || f.level > verify.MaxLevel, "give a -level from 1 to 3"},
	} {
		if wrong.is {
			return f, fmt.Errorf("%w: %s (-h tells more)", errMisuse, wrong.say)
		}
	}
	_, err := repository(f.source)
	return f, err
}

// examine verifies signatures first, and then what they sign.
func examine(ctx context.Context, f flags) (report, error) {
	artifact, err := subject(ctx, f)
	if err != nil {
		return report{}, err
	}
	r := report{Artifact: artifact.String()}
	document, err := read(f.provenance)
	if err != nil {
		return r, err
	}
	evidence, err := authenticate(ctx, f, document, artifact)
	if err != nil {
		return r, err
	}
	roots, want, err := expect(f, evidence)
	if err != nil {
		return r, err
	}
	r.evidence = evidence
	verdict, err := verify.Judge(ctx, verify.Case{Artifact: artifact, Evidence: evidence}, roots, want)
	for _, reason := range attest.Reasons(err) {
		if reason.Code == verify.CodeExpectations || reason.Code == verify.CodeRoots {
			return r, fmt.Errorf("%w: %w", errMisuse, err)
		}
	}
	r.fill(f, verdict, evidence)
	return r, err
}

// subject returns the digests of the artifact.
func subject(ctx context.Context, f flags) (digest.Set, error) {
	if f.digest != "" {
		d, err := digest.Parse(f.digest)
		if err == nil {
			if _, ok := d.Set().Strongest(); !ok {
				err = errors.New("the algorithm does not resist collisions")
			}
		}
		if err != nil {
			return nil, fmt.Errorf("%w: -digest: %w", errMisuse, err)
		}
		return d.Set(), nil
	}
	root, err := os.OpenRoot(filepath.Dir(f.artifact))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errMachine, err)
	}
	defer root.Close()
	sum, err := digest.SumFile(ctx, root, filepath.Base(f.artifact), digest.Options{Algorithms: []digest.Algorithm{digest.SHA256, digest.SHA512}})
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errMachine, err)
	}
	return sum.Digests, nil
}

// maxDocument bounds the files that are read whole.
const maxDocument = 64 << 20

// read returns a file's content.
func read(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errMachine, err)
	}
	defer file.Close()
	document, err := io.ReadAll(io.LimitReader(file, maxDocument+1))
	if err == nil && len(document) > maxDocument {
		err = &fs.PathError{Op: "read", Path: name, Err: errors.New("more than 64 MiB")}
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errMachine, err)
	}
	return document, nil
}
