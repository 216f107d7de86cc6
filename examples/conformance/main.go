// Conformance speaks the command-line protocol of the public Sigstore client
// conformance suite (github.com/sigstore/sigstore-conformance), so that anyone
// can point that suite at this SDK.
//
//	conformance sign-bundle   [--staging] [--in-toto] --identity-token TOKEN --bundle FILE
//	                          [--trusted-root FILE] [--signing-config FILE] FILE
//	conformance verify-bundle [--staging] --bundle FILE
//	                          (--certificate-identity NAME --certificate-oidc-issuer URL | --key FILE)
//	                          [--trusted-root FILE] FILE|sha256:HEX
//
// Without --trusted-root or --signing-config they come from the TUF repository of
// the public instance, or with --staging from that of its staging instance.
//
// Exit status: 0 signed or verified, 1 refused, 2 misuse, 3 incomplete, 4 the
// machine failed. The suite reads any but 0 as a refusal.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/sigstore"
	"github.com/sealwright/sealwright/attest/sigstore/sign"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	m := machine{out: os.Stdout, err: os.Stderr, now: time.Now, client: &http.Client{Timeout: time.Minute}, cache: os.UserCacheDir}
	status := m.run(ctx, os.Args[1:])
	stop()
	os.Exit(status)
}

const usage = `Conformance signs and verifies Sigstore bundles by the command-line protocol of the
public Sigstore client conformance suite.

  conformance sign-bundle   [--staging] [--in-toto] --identity-token TOKEN --bundle FILE
                            [--trusted-root FILE] [--signing-config FILE] FILE
  conformance verify-bundle [--staging] --bundle FILE
                            (--certificate-identity NAME --certificate-oidc-issuer URL | --key FILE)
                            [--trusted-root FILE] FILE|sha256:HEX

"conformance verify-bundle -h" explains each flag. Exit status: 0 signed or verified,
1 refused, 2 misuse, 3 incomplete, 4 the machine failed.
`

// A machine is what the program needs from its surroundings.
type machine struct {
	out, err io.Writer
	now      func() time.Time
	client   *http.Client
	cache    func() (string, error) // the directory below which TUF metadata is kept
}

// options are the flags of both commands.
type options struct {
	staging, inToto                       bool
	token, bundle, trustedRoot, config    string
	identity, issuer, key, fileOrArtifact string
}

// errMisuse and errMachine mark what says nothing about the evidence.
var (
	errMisuse  = errors.New("misuse")
	errMachine = errors.New("the machine failed")
)

func (m machine) run(ctx context.Context, args []string) int {
	err := m.command(ctx, args)
	switch {
	case err == nil:
		return 0
	case errors.Is(err, flag.ErrHelp):
		return 0
	}
	fmt.Fprintln(m.err, "refused:", err)
	for _, r := range attest.Reasons(err) {
		fmt.Fprintln(m.err, "        ", r)
	}
	switch {
	case errors.Is(err, errMisuse):
		return 2
	case ctx.Err() != nil:
		return 3
	case errors.Is(err, errMachine):
		return 4
	}
	return 1
}

func (m machine) command(ctx context.Context, args []string) error {
	if len(args) > 0 && slices.Contains([]string{"-h", "-help", "--help", "help"}, args[0]) {
		fmt.Fprint(m.out, usage)
		return nil
	}
	commands := map[string]func(context.Context, options) error{"sign-bundle": m.sign, "verify-bundle": m.verify}
	if len(args) == 0 || commands[args[0]] == nil {
		return fmt.Errorf("%w: want sign-bundle or verify-bundle", errMisuse)
	}
	var o options
	set := flag.NewFlagSet(args[0], flag.ContinueOnError)
	set.SetOutput(m.err)
	set.BoolVar(&o.staging, "staging", false, "use the staging instance of Sigstore")
	set.StringVar(&o.bundle, "bundle", "", "`file` of the bundle")
	set.StringVar(&o.trustedRoot, "trusted-root", "", "`file` with a trusted_root.json (default: from TUF)")
	if args[0] == "sign-bundle" {
		set.BoolVar(&o.inToto, "in-toto", false, "the artifact is an in-toto statement: sign it in an envelope")
		set.StringVar(&o.token, "identity-token", "", "OpenID Connect `token` to sign with")
		set.StringVar(&o.config, "signing-config", "", "`file` with a signing configuration (default: from TUF)")
	} else {
		set.StringVar(&o.identity, "certificate-identity", "", "the only `name` that may have signed")
		set.StringVar(&o.issuer, "certificate-oidc-issuer", "", "the only `URL` of an issuer that may vouch for the name")
		set.StringVar(&o.key, "key", "", "`file` with the public key in PEM that may have signed, in place of a name")
	}
	if err := set.Parse(args[1:]); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return fmt.Errorf("%w: %w", errMisuse, err)
	}
	if set.NArg() != 1 || o.bundle == "" {
		return fmt.Errorf("%w: want --bundle and one artifact", errMisuse)
	}
	o.fileOrArtifact = set.Arg(0)
	return commands[args[0]](ctx, o)
}

// sign signs a file, and writes the bundle only if it verifies.
func (m machine) sign(ctx context.Context, o options) error {
	token, err := sign.ParseToken(o.token)
	if err != nil {
		return fmt.Errorf("%w: --identity-token: %w", errMisuse, err)
	}
	root, err := m.trustedRoot(ctx, o)
	if err != nil {
		return err
	}
	services, err := m.services(ctx, o)
	if err != nil {
		return err
	}
	// The protocol does not tell whose name the token has: anybody's.
	anybody, err := sigstore.Pattern("(?s).+")
	if err != nil {
		return err
	}
	v, err := sigstore.NewVerifier(sigstore.Trust{Authority: "conformance", Root: root, Identities: []sigstore.Identity{{Issuer: anybody, Subject: anybody}}})
	if err != nil {
		return err
	}
	signer, err := sign.New(sign.Config{
		Client: m.client, Services: services, Verifier: v, Retry: sign.Retry{Times: 3, Pause: time.Second},
		Token: func(context.Context) (sign.Token, error) { return token, nil },
	})
	if err != nil {
		return err
	}
	a, err := attestation(ctx, signer, o)
	if err != nil {
		return err
	}
	if err := os.WriteFile(o.bundle, a.Body, 0o644); err != nil {
		return fmt.Errorf("%w: %w", errMachine, err)
	}
	return nil
}

func attestation(ctx context.Context, s *sign.Signer, o options) (attest.Attestation, error) {
	if !o.inToto {
		digests, err := digests(ctx, o.fileOrArtifact, digest.SHA256)
		if err != nil {
			return attest.Attestation{}, err
		}
		return s.SignDigest(ctx, digests[0])
	}
	text, err := read(o.fileOrArtifact)
	if err != nil {
		return attest.Attestation{}, err
	}
	statement, err := attest.ParseStatement(text, attest.Limits{})
	if err != nil {
		return attest.Attestation{}, err
	}
	return s.Attest(ctx, statement)
}
