package deploy

import (
	"context"
	"time"

	"github.com/sealwright/sealwright/attest/digest"
)

// A DeploymentRecorder keeps what was deployed, append-only.
//
// Record returns a receipt only when the record is durable: it survives the
// death of the process and of the machine. Records of one place form a chain:
// Record refuses, with CodeGeneration, a generation that is not the next one of
// its place, and with another code of this package what Timeline.Check refuses.
// Of any number of concurrent records of one generation exactly one is kept.
//
// Record is idempotent by the request's digest: an equal record again returns a
// receipt of the one entry; a different record of the same request is refused
// with CodeReplay. After an error the caller does not know whether the record
// was kept, and calls Record again with the same record. The zero Authorization
// is refused with CodeUnauthorized, a nil record with CodeNil. When ctx has
// ended, Record returns its error and keeps nothing.
//
// Implementations must be safe for concurrent use and must not retain or change
// the record. Package deploytest has the conformance kit.
type DeploymentRecorder interface {
	Record(ctx context.Context, r *Record) (Receipt, error)
}

// A Querier answers from verified records. Every answer names the number of
// records that it reflects, which never decreases, and includes every record
// whose receipt was returned before the question was asked. An answer without
// entries means that there are none; what could not be looked up is an error.
//
// Implementations must be safe for concurrent use.
type Querier interface {
	// Live returns what runs in the environment, ordered by place.
	Live(ctx context.Context, env EnvironmentID) (Answer, error)
	// AsOf returns what ran in the environment at the instant t, ordered by place.
	// A deployment runs from when it finished, included, until the one that ended
	// it finished, excluded.
	AsOf(ctx context.Context, env EnvironmentID, t time.Time) (Answer, error)
	// History returns records in the order of the log.
	History(ctx context.Context, q HistoryQuery) (Answer, error)
	// Head returns the last record of the place, whatever its outcome.
	Head(ctx context.Context, p Place) (Head, error)
}

// A HistoryQuery selects records. At least one of Environment and Digest must be
// set; if both are, a record must match both.
type HistoryQuery struct {
	Environment EnvironmentID
	Digest      digest.Digest // the SHA-256 digest of an artifact
	From        uint64        // the first index to look at; Answer.Next continues
	Limit       int           // at most so many entries; 0 means 1000, which is also the most
}

// An Answer is what a Querier found.
type Answer struct {
	Size    uint64 // the number of records that the answer reflects
	Entries []Entry
	// Next is where to continue when Limit cut the answer; 0 when it is complete.
	Next uint64
}

// A Head is where a place stands. The zero Head is that of a place without
// records.
type Head struct {
	Generation uint64        // of the last record; the next request takes one more
	Request    digest.Digest // of the last record: the next record's Previous
}
