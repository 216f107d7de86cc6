module github.com/sealwright/sealwright/internal/e2e/licences

go 1.26.0

require (
	github.com/github/go-spdx/v2 v2.8.0
	github.com/sealwright/sealwright v0.0.0
	github.com/stretchr/testify v1.12.1
)

require (
	github.com/CycloneDX/cyclonedx-go v0.12.0 // indirect
	github.com/fxamacker/cbor/v2 v2.10.0 // indirect
	github.com/package-url/packageurl-go v0.1.7 // indirect
	github.com/x448/float16 v0.8.4 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
)

replace github.com/sealwright/sealwright => ../../..
