package buildtype

import (
	"encoding/json"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/provenance"
)

// CloudBuild is the build type of Google Cloud Build's hosted workers.
const CloudBuild = "https://cloud.google.com/build/gcb-buildtypes/google-worker/v1"

// cloudBuild: the service writes and signs the statement outside of the worker. A
// build whose configuration was submitted inline has no source.
func cloudBuild() Profile {
	return Profile{
		Name:       "google-cloud-build",
		BuildTypes: []string{CloudBuild},
		Parameters: []string{"buildConfigSource", "buildConfig", "substitutions"},
		Vouched:    []Name{Source, Ref, Commit, EntryPoint, Trigger, Invocation, Parameters},
		whole:      true,
		read: func(d *document, c *Canonical) {
			d.source(c, d.need("buildConfigSource", "repository"))
			c.Ref = d.need("buildConfigSource", "ref")
			c.EntryPoint = d.text(d.external, "buildConfigSource", "path")
			c.Trigger = d.text(d.internal, "triggerUri")
		},
	}
}

// GitLab is the build type of GitLab CI jobs. Runners also use the address of their
// own version of the same page.
const GitLab = "https://docs.gitlab.com/ci/pipeline_security/slsa/provenance_v1"

// gitLab: the runner writes the statement and does not sign it; whoever owns the
// runner or writes the job can change it. Hidden variables read "[MASKED]".
func gitLab() Profile {
	return Profile{
		Name:       "gitlab-ci",
		BuildTypes: []string{GitLab},
		Parameters: []string{"source", "entryPoint", "variables"},
		whole:      true,
		matches: func(buildType string) bool {
			version, page := strings.CutPrefix(buildType, "https://gitlab.com/gitlab-org/gitlab-runner/-/blob/")
			version, found := strings.CutSuffix(version, "/PROVENANCE.md")
			plain := func(r rune) bool {
				return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-' || r == '_'
			}
			return page && found && version != "" && version != "." && version != ".." && strings.IndexFunc(version, func(r rune) bool { return !plain(r) }) < 0
		},
		read: func(d *document, c *Canonical) {
			d.source(c, d.need("source"))
			c.EntryPoint = d.need("entryPoint")
			switch tag, branch := d.text(d.external, "variables", "CI_COMMIT_TAG"), d.text(d.external, "variables", "CI_COMMIT_BRANCH"); {
			case tag != "" && branch != "":
				d.refuse(CodeParameter, "variables", "a tag or a branch", "both")
			case tag != "":
				c.Ref = "refs/tags/" + tag
			case branch != "":
				c.Ref = "refs/heads/" + branch
			}
			c.Trigger = d.text(d.external, "variables", "CI_PIPELINE_SOURCE")
		},
	}
}

// The build types of Tekton Chains.
const (
	TektonChains       = "https://tekton.dev/chains/v2/slsa"
	TektonChainsTekton = "https://tekton.dev/chains/v2/slsa-tekton"
)

// tekton: a controller outside of the build reads the run and signs. The source is
// that of the pipeline's or task's definition. What the artifacts are, the steps say
// themselves in results named by convention.
func tekton() Profile {
	return Profile{
		Name:       "tekton-chains",
		BuildTypes: []string{TektonChains, TektonChainsTekton},
		Parameters: []string{"runSpec", "buildConfigSource"},
		Vouched:    []Name{Source, Commit, EntryPoint, Invocation, Parameters},
		read: func(d *document, c *Canonical) {
			d.source(c, d.need("buildConfigSource", "repository"))
			c.EntryPoint = d.text(d.external, "buildConfigSource", "path")
			hex, ok := strings.CutPrefix(d.need("buildConfigSource", "ref"), "sha1:")
			commit := digest.Digest{Algorithm: digest.GitCommit, Hex: hex}
			if !ok || commit.Validate() != nil {
				d.refuse(CodeCommit, "buildConfigSource/ref", "sha1: and a commit", excerpt.Quote(hex))
			}
			c.Commit = commit
			if d.err == nil {
				d.locate(c)
			}
		},
	}
}

