// Package oci holds package attest/oci against registries that others wrote.
package oci
