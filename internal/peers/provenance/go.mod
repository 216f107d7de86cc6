module github.com/sealwright/sealwright/internal/peers/provenance

go 1.26.0

replace github.com/sealwright/sealwright => ../../..

require (
	github.com/in-toto/attestation v1.2.0
	github.com/sealwright/sealwright v0.0.0-00010101000000-000000000000
	google.golang.org/protobuf v1.36.12
)

require github.com/package-url/packageurl-go v0.1.7 // indirect
