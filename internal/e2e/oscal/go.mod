module github.com/sealwright/sealwright/internal/e2e/oscal

go 1.26.0

require (
	github.com/defenseunicorns/go-oscal v0.7.0
	github.com/sealwright/sealwright v0.0.0
	github.com/stretchr/testify v1.12.1
)

require (
	github.com/santhosh-tekuri/jsonschema/v6 v6.0.3 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/text v0.43.0 // indirect
	gopkg.in/yaml.v3 v3.0.1 // indirect
)

replace github.com/sealwright/sealwright => ../../..
