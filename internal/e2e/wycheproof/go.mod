module github.com/sealwright/sealwright/internal/e2e/wycheproof

go 1.26.4

require (
	filippo.io/mldsa v1.0.0
	github.com/c2sp/wycheproof v0.0.0-20260902155932-3fa63dd0344a
	github.com/sealwright/sealwright v0.0.0-00010101000000-000000000000
	github.com/stretchr/testify v1.12.1
)

require go.yaml.in/yaml/v3 v3.0.5 // indirect

replace github.com/sealwright/sealwright => ../../..
