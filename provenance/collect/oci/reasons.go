package oci

import "github.com/sealwright/sealwright/attest"

// The codes of this package. Those of package collect come with them.
const (
	// CodeLayout: the directory is no image layout of version 1.0.0.
	CodeLayout attest.Code = "provenance.collect.oci-layout"
	// CodeManifest: it is not clear which image is meant, or it is none.
	CodeManifest attest.Code = "provenance.collect.oci-manifest"
	// CodeBlob: a blob is missing, or is not what its descriptor says.
	CodeBlob attest.Code = "provenance.collect.oci-blob"
)

// Codes returns every code of this package.
func Codes() []attest.Code { return []attest.Code{CodeLayout, CodeManifest, CodeBlob} }
