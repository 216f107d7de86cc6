package buildtype

import (
	"strings"

	"github.com/sealwright/sealwright/internal/excerpt"
)

// SLSAGeneratorDelegated is the build type of slsa-github-generator where it runs
// somebody else's tool (bring your own builder).
const SLSAGeneratorDelegated = "https://github.com/slsa-framework/slsa-github-generator/delegator-generic@v0"

// delegated: a reusable workflow of the generator writes and signs the statement on a
// machine of its own, from GitHub's token and the inputs that the tool's own reusable
// workflow handed over. builder.id is the tool's workflow, the signer is the
// delegator: only a grant to that pair joins them. What the outputs are, the tool
// says, which ran with the user's source on it.
func delegated() Profile {
	return Profile{
		Name:       "slsa-github-generator-delegated",
		BuildTypes: []string{SLSAGeneratorDelegated},
		Parameters: []string{"workflow", "inputs", "vars"},
		Vouched:    []Name{Source, Ref, Commit, EntryPoint, Trigger, Invocation, Parameters},
		read:       readDelegated,
		whole:      true,
	}
}

// readDelegated reads the workflow that called the tool: a tool that only generates
// provenance has it as a parameter, one that builds among the internal parameters.
func readDelegated(d *document, c *Canonical) {
	c.Trigger = d.text(d.internal, "GITHUB_EVENT_NAME")
	if _, generator := d.external["workflow"]; generator {
		d.source(c, d.need("workflow", "repository"))
		if c.Ref != "" {
			d.refuse(CodeSource, "workflow/repository", "no ref", excerpt.Quote(c.Ref))
		}
		c.Ref, c.EntryPoint = d.need("workflow", "ref"), d.need("workflow", "path")
		return
	}
	told := d.text(d.internal, "GITHUB_WORKFLOW_REF") // owner/name/path@ref
	at, ref, _ := strings.Cut(told, "@")
	parts := strings.SplitN(at, "/", 3)
	if len(parts) < 3 || parts[2] == "" || ref == "" {
		d.refuse(CodeParameter, "internal: GITHUB_WORKFLOW_REF", "owner/name/path@ref", excerpt.Quote(told))
		return
	}
	repository := parts[0] + "/" + parts[1]
	if other := d.text(d.internal, "GITHUB_REPOSITORY"); other != "" && other != repository {
		d.refuse(CodeSource, "internal: GITHUB_REPOSITORY", excerpt.Quote(repository), excerpt.Quote(other))
	}
	d.source(c, "git+https://github.com/"+repository)
	c.Ref, c.EntryPoint = ref, parts[2]
}
