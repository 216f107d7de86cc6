module github.com/sealwright/sealwright/internal/e2e/oci

go 1.26.0

require (
	github.com/google/go-containerregistry v0.22.1
	github.com/sealwright/sealwright v0.0.0
	github.com/stretchr/testify v1.12.1
	oras.land/oras-go/v2 v2.7.0
)

require (
	github.com/CycloneDX/cyclonedx-go v0.12.0 // indirect
	github.com/fxamacker/cbor/v2 v2.10.0 // indirect
	github.com/opencontainers/go-digest v1.0.0 // indirect
	github.com/opencontainers/image-spec v1.1.1 // indirect
	github.com/package-url/packageurl-go v0.1.7 // indirect
	github.com/secure-systems-lab/go-securesystemslib v0.11.1 // indirect
	github.com/x448/float16 v0.8.4 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/crypto v0.58.0 // indirect
	golang.org/x/sync v0.24.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

replace github.com/sealwright/sealwright => ../../..
