package measure

import (
	"slices"
	"strconv"

	"github.com/sealwright/sealwright/attest"
)

// A Policy tells which changes are expected. The zero Policy allows none. What it
// allows is still reported, with the reason.
type Policy []Allowance

// An Allowance accepts some changes below one path.
type Allowance struct {
	// Path is absolute and clean; it stands for itself and all that it holds.
	Path string
	// Codes are the findings that are accepted; at least one.
	Codes []attest.Code
	// Reason tells a reader of the report why. It is required.
	Reason string
}

func (p Policy) validate() error {
	for i, a := range p {
		where := "Policy[" + strconv.Itoa(i) + "]"
		if !cleanAbsolute(a.Path) {
			return attest.Refuse(CodeConfig, where+".Path", "a clean absolute path", quote(a.Path))
		}
		if a.Reason == "" || escape(a.Reason) != a.Reason {
			return attest.Refuse(CodeConfig, where+".Reason", "a reason in printable text", quote(a.Reason))
		}
		if len(a.Codes) == 0 {
			return attest.Refuse(CodeConfig, where+".Codes", "at least one", "none")
		}
		for _, c := range a.Codes {
			if !isFinding(c) {
				return attest.Refuse(CodeConfig, where+".Codes", "codes of findings", quote(string(c)))
			}
		}
	}
	return nil
}

// reason returns why a finding at the path is allowed, or "".
func (p Policy) reason(at string, code attest.Code) string {
	for _, a := range p {
		if within(at, a.Path) && slices.Contains(a.Codes, code) {
			return a.Reason
		}
	}
	return ""
}

// isFinding tells the codes that a Finding can have from those of refusals.
func isFinding(c attest.Code) bool {
	switch c {
	case CodeAdded, CodeRemoved, CodeKind, CodeMode, CodeOwner, CodeContent, CodeTarget, CodeDevice, CodeXattr,
		CodeCapability, CodeLinked, CodeReplaced, CodeForgedTime, CodeUndone, CodeTouched:
		return true
	}
	return false
}
