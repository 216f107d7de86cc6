package deploy

import (
	"errors"
	"slices"
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// An Action is what a request asks for. The zero Action is refused.
type Action string

// The actions.
const (
	ActionDeploy   Action = "deploy"   // run artifacts that are new to the place
	ActionRollback Action = "rollback" // run artifacts that ran there before
	ActionRemove   Action = "remove"   // stop what runs there
)

// Bounds of a request.
const (
	maxSubjects = 1000
	maxText     = 4096
	minNonce    = 16
	maxNonce    = 64
)

// A Request asks to change what runs in one place. Its Digest names it: approvals
// sign that digest, so that none can be moved to another artifact, place,
// configuration, policy, generation or window. It holds digests only, never
// configuration or secrets.
type Request struct {
	// Subjects are the artifacts, each pinned by at least its SHA-256 digest. Only
	// Name, URI, Digest and MediaType may be set. In a record's statement they are
	// the subjects.
	Subjects []attest.Descriptor `json:"-"`
	// Environment and Target say where.
	Environment EnvironmentID `json:"environment"`
	Target      Target        `json:"target"`
	// Action says what to do with the subjects there.
	Action Action `json:"action"`
	// Config is the SHA-256 digest of the configuration that they run with; of
	// the empty string if there is none.
	Config digest.Digest `json:"config"`
	// Policy is the SHA-256 digest of the policy that must allow this.
	Policy digest.Digest `json:"policy"`
	// Generation is the number that this change gets in its place: one more than
	// the last, 1 for the first. It is the fencing token of the deployer.
	Generation uint64 `json:"generation"`
	// Requester is the principal who asks and who therefore cannot approve.
	Requester string `json:"requester"`
	// Reason tells people why. A rollback and a removal need one.
	Reason string `json:"reason,omitempty"`
	// Nonce makes equal requests different: 16 to 64 characters of base64url.
	Nonce string `json:"nonce"`
	// NotBefore and NotAfter bound when the change may start: NotBefore included,
	// NotAfter not.
	NotBefore time.Time `json:"notBefore"`
	NotAfter  time.Time `json:"notAfter"`
}

// Place returns where the request is for.
func (r Request) Place() Place { return Place{r.Environment, r.Target} }

// Validate reports everything that is wrong with r.
func (r Request) Validate() error {
	errs := []error{validateSubjects(r.Subjects), r.Place().Validate(), r.validateAction()}
	for _, pin := range []struct {
		where string
		d     digest.Digest
	}{{"config", r.Config}, {"policy", r.Policy}} {
		if pin.d.Algorithm != digest.SHA256 || pin.d.Validate() != nil {
			errs = append(errs, attest.Refuse(CodePin, pin.where, "a sha256 digest", excerpt.Quote(pin.d.String())))
		}
	}
	if r.Generation == 0 {
		errs = append(errs, attest.Refuse(CodeRequestGeneration, "generation", "1 or more", "0"))
	}
	errs = append(errs, validateText("requester", r.Requester, 1), validateText("reason", r.Reason, 0),
		validateNonce(r.Nonce), validateWindow(r.NotBefore, r.NotAfter))
	return errors.Join(errs...)
}

func (r Request) validateAction() error {
	switch r.Action {
	case ActionDeploy:
		return nil
	case ActionRollback, ActionRemove:
		if r.Reason == "" {
			return attest.Refuse(CodeText, "reason", "a reason to "+string(r.Action), "none")
		}
		return nil
	}
	return attest.Refuse(CodeAction, "action", "deploy, rollback or remove", excerpt.Quote(string(r.Action)))
}

func validateSubjects(subjects []attest.Descriptor) error {
	if len(subjects) == 0 || len(subjects) > maxSubjects {
		return attest.Refuse(CodeSubject, "subjects", "1 to "+strconv.Itoa(maxSubjects), strconv.Itoa(len(subjects)))
	}
	var errs []error
	seen := make(map[string]bool, len(subjects))
	for i, s := range subjects {
		where := "subjects/" + strconv.Itoa(i)
		if err := s.Digest.Validate(); err != nil {
			errs = append(errs, attest.Refuse(CodeSubject, where, "well-formed digests", "").Because(err))
			continue
		}
		sum, ok := s.Digest[digest.SHA256]
		switch {
		case !ok:
			errs = append(errs, attest.Refuse(CodeSubject, where, "a sha256 digest", excerpt.Quote(s.Digest.String())))
		case seen[sum]:
			errs = append(errs, attest.Refuse(CodeSubject, where, "an artifact once", "sha256:"+sum+" again"))
		case len(s.Content) > 0 || len(s.Annotations) > 0 || s.DownloadLocation != "":
			errs = append(errs, attest.Refuse(CodeSubject, where, "name, uri, digest and mediaType only", "more"))
		}
		seen[sum] = true
		errs = append(errs, validateText(where+"/name", s.Name, 0), validateText(where+"/uri", s.URI, 0),
			validateText(where+"/mediaType", s.MediaType, 0))
	}
	return errors.Join(errs...)
}

// validateText demands at least least bytes of text that a terminal or a page
// shows as it is: no control or format characters, which could hide or reorder
// what an approver reads.
func validateText(where, s string, least int) error {
	if len(s) < least || len(s) > maxText || !utf8.ValidString(s) {
		return attest.Refuse(CodeText, where, strconv.Itoa(least)+" to "+strconv.Itoa(maxText)+" bytes of UTF-8", strconv.Itoa(len(s))+" bytes")
	}
	for _, c := range s {
		if !unicode.IsGraphic(c) {
			return attest.Refuse(CodeText, where, "printable text", excerpt.Quote(string(c)))
		}
	}
	return nil
}

func validateNonce(s string) error {
	ok := len(s) >= minNonce && len(s) <= maxNonce
	for _, c := range []byte(s) {
		ok = ok && (alphanumeric(c) || c >= 'A' && c <= 'Z' || c == '-' || c == '_')
	}
	if !ok {
		return attest.Refuse(CodeNonce, "nonce", "16 to 64 characters of base64url", excerpt.Quote(s))
	}
	return nil
}

// validateWindow also bounds the years to what RFC 3339 can write.
func validateWindow(from, to time.Time) error {
	if from.IsZero() || to.IsZero() || !from.Before(to) || from.UTC().Year() < 1 || to.UTC().Year() > 9999 {
		return attest.Refuse(CodeWindow, "notBefore, notAfter", "a start before an end", from.UTC().String()+" to "+to.UTC().String())
	}
	return nil
}

// Digest returns the SHA-256 digest that names the request, or the reasons why
// it is invalid. The digest is over the fields in the order of the struct,
// subjects last, each as a netstring ("<length>:<bytes>,"): numbers in decimal,
// times in RFC 3339 with nanoseconds and zone Z, digests as "algorithm:hex" in
// ascending order, lists preceded by their length; the first netstring is
// RequestType. Neither the form nor the order ever changes: another version
// would have another RequestType.
func (r Request) Digest() (digest.Digest, error) {
	if err := r.Validate(); err != nil {
		return digest.Digest{}, err
	}
	var w netstrings
	w.text(RequestType, string(r.Environment), r.Target.Cluster, r.Target.Namespace, r.Target.Name)
	w.text(string(r.Action), r.Config.String(), r.Policy.String(), strconv.FormatUint(r.Generation, 10))
	w.text(r.Requester, r.Reason, r.Nonce, instant(r.NotBefore), instant(r.NotAfter))
	w.text(strconv.Itoa(len(r.Subjects)))
	for _, s := range r.Subjects {
		w.text(s.Name, s.URI, s.MediaType, strconv.Itoa(len(s.Digest)))
		for _, alg := range s.Digest.Algorithms() {
			w.text(digest.Digest{Algorithm: alg, Hex: s.Digest[alg]}.String())
		}
	}
	return w.sum(), nil
}

// instant writes t so that equal instants give equal text in every zone.
func instant(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// clone returns a copy that shares nothing with r, with its times in UTC and
// without their monotonic readings.
func (r Request) clone() Request {
	r.Subjects = slices.Clone(r.Subjects)
	for i := range r.Subjects {
		r.Subjects[i].Digest = r.Subjects[i].Digest.Clone()
	}
	r.NotBefore, r.NotAfter = r.NotBefore.UTC().Round(0), r.NotAfter.UTC().Round(0)
	return r
}

// identity names the request's artifacts regardless of their order, names and
// further digests.
func (r Request) identity() string {
	sums := make([]string, 0, len(r.Subjects))
	for _, s := range r.Subjects {
		sums = append(sums, s.Digest[digest.SHA256])
	}
	slices.Sort(sums)
	var w netstrings
	w.text(sums...)
	return w.sum().Hex
}
