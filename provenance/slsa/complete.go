package slsa

import (
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance"
)

// complete reports that Build.Validate has nothing to say of a build whose parameters
// came out of a strict document. Where it is not sure, Build.Validate is asked.
func complete(b *provenance.Build) bool {
	ok := plainURI(b.BuildType) && plainURI(b.Builder.ID) && len(b.Outputs) > 0 &&
		isObject(b.External) && (b.Internal == nil || isObject(b.Internal)) &&
		inOrder(b.Started, b.Finished)
	for _, in := range b.Inputs {
		ok = ok && in.Role.Known() && named(in.Descriptor)
	}
	for _, d := range b.Builder.Dependencies {
		ok = ok && named(d)
	}
	for _, d := range b.Byproducts {
		ok = ok && named(d)
	}
	for _, d := range b.Outputs {
		ok = ok && validDigests(d.Digest)
	}
	return ok
}

func inOrder(started, finished time.Time) bool {
	for _, t := range []time.Time{started, finished} {
		if !t.IsZero() && t.Year() < 1 {
			return false
		}
	}
	return started.IsZero() || finished.IsZero() || !finished.Before(started)
}

func isObject(raw []byte) bool { return len(raw) > 0 && raw[0] == '{' }

func named(d attest.Descriptor) bool {
	if len(d.Digest) > 0 {
		return validDigests(d.Digest)
	}
	return d.URI != "" || len(d.Content) > 0
}

func validDigests(s digest.Set) bool {
	for alg, hex := range s {
		if (digest.Digest{Algorithm: alg, Hex: hex}).Validate() != nil {
			return false
		}
	}
	return len(s) > 0
}

// plainURI recognises https URIs of which attest.CheckTypeURI would only say the same.
func plainURI(s string) bool {
	rest, ok := strings.CutPrefix(s, "https://")
	host, path, _ := strings.Cut(rest, "/")
	if !ok || host == "" || strings.Trim(host, "abcdefghijklmnopqrstuvwxyz0123456789.-") != "" {
		return false
	}
	for i := range len(path) {
		c := path[i]
		if c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '/' || c == '.' || c == '-' || c == '_' || c == '@' {
			continue
		}
		return false
	}
	return true
}
