// Package deploytest helps to test what uses package deploy and what implements
// it: fixtures that are authorized by a real gate on made-up evidence, an
// in-memory recorder, the conformance kit of deploy.DeploymentRecorder and
// deploy.Querier, and a harness that kills processes. Nothing in it needs a
// network, privileges or a clock, but the harness, which needs processes.
package deploytest
