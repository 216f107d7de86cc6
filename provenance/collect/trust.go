package collect

import "strconv"

// Trust is how far a fact can be believed. Higher values are stronger.
type Trust uint8

// The degrees of trust. The zero Trust is the weakest.
const (
	// SelfAsserted: whoever runs code in the build can have chosen it: variables,
	// labels, results of steps.
	SelfAsserted Trust = iota
	// Measured: the collector computed it from the bytes that it names.
	Measured
	// PlatformAPI: the platform answered it to a request at an address that the
	// caller pins.
	PlatformAPI
	// PlatformSigned: the platform signed it under a key that the caller pins, or one
	// that an issuer whom the caller pins publishes.
	PlatformSigned
	// HardwareSigned: a key that hardware holds signed it. No collector of this module
	// gives it; it is for facts out of verified TEE evidence.
	HardwareSigned
)

// String returns the degree's name, such as "platform-signed".
func (t Trust) String() string {
	switch t {
	case SelfAsserted:
		return "self-asserted"
	case Measured:
		return "measured"
	case PlatformAPI:
		return "platform-api"
	case PlatformSigned:
		return "platform-signed"
	case HardwareSigned:
		return "hardware-signed"
	}
	return "trust(" + strconv.Itoa(int(t)) + ")"
}

// MarshalText is String.
func (t Trust) MarshalText() ([]byte, error) { return []byte(t.String()), nil }
