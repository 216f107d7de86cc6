package sign

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/chain"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// MediaTypeSigningConfig is the media type of signing configurations that
// ParseSigningConfig reads.
const MediaTypeSigningConfig = "application/vnd.dev.sigstore.signingconfig.v0.2+json"

// Services are those that make one bundle. All of them are asked, and each must
// answer. One of them must tell the time: a time-stamp authority, or a log of API
// version 1.
type Services struct {
	Fulcio string // base URL
	Logs   []Log
	// Stampers are the full URLs of RFC 3161 authorities.
	Stampers []string
}

// A Log is a Rekor log.
type Log struct {
	URL     string // base URL
	Version int    // of the API: 1 or 2
}

func (s Services) check() error {
	errs := []error{checkURL("Services.Fulcio", s.Fulcio)}
	for i, l := range s.Logs {
		where := "Services.Logs[" + strconv.Itoa(i) + "]"
		errs = append(errs, checkURL(where, l.URL))
		if l.Version != 1 && l.Version != 2 {
			errs = append(errs, attest.Refuse(CodeConfig, where+".Version", "1 or 2", strconv.Itoa(l.Version)))
		}
	}
	for i, u := range s.Stampers {
		errs = append(errs, checkURL("Services.Stampers["+strconv.Itoa(i)+"]", u))
	}
	// A certificate is good for minutes: somebody must vouch for when it was used.
	if len(s.Stampers) == 0 && !slices.ContainsFunc(s.Logs, func(l Log) bool { return l.Version == 1 }) {
		errs = append(errs, attest.Refuse(CodeConfig, "Services", "a time-stamp authority or a log of version 1", "nobody who tells the time"))
	}
	return errors.Join(errs...)
}

func checkURL(where, text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return attest.Refuse(CodeConfig, where, "an http URL of host and path", excerpt.Quote(text)).Because(err)
	}
	return nil
}

// A SigningConfig tells which services a Sigstore instance offers
// (sigstore_trustroot.proto, SigningConfig v0.2). It is immutable and safe for
// concurrent use.
type SigningConfig struct {
	wire wireSigningConfig
}

type wireSigningConfig struct {
	MediaType string        `json:"mediaType"`
	CA        []wireService `json:"caUrls"`
	OIDC      []wireService `json:"oidcUrls"`
	Logs      []wireService `json:"rekorTlogUrls"`
	LogRule   *wireSelector `json:"rekorTlogConfig"`
	Stampers  []wireService `json:"tsaUrls"`
	StampRule *wireSelector `json:"tsaConfig"`
}

type wireService struct {
	URL      string      `json:"url"`
	Version  int         `json:"majorApiVersion"`
	Window   *wireWindow `json:"validFor"`
	Operator string      `json:"operator"`
}

type wireWindow struct {
	Start *time.Time `json:"start"`
	End   *time.Time `json:"end"`
}

type wireSelector struct {
	Selector string `json:"selector"`
	Count    int    `json:"count"`
}

func (s wireService) validAt(t time.Time) bool {
	w := chain.Window{Start: *s.Window.Start}
	if s.Window.End != nil {
		w.End = *s.Window.End
	}
	return w.Contains(t)
}

// ParseSigningConfig reads a signing configuration of version 0.2. It refuses,
// with every fault at once, a service without usable URL, version or start of
// its validity, and logs or time-stamp authorities without a rule how many of
// them to use.
func ParseSigningConfig(data []byte) (*SigningConfig, error) {
	c := &SigningConfig{}
	if err := decode(CodeServices, "signing configuration", data, &c.wire, strictjson.Options{Bytes: 1 << 20, Depth: 6, Values: 5000}); err != nil {
		return nil, err
	}
	w := &c.wire
	if w.MediaType != MediaTypeSigningConfig {
		return nil, attest.Refuse(CodeServicesVersion, "/mediaType", MediaTypeSigningConfig, excerpt.Quote(w.MediaType))
	}
	err := errors.Join(checkServices("/caUrls", w.CA), checkServices("/oidcUrls", w.OIDC), checkServices("/rekorTlogUrls", w.Logs),
		checkServices("/tsaUrls", w.Stampers), w.LogRule.check("/rekorTlogConfig", len(w.Logs)), w.StampRule.check("/tsaConfig", len(w.Stampers)))
	if err != nil {
		return nil, err
	}
	return c, nil
}

