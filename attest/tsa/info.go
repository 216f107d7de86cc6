package tsa

import (
	"crypto"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// info is what is read of a TSTInfo (RFC 3161 section 2.4.2).
type info struct {
	time      time.Time
	algorithm cryptobyte.String // OID of the imprint's digest
	imprint   cryptobyte.String
}

// readInfo reads a TSTInfo of version 1. What it says besides (policy, serial
// number, accuracy, nonce) must be well formed and decides nothing; an extension
// that is critical refuses the whole, for none is known here (RFC 5280 section 4.2).
func readInfo(der cryptobyte.String) (out info, ok bool) {
	var sequence, imprint, at, rest cryptobyte.String
	var version int64
	var has bool
	ok = der.ReadASN1(&sequence, cbasn1.SEQUENCE) && der.Empty() &&
		sequence.ReadASN1Integer(&version) && version == 1 &&
		sequence.SkipASN1(cbasn1.OBJECT_IDENTIFIER) &&
		sequence.ReadASN1(&imprint, cbasn1.SEQUENCE) &&
		readAlgorithm(&imprint, &out.algorithm) && imprint.ReadASN1(&out.imprint, cbasn1.OCTET_STRING) && imprint.Empty() &&
		sequence.SkipASN1(cbasn1.INTEGER) &&
		sequence.ReadASN1(&at, cbasn1.GeneralizedTime)
	if !ok {
		return out, false
	}
	// RFC 3161 allows fractions of seconds, in their shortest form, and UTC alone.
	const layout = "20060102150405.999999999Z"
	var err error
	if out.time, err = time.Parse(layout, string(at)); err != nil || out.time.Format(layout) != string(at) {
		return out, false
	}
	var extensions cryptobyte.String
	ok = sequence.ReadOptionalASN1(&rest, &has, cbasn1.SEQUENCE) && // accuracy
		sequence.SkipOptionalASN1(cbasn1.BOOLEAN) && // ordering
		sequence.SkipOptionalASN1(cbasn1.INTEGER) && // nonce
		sequence.SkipOptionalASN1(cbasn1.Tag(0).ContextSpecific().Constructed()) && // tsa
		sequence.ReadOptionalASN1(&extensions, &has, cbasn1.Tag(1).ContextSpecific().Constructed()) && sequence.Empty()
	return out, ok && areHarmless(extensions)
}

// areHarmless reports whether all extensions may be passed over.
func areHarmless(extensions cryptobyte.String) bool {
	for !extensions.Empty() {
		var one, id cryptobyte.String
		var critical bool
		if !extensions.ReadASN1(&one, cbasn1.SEQUENCE) || !readOID(&one, &id) ||
			!one.ReadOptionalASN1Boolean(&critical, cbasn1.BOOLEAN, false) || critical ||
			!one.SkipASN1(cbasn1.OCTET_STRING) || !one.Empty() {
			return false
		}
	}
	return true
}

// hashOf returns the digest that an OID names, 0 if it is none of SHA-2.
func hashOf(oid cryptobyte.String) crypto.Hash {
	switch string(oid) {
	case oidSHA256:
		return crypto.SHA256
	case oidSHA384:
		return crypto.SHA384
	case oidSHA512:
		return crypto.SHA512
	}
	return 0
}
