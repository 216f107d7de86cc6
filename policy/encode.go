package policy

import (
	"slices"
	"strconv"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// An encoder writes the canonical JSON of a report: what strictjson.Marshal writes of
// it, without reflection. It leaves every text that is not plain to strictjson, so
// that escaping and UTF-8 are judged in one place, and keeps the first error.
type encoder struct {
	b   []byte
	err error
}

// encodeReport returns the canonical JSON, or an error and nothing.
func encodeReport(r *Report) ([]byte, error) {
	e := encoder{b: make([]byte, 0, 512+256*len(r.Findings)+512*len(r.Inputs))}
	e.report(r)
	if e.err != nil {
		return nil, e.err
	}
	return e.b, nil
}

func (e *encoder) report(r *Report) {
	e.open()
	e.key("engine").text(r.Engine)
	e.key("policy").open()
	e.key("uri").text(r.Policy.URI)
	e.key("version").text(r.Policy.Version)
	if !r.Policy.Digest.IsZero() {
		e.key("digest").digest(r.Policy.Digest)
	}
	e.close()
	e.key("verdict").name(uint8(r.Verdict), verdictTexts[:])
	if r.Testing {
		e.key("testing").raw("true")
	}
	e.key("subject").subject(r.Subject)
	e.key("phase").text(string(r.Phase))
	e.key("target").open()
	e.optional("environment", r.Target.Environment)
	e.optional("cluster", r.Target.Cluster)
	e.optional("namespace", r.Target.Namespace)
	e.optional("name", r.Target.Name)
	e.close()
	if r.Actor != (attest.Identity{}) {
		e.key("actor").identity(r.Actor)
	}
	e.key("evaluatedAt").time(r.EvaluatedAt)
	if !r.ValidUntil.IsZero() {
		e.key("validUntil").time(r.ValidUntil)
	}
	if len(r.Reasons) > 0 {
		e.key("reasons").any(r.Reasons)
	}
	list(e.key("findings"), r.Findings, (*encoder).finding)
	list(e.key("inputs"), r.Inputs, (*encoder).input)
	if len(r.Waivers) > 0 {
		e.key("waivers").any(r.Waivers)
	}
	if len(r.Obligations) > 0 {
		e.key("obligations").any(r.Obligations)
	}
	if len(r.Levels) > 0 {
		list(e.key("levels"), r.Levels, (*encoder).text)
	}
	e.close()
}

func (e *encoder) finding(f Finding) {
	e.open()
	e.key("rule").text(f.Rule)
	if f.Version != 0 {
		e.key("version")
		e.b = strconv.AppendInt(e.b, int64(f.Version), 10)
	}
	e.optional("title", f.Title)
	if len(f.Controls) > 0 {
		e.key("controls").any(f.Controls)
	}
	e.key("outcome").name(uint8(f.Outcome), outcomeTexts[:])
	if len(f.Reasons) > 0 {
		e.key("reasons").any(f.Reasons)
	}
	if len(f.Evidence) > 0 {
		list(e.key("evidence"), f.Evidence, (*encoder).digest)
	}
	e.close()
}

func (e *encoder) input(in EvidenceRef) {
	e.open()
	e.key("evidence").digest(in.Evidence)
	e.key("predicateType").text(in.PredicateType)
	e.key("authority").text(in.Authority)
	if in.Signers == nil {
		e.key("signers").raw("null")
	} else {
		list(e.key("signers"), in.Signers, (*encoder).identity)
	}
	e.key("used").raw(strconv.FormatBool(in.Used))
	e.close()
}

func (e *encoder) identity(id attest.Identity) {
	e.open()
	e.optional("issuer", id.Issuer)
	e.key("subject").text(id.Subject)
	if !id.Key.IsZero() {
		e.key("key").digest(id.Key)
	}
	e.close()
}

// subject writes names and digests, and leaves a descriptor with more to strictjson.
func (e *encoder) subject(d attest.Descriptor) {
	if len(d.Content) > 0 || len(d.Annotations) > 0 || len(d.Digest) == 0 {
		e.any(d)
		return
	}
	e.open()
	e.optional("name", d.Name)
	e.optional("uri", d.URI)
	e.key("digest").open()
	algorithms := make([]string, 0, len(d.Digest))
	for alg := range d.Digest {
		algorithms = append(algorithms, string(alg))
	}
	slices.Sort(algorithms)
	for _, alg := range algorithms {
		e.key(alg).text(d.Digest[digest.Algorithm(alg)])
	}
	e.close()
	e.optional("downloadLocation", d.DownloadLocation)
	e.optional("mediaType", d.MediaType)
	e.close()
}

// list writes an array; a nil one is empty.
func list[T any](e *encoder, items []T, item func(*encoder, T)) {
	e.b = append(e.b, '[')
	for i := range items {
		if i > 0 {
			e.b = append(e.b, ',')
		}
		item(e, items[i])
	}
	e.b = append(e.b, ']')
}

func (e *encoder) open() { e.b = append(e.b, '{') }

func (e *encoder) close() { e.b = append(e.b, '}') }

// key writes the name of a member, and a comma unless it is the first.
func (e *encoder) key(name string) *encoder {
	if e.b[len(e.b)-1] != '{' {
		e.b = append(e.b, ',')
	}
	e.text(name)
	e.b = append(e.b, ':')
	return e
}

func (e *encoder) optional(name, value string) {
	if value != "" {
		e.key(name).text(value)
	}
}

func (e *encoder) raw(s string) { e.b = append(e.b, s...) }

// text writes a string, if it is plain ASCII that JSON writes as it is.
func (e *encoder) text(s string) {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			e.any(s)
			return
		}
	}
	e.b = append(append(append(e.b, '"'), s...), '"')
}

func (e *encoder) time(t time.Time) {
	b, err := t.AppendText(append(e.b, '"'))
	e.b = append(b, '"')
	e.fail(err)
}

func (e *encoder) digest(d digest.Digest) {
	e.fail(d.Validate())
	e.b = append(e.b, '"')
	e.raw(string(d.Algorithm))
	e.b = append(e.b, ':')
	e.raw(d.Hex)
	e.b = append(e.b, '"')
}

// name writes the nth of the texts.
func (e *encoder) name(n uint8, texts []string) {
	if int(n) >= len(texts) {
		e.fail(attest.Refuse(CodeReportEncoding, "", "a verdict or outcome that has a name", strconv.Itoa(int(n))))
		return
	}
	e.text(texts[n])
}

// any writes what is rare.
func (e *encoder) any(v any) {
	b, err := strictjson.Marshal(v)
	e.b = append(e.b, b...)
	e.fail(err)
}

func (e *encoder) fail(err error) {
	if e.err == nil {
		e.err = err
	}
}
