package chain

import (
	"crypto/x509"
	"encoding/asn1"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/sealwright/sealwright/attest"
)

// maxText bounds the text of one extension.
const maxText = 4096

// fulcioArc is the arc of Fulcio's extensions; the last number tells which.
func fulcioArc() asn1.ObjectIdentifier { return asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1} }

// A Field is the last number of the OID of one of Fulcio's extensions
// (1.3.6.1.4.1.57264.1.n). FieldIssuer to FieldGitHubRef are written by old
// versions of Fulcio and deprecated.
type Field int

// The fields that Fulcio documents.
const (
	FieldIssuer                Field = 1  // OIDC issuer, raw text
	FieldGitHubTrigger         Field = 2  // event of a GitHub workflow, raw text
	FieldGitHubSHA             Field = 3  // commit of a GitHub workflow, raw text
	FieldGitHubName            Field = 4  // name of a GitHub workflow, raw text
	FieldGitHubRepository      Field = 5  // repository of a GitHub workflow, raw text
	FieldGitHubRef             Field = 6  // ref of a GitHub workflow, raw text
	FieldOtherName             Field = 7  // stands in the subject alternative name, never as an extension
	FieldIssuerV2              Field = 8  // OIDC issuer
	FieldBuildSignerURI        Field = 9  // build instructions that sign
	FieldBuildSignerDigest     Field = 10 // their immutable version
	FieldRunnerEnvironment     Field = 11 // hosted or self-hosted
	FieldSourceRepositoryURI   Field = 12 // source of the build
	FieldSourceDigest          Field = 13 // its immutable version
	FieldSourceRef             Field = 14 // its ref
	FieldSourceIdentifier      Field = 15 // the repository's immutable id
	FieldSourceOwnerURI        Field = 16 // the repository's owner
	FieldSourceOwnerIdentifier Field = 17 // the owner's immutable id
	FieldBuildConfigURI        Field = 18 // top-level build instructions
	FieldBuildConfigDigest     Field = 19 // their immutable version
	FieldBuildTrigger          Field = 20 // event that started the build
	FieldRunInvocationURI      Field = 21 // this very run
	FieldSourceVisibility      Field = 22 // visibility of the source when it was signed
	FieldDeployment            Field = 23 // deployment environment of the job
)

// OID returns the extension's object identifier in dotted decimals.
func (f Field) OID() string {
	const arc = "1.3.6.1.4.1.57264.1."
	known := [FieldCount]string{
		1: arc + "1", 2: arc + "2", 3: arc + "3", 4: arc + "4", 5: arc + "5", 6: arc + "6", 7: arc + "7", 8: arc + "8",
		9: arc + "9", 10: arc + "10", 11: arc + "11", 12: arc + "12", 13: arc + "13", 14: arc + "14", 15: arc + "15", 16: arc + "16",
		17: arc + "17", 18: arc + "18", 19: arc + "19", 20: arc + "20", 21: arc + "21", 22: arc + "22", 23: arc + "23",
	}
	if f >= FieldIssuer && f < FieldCount {
		return known[f]
	}
	return arc + strconv.Itoa(int(f))
}

// FieldCount is one more than the last Field.
const FieldCount = 24

// NameKind tells what kind of name a certificate carries.
type NameKind uint8

// The kinds of names that Fulcio issues. The zero NameKind is none.
const (
	NameURI   NameKind = 1 // uniformResourceIdentifier
	NameEmail NameKind = 2 // rfc822Name
	NameOther NameKind = 3 // otherName of type 1.3.6.1.4.1.57264.1.7
)

// Claims are what a Fulcio certificate says of its holder. They are worth as
// much as the certificate's path.
type Claims struct {
	Issuer string // the OIDC issuer, from FieldIssuerV2 or FieldIssuer
	Name   string // the one subject alternative name
	Kind   NameKind
	// Fields holds each extension by its Field; "" where it is absent.
	Fields [FieldCount]string
}

