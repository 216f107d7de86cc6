package tee

import (
	"bytes"
	"crypto"
	"maps"
	"slices"
	"time"

	"github.com/sealwright/sealwright/attest/digest"
)

// A Tri answers a question that not every technology asks. The zero value,
// Unknown, is the answer of a backend that did not look, and is refused
// wherever the answer matters.
type Tri uint8

// The answers. A backend says No also where its technology has no such mode.
const (
	Unknown Tri = iota
	No
	Yes
)

// String returns "unknown", "no" or "yes".
func (t Tri) String() string {
	switch t {
	case No:
		return "no"
	case Yes:
		return "yes"
	}
	return "unknown"
}

// A TCBStatus is how up to date the vendor holds the platform's trusted
// computing base to be, the worst of all its parts. The zero value,
// TCBUnknown, is refused.
type TCBStatus uint8

// The statuses, from unknown and bad to good.
const (
	TCBUnknown TCBStatus = iota
	// TCBRevoked: the vendor withdrew it.
	TCBRevoked
	// TCBOutOfDate: fixes exist that the platform does not run.
	TCBOutOfDate
	// TCBConfigurationNeeded: up to date, but software or settings must
	// mitigate a known weakness.
	TCBConfigurationNeeded
	// TCBUpToDate: as new as the vendor's collateral demands.
	TCBUpToDate
	// TCBNotJudged: the technology publishes nothing to judge it by.
	TCBNotJudged
)

// String returns the status in lower case with hyphens.
func (s TCBStatus) String() string {
	names := []string{"unknown", "revoked", "out-of-date", "configuration-needed", "up-to-date", "not-judged"}
	if int(s) < len(names) {
		return names[s]
	}
	return names[TCBUnknown]
}

// A Measurement is the value of one register that the hardware reported.
type Measurement struct {
	Register string // "PCR", "RTMR", "MRTD", ...
	Index    int
	Value    digest.Digest
	// Selected tells that the hardware's signature covers the value. A value
	// that is not selected is hearsay and never meets a reference value.
	Selected bool
}

// Claims are what a backend read out of evidence whose signatures it verified,
// in terms that are common to all technologies. They are facts, not a verdict.
type Claims struct {
	// ReportData is the whole field that the attester could choose and the
	// hardware signed, 32 or 64 bytes. The core compares it with the digest of
	// the binding; the backend does not.
	ReportData []byte
	// Measurements are ordered by Register and Index.
	Measurements []Measurement
	// Debug: somebody outside can read or change the environment.
	Debug Tri
	// Migratable: the environment or its keys can move to other hardware.
	Migratable Tri
	// MemoryEncrypted: memory is encrypted against the rest of the machine.
	MemoryEncrypted Tri
	// Privilege is the level inside the environment that asked for the report;
	// 0 is the most privileged (VMPL 0) and the only level of most kinds.
	Privilege int
	// TCB is the vendor's judgement, Advisories what it cites.
	TCB        TCBStatus
	Advisories []string
	// HardwareID tells one machine from another for as long as it lives. Empty
	// when the technology hides it.
	HardwareID []byte
	// KeyPub is a signing key that the hardware holds and certified as not
	// exportable; nil when the evidence certifies none.
	KeyPub crypto.PublicKey
	// NotBefore and NotAfter bound the time in which every certificate and every
	// piece of collateral that was relied on is valid. Both are mandatory.
	NotBefore, NotAfter time.Time
	// Vendor holds what only one technology knows, for people and for rules.
	Vendor map[string]any
}

// Clone returns a copy that shares nothing with c but the key and the values
// in Vendor, which nobody may change.
func (c *Claims) Clone() *Claims {
	if c == nil {
		return nil
	}
	d := *c
	d.ReportData = bytes.Clone(c.ReportData)
	d.Measurements = slices.Clone(c.Measurements)
	d.Advisories = slices.Clone(c.Advisories)
	d.HardwareID = bytes.Clone(c.HardwareID)
	d.Vendor = maps.Clone(c.Vendor)
	return &d
}