func checkServices(where string, list []wireService) error {
	var errs []error
	for i, s := range list {
		where := where + "/" + strconv.Itoa(i)
		if err := checkURL(where, s.URL); err != nil {
			errs = append(errs, attest.Refuse(CodeServices, where+"/url", "an http URL", excerpt.Quote(s.URL)))
		}
		if s.Version < 1 {
			errs = append(errs, attest.Refuse(CodeServices, where+"/majorApiVersion", "1 or more", strconv.Itoa(s.Version)))
		}
		if s.Window == nil || s.Window.Start == nil {
			errs = append(errs, attest.Refuse(CodeServices, where+"/validFor", "a start", "none"))
		}
	}
	return errors.Join(errs...)
}

func (r *wireSelector) check(where string, services int) error {
	switch {
	case services == 0:
		return nil
	case r == nil:
		return attest.Refuse(CodeServices, where, "a selector", "none")
	case r.Selector == "ALL" || r.Selector == "ANY":
		return nil
	case r.Selector != "EXACT":
		return attest.Refuse(CodeServices, where+"/selector", "ALL, ANY or EXACT", excerpt.Quote(r.Selector))
	case r.Count < 1 || r.Count > services:
		return attest.Refuse(CodeServices, where+"/count", "1 to "+strconv.Itoa(services), strconv.Itoa(r.Count))
	}
	return nil
}

// Select returns the services to use at a time, by the rules of the protocol: of
// those valid then, whose highest API version is spoken here, the newest of each
// operator; of them all (ALL), one (ANY) or so many (EXACT). Where the rules leave
// a choice the newest is taken, and among equals the first, so that equal input
// gives equal services.
func (c *SigningConfig) Select(at time.Time) (Services, error) {
	var out Services
	ca, err := choose("/caUrls", c.wire.CA, &wireSelector{Selector: "ANY"}, at, 1)
	errs := []error{err}
	logs, err := choose("/rekorTlogUrls", c.wire.Logs, c.wire.LogRule, at, 2, 1)
	errs = append(errs, err)
	stampers, err := choose("/tsaUrls", c.wire.Stampers, c.wire.StampRule, at, 1)
	if err := errors.Join(append(errs, err)...); err != nil {
		return Services{}, err
	}
	if len(ca) == 0 {
		return Services{}, attest.Refuse(CodeSelection, "/caUrls", "a certificate authority", "none")
	}
	out.Fulcio = ca[0].URL
	for _, l := range logs {
		out.Logs = append(out.Logs, Log{l.URL, l.Version})
	}
	for _, s := range stampers {
		out.Stampers = append(out.Stampers, s.URL)
	}
	return out, nil
}

// choose returns services of the first of the versions that has any. No service
// at all is no fault: an instance may do without.
func choose(where string, list []wireService, rule *wireSelector, at time.Time, versions ...int) ([]wireService, error) {
	if len(list) == 0 {
		return nil, nil
	}
	newest := slices.Clone(list)
	slices.SortStableFunc(newest, func(a, b wireService) int { return b.Window.Start.Compare(*a.Window.Start) })
	var out []wireService
	for _, version := range versions {
		operators := map[string]bool{}
		for _, s := range newest {
			if s.Version == version && s.validAt(at) && !operators[s.Operator] {
				operators[s.Operator] = true
				out = append(out, s)
			}
		}
		if len(out) > 0 {
			break
		}
	}
	want := map[string]int{"ALL": max(1, len(out)), "ANY": 1, "EXACT": rule.Count}[rule.Selector]
	if len(out) < want {
		return nil, attest.Refuse(CodeSelection, where, strconv.Itoa(want)+" services valid at "+at.UTC().Format(time.RFC3339), strconv.Itoa(len(out)))
	}
	return out[:want], nil
}
