module github.com/sealwright/sealwright/internal/peers/sandbox

go 1.26.0

replace github.com/sealwright/sealwright => ../../..

require github.com/sealwright/sealwright v0.0.0-00010101000000-000000000000

require (
	github.com/package-url/packageurl-go v0.1.7 // indirect
	golang.org/x/sys v0.49.0 // indirect
)
