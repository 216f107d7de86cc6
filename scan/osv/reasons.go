package osv

import "github.com/sealwright/sealwright/attest"

// The codes of this package.
const (
	// CodeNil: a required argument is nil.
	CodeNil attest.Code = "scan.osv.argument-nil"
	// CodeUnreadable: the database, or an archive of it, cannot be read.
	CodeUnreadable attest.Code = "scan.osv.unreadable"
	// CodeEmpty: the database, or an archive of it, has no usable record.
	CodeEmpty attest.Code = "scan.osv.empty"
	// CodeEcosystemAbsent: the database has nothing about an ecosystem. That is
	// not the same as having no advisory about a package.
	CodeEcosystemAbsent attest.Code = "scan.osv.ecosystem-absent"
	// CodeEcosystemUnsupported: versions of the ecosystem cannot be ordered here.
	CodeEcosystemUnsupported attest.Code = "scan.osv.ecosystem-unsupported"
	// CodeLimit: the database or a record exceeds its limits.
	CodeLimit attest.Code = "scan.osv.limit"
	// CodeName: an archive has an entry that is not named <id>.json, or a record
	// whose id is not its name.
	CodeName attest.Code = "scan.osv.record-name"
	// CodeJSON: a record is not strict JSON, or a known field has the wrong type.
	CodeJSON attest.Code = "scan.osv.record-json"
	// CodeSchema: a record lacks what the schema demands, or is of another version
	// of it.
	CodeSchema attest.Code = "scan.osv.record-schema"
	// CodeDuplicate: two different records have one id. Both are matched.
	CodeDuplicate attest.Code = "scan.osv.record-duplicate"
	// CodeRange: a range of a record cannot be evaluated; its package is assumed
	// affected.
	CodeRange attest.Code = "scan.osv.range"
	// CodeVersion: a package's version cannot be ordered; it is assumed affected.
	CodeVersion attest.Code = "scan.osv.version"
	// CodeOther: the snapshot is not the one that was demanded.
	CodeOther attest.Code = "scan.osv.snapshot-other"
	// CodeUndated: no record tells when it was modified.
	CodeUndated attest.Code = "scan.osv.snapshot-undated"
	// CodeStale: the newest record is older than allowed.
	CodeStale attest.Code = "scan.osv.snapshot-stale"
	// CodeFuture: a record claims to be modified in the future.
	CodeFuture attest.Code = "scan.osv.snapshot-future"
	// CodeShrunk: an ecosystem has fewer records than demanded.
	CodeShrunk attest.Code = "scan.osv.snapshot-shrunk"
	// CodeRollback: the snapshot is older, or has fewer records, than one that was
	// seen before.
	CodeRollback attest.Code = "scan.osv.snapshot-rollback"
	// CodeRejected: the snapshot has rejected records.
	CodeRejected attest.Code = "scan.osv.snapshot-rejected"
)

// Codes returns every code that this package itself can give.
func Codes() []attest.Code {
	return []attest.Code{
		CodeNil, CodeUnreadable, CodeEmpty, CodeEcosystemAbsent, CodeEcosystemUnsupported,
		CodeLimit, CodeName, CodeJSON, CodeSchema, CodeDuplicate, CodeRange, CodeVersion,
		CodeOther, CodeUndated, CodeStale, CodeFuture, CodeShrunk, CodeRollback, CodeRejected,
	}
}
