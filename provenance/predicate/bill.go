package predicate

import (
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// The predicate types of bills of materials.
const (
	CycloneDXType = "https://cyclonedx.org/bom"
	SPDXType      = "https://spdx.dev/Document"
	SPDX23Type    = "https://spdx.dev/Document/v2.3"
	SPDX3Type     = "https://spdx.dev/Document/v3"
)

// The formats of bills of materials.
const (
	FormatCycloneDX = "CycloneDX"
	FormatSPDX      = "SPDX"
)

// A Bill is the header of a bill of materials: enough to tell which it is. The bill
// itself is the statement's predicate.
type Bill struct {
	Format string // FormatCycloneDX or FormatSPDX
	// Version is that of the format, such as "1.6" or "2.3".
	Version string
	// Name identifies the document: the serial number of CycloneDX, the document
	// namespace of SPDX 2. It may be empty.
	Name string
}

// DecodeBill reads the header of a bill of materials, and demands that it fits the
// predicate type. The body is only known to be strict JSON.
func DecodeBill(s *attest.Statement) (*Bill, error) {
	if s == nil {
		return nil, attest.Refuse(CodeNil, "statement", "a statement", "nil")
	}
	var names [3]string
	switch s.PredicateType() {
	case CycloneDXType:
		names = [3]string{"bomFormat", "specVersion", "serialNumber"}
	case SPDXType, SPDX23Type:
		names = [3]string{"SPDXID", "spdxVersion", "documentNamespace"}
	case SPDX3Type:
		names = [3]string{"@context", "@context", ""}
	default:
		return nil, attest.Refuse(CodeType, "/predicateType", "CycloneDX or SPDX", excerpt.Quote(s.PredicateType()))
	}
	raw := s.Predicate()
	var got [3]string
	for i, name := range names {
		if name == "" {
			continue
		}
		parts, err := strictjson.Fields(raw, strictjson.Options{Bytes: len(raw), AllowUnknown: true}, name)
		if err != nil {
			return nil, attest.Refuse(CodeJSON, "/predicate", "strict JSON", "").Because(err)
		}
		if parts[0] == nil {
			continue
		}
		if got[i], err = parts[0].Text(); err != nil {
			return nil, attest.Refuse(CodeJSON, "/predicate/"+name, "a string", "").Because(err)
		}
	}
	return bill(s.PredicateType(), got)
}

func bill(predicateType string, got [3]string) (*Bill, error) {
	refuse := func(at, want, got string) (*Bill, error) {
		return nil, attest.Refuse(CodeValue, "/predicate/"+at, want, excerpt.Quote(got))
	}
	switch predicateType {
	case CycloneDXType:
		if got[0] != FormatCycloneDX {
			return refuse("bomFormat", FormatCycloneDX, got[0])
		}
		if !majorMinor.MatchString(got[1]) {
			return refuse("specVersion", "MAJOR.MINOR", got[1])
		}
		return &Bill{FormatCycloneDX, got[1], got[2]}, nil
	case SPDX3Type:
		version, ok := strings.CutPrefix(got[0], "https://spdx.org/rdf/3.")
		version, end := strings.CutSuffix(version, "/spdx-context.jsonld")
		if !ok || !end || strings.Trim(version, "0123456789.") != "" || version == "" {
			return refuse("@context", "the context of SPDX 3", got[0])
		}
		return &Bill{FormatSPDX, "3." + version, ""}, nil
	}
	version, ok := strings.CutPrefix(got[1], "SPDX-")
	if got[0] != "SPDXRef-DOCUMENT" {
		return refuse("SPDXID", "SPDXRef-DOCUMENT", got[0])
	}
	if !ok || !strings.HasPrefix(version, "2.") || !majorMinor.MatchString(version) || predicateType == SPDX23Type && version != "2.3" {
		return refuse("spdxVersion", "the version of "+predicateType, got[1])
	}
	return &Bill{FormatSPDX, version, got[2]}, nil
}
