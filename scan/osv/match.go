package osv

import (
	"context"
	"errors"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/scan"
	"github.com/sealwright/sealwright/scan/internal/golang"
)

// Name is the matcher's name in a report.
const Name = "osv"

// Rule is the rule of every finding of this package.
const Rule = "osv.affected"

// Descriptor implements scan.Matcher. Its data is the snapshot's root.
func (s *Snapshot) Descriptor() scan.Descriptor {
	return scan.Descriptor{Name: Name, Version: "1", Data: s.info.Root}
}

// Match implements scan.Matcher. It returns one finding for each advisory that
// affects a package. Gaps tell the ecosystems that it cannot judge, the rejected
// records that may concern the packages' ecosystems, and what it had to assume.
func (s *Snapshot) Match(ctx context.Context, packages []scan.Package) (scan.Result, error) {
	var result scan.Result
	judged := map[string]bool{}
	for _, p := range packages {
		if err := ctx.Err(); err != nil {
			return scan.Result{}, err
		}
		usable, met := judged[p.Ecosystem]
		if !met {
			var gaps []scan.Gap
			usable, gaps = s.ecosystem(p.Ecosystem)
			judged[p.Ecosystem] = usable
			result.Gaps = append(result.Gaps, gaps...)
		}
		if usable {
			s.match(p, &result)
		}
	}
	return result, nil
}

// ecosystem tells whether packages of an ecosystem can be judged, and what
// stands in the way of judging them completely.
func (s *Snapshot) ecosystem(name string) (usable bool, gaps []scan.Gap) {
	gap := func(r attest.Reason, record string) {
		gaps = append(gaps, scan.Gap{Reason: r, Record: record})
	}
	if name != golang.Ecosystem {
		gap(attest.Reason{Code: CodeEcosystemUnsupported, Want: golang.Ecosystem, Got: scan.Quote(name)}, name)
		return false, gaps
	}
	if s.info.Records[name] == 0 {
		gap(attest.Reason{Code: CodeEcosystemAbsent, Want: "records of " + name, Got: "none"}, name)
		return false, gaps
	}
	for _, r := range s.info.Rejected {
		if r.Ecosystem == "" || r.Ecosystem == name {
			gap(r.Reason, r.Path)
		}
	}
	return true, gaps
}

func (s *Snapshot) match(p scan.Package, result *scan.Result) {
	ref := p.Ref()
	for _, a := range s.byPackage[packageName{p.Ecosystem, p.Name}] {
		affected, err := a.Affects(p.Version)
		if err != nil {
			result.Gaps = append(result.Gaps, undecided(a, p, err))
		}
		if !affected {
			continue
		}
		about := a.Advisory
		result.Findings = append(result.Findings, scan.Finding{
			Rule: Rule, Severity: a.Severity, Scores: a.Scores, Summary: a.Summary,
			Assumed: err != nil, Package: &ref, Advisory: &about, Locations: p.Locations,
		})
	}
}

func undecided(a *Advisory, p scan.Package, err error) scan.Gap {
	g := scan.Gap{Record: a.ID + " " + p.Name + "@" + p.Version}
	var refused *attest.Error
	if errors.As(err, &refused) {
		g.Reason = refused.Reason
	}
	return g
}
