package main

import "github.com/sealwright/sealwright/attest"

// commit is what the statement's source was at.
const commit = "c27d339ee6075c1f744c5d4b200f7901aad2c369"

// gitHub returns a statement as actions/attest-build-provenance writes it.
func gitHub() []byte {
	return []byte(`{"_type":"` + attest.StatementType + `","subject":[{"name":"app-linux-amd64","digest":{"sha256":"5c1e3a4f0d2b6978877665544332211000ffeeddccbbaa998877665544332211"}}],` +
		`"predicateType":"https://slsa.dev/provenance/v1","predicate":{"buildDefinition":{"buildType":"https://actions.github.io/buildtypes/workflow/v1",` +
		`"externalParameters":{"workflow":{"ref":"refs/tags/v1.2.3","repository":"https://github.com/octocat/hello-world","path":".github/workflows/release.yml"}},` +
		`"internalParameters":{"github":{"event_name":"push","repository_id":"123456789","repository_owner_id":"583231","runner_environment":"github-hosted"}},` +
		`"resolvedDependencies":[{"uri":"git+https://github.com/octocat/hello-world@refs/tags/v1.2.3","digest":{"gitCommit":"` + commit + `"}}]},` +
		`"runDetails":{"builder":{"id":"https://github.com/octocat/hello-world/.github/workflows/release.yml@refs/tags/v1.2.3"},` +
		`"metadata":{"invocationId":"https://github.com/octocat/hello-world/actions/runs/9876543210/attempts/1"}}}}`)
}
