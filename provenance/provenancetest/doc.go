// Package provenancetest helps to test what reads provenance: a sample build, and
// mutations of JSON documents, node by node.
package provenancetest
