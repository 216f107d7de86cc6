// Package bundle packs a signed policy document (package policy/doc) as an OCI
// artifact, in a registry or an image layout, and reads it back.
//
//	d, err := bundle.Push(ctx, store, bundle.Bundle{Document: document, Signatures: signatures}, "latest")
//	config, err := bundle.Load(ctx, store, "latest@"+d.Digest.String(), trust, now)
//
// The artifact is an image manifest of artifactType ArtifactType, whose first layer
// is the document, of MediaTypeDocument, and whose other layers are the attestations
// that release it, each of its own media type. Nothing else is a bundle.
//
// A bundle is read by the digest of its manifest. A tag alone is refused, for who may
// push could move it; beside a digest it is decoration. The digest says which bytes
// are meant, the signatures whose policy it is, and the VersionStore that it is not an
// older one: whoever maintains the pin can err, or be made to. Versions is such a
// store in a file.
package bundle
