package osv

import (
	"encoding/json"
	"regexp"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/strictjson"
	"github.com/sealwright/sealwright/scan"
)

// A record is what this package reads of an OSV record. Fields that it does not
// name are ignored, as the schema demands of readers; a known field of the wrong
// type is refused.
type record struct {
	SchemaVersion    string          `json:"schema_version"`
	ID               string          `json:"id"`
	Modified         string          `json:"modified"`
	Withdrawn        *string         `json:"withdrawn"`
	Aliases          []string        `json:"aliases"`
	Summary          string          `json:"summary"`
	Severity         []severity      `json:"severity"`
	Affected         []affected      `json:"affected"`
	DatabaseSpecific json.RawMessage `json:"database_specific"`

	modified time.Time
	digest   digest.Digest
}

type severity struct {
	Type  string `json:"type"`
	Score string `json:"score"`
}

type affected struct {
	Package           packageName     `json:"package"`
	Severity          []severity      `json:"severity"`
	Ranges            []versionRange  `json:"ranges"`
	Versions          []string        `json:"versions"`
	EcosystemSpecific json.RawMessage `json:"ecosystem_specific"`
	DatabaseSpecific  json.RawMessage `json:"database_specific"`
}

type packageName struct {
	Ecosystem string `json:"ecosystem"`
	Name      string `json:"name"`
}

type versionRange struct {
	Type   string  `json:"type"`
	Events []event `json:"events"`
}

type event struct {
	Introduced   *string `json:"introduced"`
	Fixed        *string `json:"fixed"`
	LastAffected *string `json:"last_affected"`
	Limit        *string `json:"limit"`
}

// idForm is the schema's: a database prefix and anything printable that can be
// a file name.
var idForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*-[A-Za-z0-9._:-]{1,120}$`)

// parseRecord reads one record. The error carries CodeJSON, CodeSchema or
// CodeLimit.
func parseRecord(data []byte, limits Limits) (*record, error) {
	var r record
	opts := strictjson.Options{Bytes: limits.RecordBytes, Depth: 32, AllowUnknown: true}
	if int64(len(data)) > int64(limits.RecordBytes) {
		return nil, tooLarge(limits.RecordBytes)
	}
	if err := strictjson.Unmarshal(data, &r, opts); err != nil {
		return nil, attest.Refuse(CodeJSON, "", "strict JSON of an OSV record", scan.Quote(err.Error())).Because(err)
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	r.digest = sum(data)
	return &r, nil
}

func (r *record) check() error {
	if !idForm.MatchString(r.ID) {
		return attest.Refuse(CodeSchema, "/id", "an OSV id", scan.Quote(r.ID))
	}
	if r.SchemaVersion != "" && !strings.HasPrefix(r.SchemaVersion, "1.") {
		return attest.Refuse(CodeSchema, "/schema_version", "1.x", scan.Quote(r.SchemaVersion))
	}
	var err error
	if r.modified, err = time.Parse(time.RFC3339, r.Modified); err != nil {
		return attest.Refuse(CodeSchema, "/modified", "a time as RFC 3339 writes it", scan.Quote(r.Modified))
	}
	if r.Withdrawn != nil {
		if _, err := time.Parse(time.RFC3339, *r.Withdrawn); err != nil {
			return attest.Refuse(CodeSchema, "/withdrawn", "a time as RFC 3339 writes it", scan.Quote(*r.Withdrawn))
		}
		return nil
	}
	if len(r.Affected) == 0 {
		return attest.Refuse(CodeSchema, "/affected", "at least one package", "none")
	}
	for _, a := range r.Affected {
		if a.Package.Ecosystem == "" || a.Package.Name == "" {
			return attest.Refuse(CodeSchema, "/affected/package", "an ecosystem and a name", scan.Quote(a.Package.Ecosystem+" "+a.Package.Name))
		}
	}
	return nil
}

// imports returns the vulnerable package paths that the Go vulnerability
// database lists. Of another shape, they are nobody's loss: they clear nothing.
func (a affected) imports() []scan.Import {
	var specific struct {
		Imports []struct {
			Path    string   `json:"path"`
			Symbols []string `json:"symbols"`
		} `json:"imports"`
	}
	if len(a.EcosystemSpecific) == 0 || json.Unmarshal(a.EcosystemSpecific, &specific) != nil {
		return nil
	}
	var out []scan.Import
	for _, i := range specific.Imports {
		out = append(out, scan.Import{Path: i.Path, Symbols: i.Symbols})
	}
	return out
}