// Buildkite is the build type of Buildkite jobs.
const Buildkite = "https://buildkite.github.io/slsa-buildtypes/job/v1"

// buildkite: a plugin on the agent writes the statement from environment variables
// that the job's hooks can set.
func buildkite() Profile {
	return Profile{
		Name:       "buildkite-job",
		BuildTypes: []string{Buildkite},
		Parameters: []string{"pipeline", "repository", "build", "step", "job"},
		read: func(d *document, c *Canonical) {
			d.source(c, d.need("repository"))
			c.EntryPoint = d.need("pipeline")
			ref := "refs/heads/" + d.need("build", "branch")
			c.Ref = ref
			if d.err == nil {
				d.locate(c) // the inputs name the branch also where a tag was built
			}
			if tag := d.text(d.external, "build", "tag"); tag != "" {
				c.Ref = "refs/tags/" + tag
			}
			if told := d.need("build", "commit"); d.err == nil && told != c.Commit.Hex {
				d.refuse(CodeCommit, "build/commit", c.Commit.Hex, excerpt.Quote(told))
			}
		},
	}
}

// GoBuild is the build type of a Go binary as its own build information tells it:
// externalParameters hold "source", the location of the repository, "package", the
// main package, and "settings", the texts of debug/buildinfo's settings by key.
const GoBuild = "https://github.com/sealwright/sealwright/provenance/go-build/v1"

// goBuild: build information is part of the artifact, and whoever builds writes it.
func goBuild() Profile {
	return Profile{
		Name:       "go-build",
		BuildTypes: []string{GoBuild},
		Parameters: []string{"source", "package", "settings"},
		whole:      true,
		read: func(d *document, c *Canonical) {
			d.source(c, d.need("source"))
			c.EntryPoint = d.need("package")
			if modified := d.need("settings", "vcs.modified"); modified != "false" {
				d.refuse(CodeDirty, "settings/vcs.modified", "false", excerpt.Quote(modified))
			}
			revision := d.need("settings", "vcs.revision")
			commit := digest.Digest{Algorithm: digest.GitCommit, Hex: revision}
			if d.err == nil && commit.Validate() != nil {
				d.refuse(CodeCommit, "settings/vcs.revision", "a commit", excerpt.Quote(revision))
			}
			c.Commit = commit
		},
	}
}

// Command is the build type of this module's own builder, package reproducible.
const Command = "https://github.com/sealwright/sealwright/reproducible/command/v1"

// command: the builder measures inputs, outputs and parameters itself, outside of the
// sandbox. The source is the one input with that role; a build may have none.
func command() Profile {
	return Profile{
		Name:       "sealwright-command",
		BuildTypes: []string{Command},
		Parameters: []string{"command", "dir", "env", "epoch", "gid", "hostPaths", "hostname", "inputs", "locale", "outputs", "require", "tz", "uid", "umask"},
		Vouched:    []Name{Source, Ref, Commit, EntryPoint, Trigger, Invocation, Outputs, Parameters},
		read:       readCommand,
	}
}

func readCommand(d *document, c *Canonical) {
	argv, ok := d.external["command"].([]any)
	if !ok || len(argv) == 0 {
		d.refuse(CodeParameter, "command", "a list of texts", "something else")
		return
	}
	text, err := json.Marshal(argv)
	if err != nil {
		d.refuse(CodeParameter, "command", "a list of texts", "something else")
		return
	}
	c.EntryPoint = string(text)
	var sources []attest.Descriptor
	for _, in := range d.build.Inputs {
		if in.Role == provenance.RoleSource && strings.HasPrefix(in.Descriptor.URI, "git+") {
			sources = append(sources, in.Descriptor)
		}
	}
	if len(sources) > 1 {
		d.refuse(CodeSource, "Inputs", "one source", "several")
	}
	if len(sources) == 1 {
		d.source(c, sources[0].URI)
		if d.err == nil {
			d.locate(c)
		}
	}
}
