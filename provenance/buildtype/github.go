package buildtype

import "github.com/sealwright/sealwright/internal/excerpt"

// The build types of GitHub Actions workflows.
const (
	GitHubWorkflowV1    = "https://actions.github.io/buildtypes/workflow/v1"
	GitHubWorkflowOldV1 = "https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1"
)

// gitHubWorkflow: the statement is written and signed in the job whose steps the user
// writes. Nothing in it is beyond their reach; what can be trusted are the extensions
// of the certificate, which GitHub's token fills.
func gitHubWorkflow() Profile {
	return Profile{
		Name:       "github-actions-workflow",
		BuildTypes: []string{GitHubWorkflowV1, GitHubWorkflowOldV1},
		Parameters: []string{"workflow", "inputs", "vars"},
		read:       readWorkflow,
		whole:      true,
	}
}

func readWorkflow(d *document, c *Canonical) {
	d.source(c, d.need("workflow", "repository"))
	if c.Ref != "" {
		d.refuse(CodeSource, "workflow/repository", "no ref", excerpt.Quote(c.Ref))
	}
	c.Ref = d.need("workflow", "ref")
	c.EntryPoint = d.need("workflow", "path")
	c.Trigger = d.text(d.internal, "github", "event_name")
}

// The build types of slsa-github-generator.
const (
	SLSAGeneratorGeneric   = "https://github.com/slsa-framework/slsa-github-generator/generic@v1"
	SLSAGeneratorGo        = "https://github.com/slsa-framework/slsa-github-generator/go@v1"
	SLSAGeneratorContainer = "https://github.com/slsa-framework/slsa-github-generator/container@v1"
)

// slsaGenerator: a reusable workflow on a machine of its own writes the statement and
// takes source, ref, commit and trigger from GitHub's token. It signs as itself. Only
// the Go builder makes the artifact too; to the others the user's workflow says what
// the outputs are.
func slsaGenerator(kind string) Profile {
	vouched := []Name{Source, Ref, Commit, EntryPoint, Trigger, Invocation}
	if kind == "go" {
		vouched = append(vouched, Outputs, Parameters)
	}
	return Profile{
		Name:            "slsa-github-generator-" + kind,
		BuildTypes:      []string{"https://github.com/slsa-framework/slsa-github-generator/" + kind + "@v1"},
		Parameters:      []string{"configSource", "parameters", "buildConfig"},
		Vouched:         vouched,
		BuilderIsSigner: true,
		read:            readConfigSource,
		whole:           true,
	}
}

func readConfigSource(d *document, c *Canonical) {
	d.source(c, d.need("configSource", "uri"))
	c.EntryPoint = d.need("configSource", "entryPoint")
	c.Trigger = d.text(d.internal, "environment", "github_event_name")
}

// NPM is the build type of npm publish on GitHub Actions.
const NPM = "https://github.com/npm/cli/gha/v2"

// npm: the command runs in the user's job and takes what it writes from environment
// variables.
func npm() Profile {
	return Profile{
		Name:       "npm-cli",
		BuildTypes: []string{NPM},
		Parameters: []string{"workflow", "configSource", "parameters"},
		whole:      true,
		read: func(d *document, c *Canonical) {
			if _, current := d.external["workflow"]; current {
				readWorkflow(d, c)
				return
			}
			readConfigSource(d, c)
			if c.Trigger == "" {
				c.Trigger = d.text(d.internal, "environment", "GITHUB_EVENT_NAME")
			}
		},
	}
}