// ParseClaims reads the claims of a certificate. It refuses one that has not
// exactly one name, an extension that is malformed or stands twice, and two
// issuers that differ. Extensions of the arc that are not documented are
// ignored.
func ParseClaims(c *x509.Certificate) (Claims, error) {
	var out Claims
	var err error
	if out.Name, out.Kind, err = name(c); err != nil {
		return Claims{}, err
	}
	var seen [FieldCount]bool
	var texts [FieldCount][]byte
	size := 0
	for _, e := range c.Extensions {
		f, ok := fieldOf(e.Id)
		if !ok {
			continue
		}
		text, ok := fieldText(f, e.Value)
		if seen[f] || !ok {
			return Claims{}, attest.Refuse(CodeExtension, "certificate", "one well-formed extension "+e.Id.String(), "")
		}
		seen[f], texts[f] = true, text
		size += len(text)
	}
	out.Fields = together(texts, size)
	v1, v2 := out.Fields[FieldIssuer], out.Fields[FieldIssuerV2]
	if seen[FieldIssuer] && seen[FieldIssuerV2] && v1 != v2 {
		return Claims{}, attest.Refuse(CodeIssuerConflict, "certificate", strconv.Quote(clip(v2)), strconv.Quote(clip(v1)))
	}
	out.Issuer = v2
	if !seen[FieldIssuerV2] {
		out.Issuer = v1
	}
	return out, nil
}

// together returns texts of size bytes in all, which share one string: two dozen
// small ones would cost more than the rest of a certificate.
func together(texts [FieldCount][]byte, size int) (out [FieldCount]string) {
	var b strings.Builder
	b.Grow(size)
	for _, text := range texts {
		b.Write(text)
	}
	all := b.String()
	for f, text := range texts {
		out[f], all = all[:len(text)], all[len(text):]
	}
	return out
}

func clip(s string) string {
	if len(s) > 200 {
		return s[:200] + "..."
	}
	return s
}

// fieldOf tells which documented extension an OID names.
func fieldOf(id asn1.ObjectIdentifier) (Field, bool) {
	n := len(fulcioArc())
	if len(id) != n+1 || !id[:n].Equal(fulcioArc()) {
		return 0, false
	}
	f := Field(id[n])
	return f, f >= FieldIssuer && f < FieldCount && f != FieldOtherName
}

// fieldText decodes an extension: raw text in the deprecated ones, DER UTF8String
// in the others.
func fieldText(f Field, value []byte) ([]byte, bool) {
	if f > FieldGitHubRef {
		var text cryptobyte.String
		in := cryptobyte.String(value)
		if !in.ReadASN1(&text, cbasn1.UTF8String) || !in.Empty() {
			return nil, false
		}
		value = text
	}
	return value, len(value) <= maxText && utf8.Valid(value)
}

// name returns the one subject alternative name of a certificate, whatever its
// kind.
func name(c *x509.Certificate) (string, NameKind, error) {
	bad := func(want string, err error) (string, NameKind, error) {
		return "", 0, attest.Refuse(CodeName, "certificate", want, "").Because(err)
	}
	var names cryptobyte.String
	found := 0
	for _, e := range c.Extensions {
		if e.Id.Equal(oidSAN()) {
			in := cryptobyte.String(e.Value)
			if !in.ReadASN1(&names, cbasn1.SEQUENCE) || !in.Empty() {
				return bad("a subject alternative name in DER", nil)
			}
			found++
		}
	}
	var one cryptobyte.String
	var tag cbasn1.Tag
	if found != 1 || !names.ReadAnyASN1(&one, &tag) || !names.Empty() {
		return bad("exactly one subject alternative name", nil)
	}
	const otherName, email, uri = 0, 1, 6
	var kind NameKind
	switch tag {
	case cbasn1.Tag(uri).ContextSpecific():
		kind = NameURI
	case cbasn1.Tag(email).ContextSpecific():
		kind = NameEmail
	case cbasn1.Tag(otherName).ContextSpecific().Constructed():
		kind = NameOther
		if !readOtherName(&one) {
			return bad("an otherName of type 1.3.6.1.4.1.57264.1.7", nil)
		}
	default:
		return bad("a URI, an email address or an otherName", nil)
	}
	if len(one) == 0 || len(one) > maxText || !utf8.Valid(one) {
		return bad("1 to "+strconv.Itoa(maxText)+" bytes of UTF-8", nil)
	}
	return string(one), kind, nil
}

// readOtherName replaces an OtherName (RFC 5280 section 4.2.1.6) by its text.
func readOtherName(s *cryptobyte.String) bool {
	var id asn1.ObjectIdentifier
	var wrapped, text cryptobyte.String
	want := append(fulcioArc(), int(FieldOtherName))
	ok := s.ReadASN1ObjectIdentifier(&id) && id.Equal(want) &&
		s.ReadASN1(&wrapped, cbasn1.Tag(0).ContextSpecific().Constructed()) && s.Empty() &&
		wrapped.ReadASN1(&text, cbasn1.UTF8String) && wrapped.Empty()
	*s = text
	return ok
}
