package osv

import (
	"encoding/json"
	"strconv"
	"strings"

	gocvss20 "github.com/pandatix/go-cvss/20"
	gocvss30 "github.com/pandatix/go-cvss/30"
	gocvss31 "github.com/pandatix/go-cvss/31"
	gocvss40 "github.com/pandatix/go-cvss/40"

	"github.com/sealwright/sealwright/scan"
)

// rate returns the worst severity that the record gives the package, and all its
// scores: CVSS vectors first, those of the package before those of the record;
// then the word in database_specific.severity. Without either it is Unknown.
func rate(r *record, a affected) (scan.Severity, []scan.Score) {
	given := a.Severity
	if len(given) == 0 {
		given = r.Severity
	}
	worst, rated := scan.None, false
	var scores []scan.Score
	for _, s := range given {
		score := scan.Score{Method: s.Type, Vector: s.Score}
		if value, ok := cvss(s); ok {
			score.Score = strconv.FormatFloat(value, 'f', 1, 64)
			worst, rated = maxSeverity(worst, band(s.Type, value)), true
		}
		scores = append(scores, score)
	}
	if rated {
		return worst, scores
	}
	for _, specific := range []json.RawMessage{a.DatabaseSpecific, a.EcosystemSpecific, r.DatabaseSpecific} {
		if word, ok := severityWord(specific); ok {
			return word, scores
		}
	}
	return scan.Unknown, scores
}

func maxSeverity(a, b scan.Severity) scan.Severity {
	if b.Compare(a) > 0 {
		return b
	}
	return a
}

// cvss scores a vector; ok is false if it is none.
func cvss(s severity) (score float64, ok bool) {
	switch {
	case s.Type == "CVSS_V2":
		v, err := gocvss20.ParseVector(s.Score)
		if err != nil {
			return 0, false
		}
		return v.BaseScore(), true
	case strings.HasPrefix(s.Score, "CVSS:3.0/"):
		v, err := gocvss30.ParseVector(s.Score)
		if err != nil {
			return 0, false
		}
		return v.BaseScore(), true
	case strings.HasPrefix(s.Score, "CVSS:3.1/"):
		v, err := gocvss31.ParseVector(s.Score)
		if err != nil {
			return 0, false
		}
		return v.BaseScore(), true
	case strings.HasPrefix(s.Score, "CVSS:4.0/"):
		v, err := gocvss40.ParseVector(s.Score)
		if err != nil {
			return 0, false
		}
		return v.Score(), true
	}
	return 0, false
}

// band is the qualitative scale of CVSS v3.1 section 5; CVSS v2 has no name for
// 9.0 and more, and takes the same.
func band(method string, score float64) scan.Severity {
	switch {
	case score >= 9:
		return scan.Critical
	case score >= 7:
		return scan.High
	case score >= 4:
		return scan.Medium
	case score > 0 || method == "CVSS_V2":
		return scan.Low
	}
	return scan.None
}

// severityWord reads the "severity" that GitHub and others put into
// database_specific.
func severityWord(specific json.RawMessage) (scan.Severity, bool) {
	var object struct {
		Severity json.RawMessage `json:"severity"`
	}
	var word string
	if len(specific) == 0 || json.Unmarshal(specific, &object) != nil || json.Unmarshal(object.Severity, &word) != nil {
		return scan.Unknown, false
	}
	switch strings.ToUpper(word) {
	case "NONE":
		return scan.None, true
	case "LOW":
		return scan.Low, true
	case "MODERATE", "MEDIUM":
		return scan.Medium, true
	case "HIGH":
		return scan.High, true
	case "CRITICAL":
		return scan.Critical, true
	}
	return scan.Unknown, false
}
