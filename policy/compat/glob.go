package compat

import (
	"regexp"
	"slices"
	"strings"

	"github.com/sealwright/sealwright/internal/excerpt"
)

// hub is the registry of images that are named without one.
const hub = "index.docker.io/"

var globForm = regexp.MustCompile(`^[a-zA-Z0-9-_:/*.]+$`)

// images reads globs, in which "*" stands for a part of a path and "**" for any.
func (p *ImagePolicy) images(c clause) {
	for _, image := range c.list() {
		image.fields(map[string]func(clause){"glob": func(c clause) {
			glob := c.text()
			if !globForm.MatchString(glob) {
				c.refuse("letters, digits and -_:/*.", excerpt.Quote(glob))
				return
			}
			switch glob {
			case "*":
				glob = hub + "library/*"
			case "*/*":
				glob = hub + "*/*"
			}
			quoted := strings.NewReplacer(`\*\*`, `.*`, `\*`, `[^/]*`).Replace(regexp.QuoteMeta(glob))
			p.globs = append(p.globs, regexp.MustCompile(`^(?s:`+quoted+`)$`))
		}})
	}
}

// Applies reports whether the policy is about an image, as it is referred to:
// "registry.example.com/team/app", with a tag, a digest, both or none. A glob is held
// against each way to write the reference, so that the policy applies wherever it does
// with policy-controller. Policies that do not apply demand nothing; an image to which
// none applies is for the caller to refuse.
func (p *ImagePolicy) Applies(image string) bool {
	return slices.ContainsFunc(p.globs, func(glob *regexp.Regexp) bool {
		return slices.ContainsFunc(spellings(image), glob.MatchString)
	})
}

// spellings returns the ways to write a reference: with less of tag and digest, with the
// tag that is meant without one, and with or without the registry that is meant then.
func spellings(image string) []string {
	tagged, _, _ := strings.Cut(image, "@")
	bare := tagged
	if i := strings.LastIndexByte(tagged, ':'); i > strings.LastIndexByte(tagged, '/') {
		bare = tagged[:i]
	}
	all := []string{image, tagged, bare, bare + strings.TrimPrefix(image, tagged)}
	if tagged == bare {
		all = append(all, bare+":latest")
	}
	for _, spelling := range slices.Clone(all) {
		short := spelling
		if host, path, _ := strings.Cut(spelling, "/"); host == "docker.io" || host == "index.docker.io" {
			short = path
		} else if path != "" && (host == "localhost" || strings.ContainsAny(host, ".:")) {
			continue
		}
		short = strings.TrimPrefix(short, "library/")
		all = append(all, short, "library/"+short, hub+short, hub+"library/"+short)
	}
	return all
}
