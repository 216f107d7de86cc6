// Package oci collects facts about a container image (OCI image specification v1.1) in
// an image layout, or of which only manifest and configuration are at hand: the image,
// its layers, and what it says of its base and source.
//
// Manifest, configuration and layers are measured: every blob is read and held against
// the digest under which it is named. What stands in annotations and labels is
// self-asserted, even so: whoever built the image, or any image below it, wrote it
// there. Of the labels only those for source and revision are read, and nothing of the
// configuration that could hold a secret: no variables, no commands, no history.
package oci
