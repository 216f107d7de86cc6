// Package policytest helps to test what uses package policy and what implements it:
// fake engines, synthetic evidence, and the conformance kit of policy.PolicyEngine.
package policytest
