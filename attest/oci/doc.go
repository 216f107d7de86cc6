// Package oci attaches attestations to artifacts in OCI registries and image
// layouts, and lists them: one artifact manifest for each attestation, whose
// subject is the artifact (OCI image specification 1.1, "subject"; distribution
// specification 1.1, "Listing Referrers").
//
//	store, err := oci.OpenRegistry(oci.Registry{Repository: "registry.example/app", Transport: t})
//	_, err = store.Attach(ctx, image, attestation, nil)
//	for referrer, err := range store.List(ctx, image.Digest, oci.Query{}) { ... }
//
// What List yields was checked against the digests and sizes that lead to it,
// and names the subject in its own manifest. It is unverified all the same: an
// attest.Verifier judges it. A registry can always leave an attestation out; who
// needs a certain one must demand it.
//
// # Registries without the referrers API
//
// There the distribution specification has clients keep an index under the tag
// "sha256-<subject>", which each of them reads, changes and writes as a whole: of
// two that do so at a time one loses its entry, and neither notices. Attach
// therefore first gives its manifest a tag of its own, "sha256-<subject>.<40 digits
// of the manifest's digest>", over which nobody contends. Then it repeats: read
// the index and the tags, add every entry that the index lacks, write, until a
// reading finds nothing missing. A writer that overwrote another's entry so puts it
// back. Where the registry gives an ETag for the index, the write carries it as
// If-Match, and one that the registry refuses is repeated.
//
// A registry is one without the API if it answers 404 to a request for referrers, as
// the specification has it.
//
// List reads the index and the tags. An attestation for which Attach returned
// without an error is found by List whatever other writers do, short of deleting
// tags. What stays impossible without conditional writes: that readers of the
// index alone find it if a client that does not repeat, or that died between its
// write and its next reading, was the last to write. The next Attach to the
// subject repairs that. Attach refuses a registry that does not list its tags, an
// index that it cannot read, and gives up with CodeContended after a bounded
// number of rounds.
//
// # What is contacted
//
// The caller gives the transport and the credentials; no environment variable and
// no configuration file is read. Requests go to the registry's own host. Others
// must be listed: RedirectHosts for reads without credentials, TokenHosts for
// those that may see credentials. Only Insecure allows plain HTTP.
package oci
