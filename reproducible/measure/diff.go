package measure

import (
	"crypto/sha256"
	"encoding/hex"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
)

// Diff compares two snapshots of the same roots, taken with the same Skip and
// StatOnly; others are refused with CodeIncomparable. That something changed is no
// error: ask Report.Err.
func Diff(before, after *Tree, allow Policy) (*Report, error) {
	if err := sameScope(before, after); err != nil {
		return nil, err
	}
	if err := allow.validate(); err != nil {
		return nil, err
	}
	d := differ{allow: allow, statOnly: before.StatOnly, explained: map[string]bool{}, report: &Report{
		Roots: before.Roots, Skip: before.Skip, StatOnly: before.StatOnly, Entries: len(after.Entries),
	}}
	if !d.statOnly {
		var err error
		if d.report.Before, err = before.Digest(); err != nil {
			return nil, err
		}
		if d.report.After, err = after.Digest(); err != nil {
			return nil, err
		}
	}
	d.merge(before.Entries, after.Entries)
	d.undone()
	slices.SortStableFunc(d.report.Findings, func(a, b Finding) int { return comparePaths(a.Path, b.Path) })
	for i := range d.report.Findings {
		d.report.Findings[i].Path = escape(d.report.Findings[i].Path)
	}
	return d.report, nil
}

func sameScope(before, after *Tree) error {
	for _, t := range []*Tree{before, after} {
		if t == nil || len(t.Roots) == 0 {
			return attest.Refuse(CodeIncomparable, "Tree", "a snapshot", "none")
		}
	}
	if !slices.Equal(before.Roots, after.Roots) || !slices.Equal(before.Skip, after.Skip) {
		return attest.Refuse(CodeIncomparable, "Tree.Roots", quote(strings.Join(before.Roots, " ")), quote(strings.Join(after.Roots, " ")))
	}
	if before.StatOnly != after.StatOnly {
		return attest.Refuse(CodeIncomparable, "Tree.StatOnly", strconv.FormatBool(before.StatOnly), strconv.FormatBool(after.StatOnly))
	}
	return nil
}

// A differ walks two snapshots side by side.
type differ struct {
	allow    Policy
	statOnly bool
	report   *Report
	// explained are directories whose change time follows from a finding about a
	// name in them; touched are entries with nothing but another change time.
	explained map[string]bool
	touched   [][2]*Entry
}

func (d *differ) merge(before, after []Entry) {
	for len(before) > 0 || len(after) > 0 {
		switch order := first(before, after); {
		case order < 0:
			e := &before[0]
			d.find(CodeRemoved, e.Path, describe(e), "")
			d.explained[path.Dir(e.Path)] = true
			before = before[1:]
		case order > 0:
			e := &after[0]
			d.find(CodeAdded, e.Path, "", describe(e))
			d.explained[path.Dir(e.Path)] = true
			after = after[1:]
		default:
			d.entry(&before[0], &after[0])
			before, after = before[1:], after[1:]
		}
	}
}

func first(before, after []Entry) int {
	switch {
	case len(after) == 0:
		return -1
	case len(before) == 0:
		return 1
	}
	return comparePaths(before[0].Path, after[0].Path)
}

func (d *differ) find(code attest.Code, at, before, after string) {
	d.report.Findings = append(d.report.Findings, Finding{
		Code: code, Path: at, Before: before, After: after, Allowed: d.allow.reason(at, code),
	})
}

// entry compares what two snapshots tell about one name.
func (d *differ) entry(a, b *Entry) {
	n := len(d.report.Findings)
	check := func(code attest.Code, differ bool, before, after string) {
		if differ {
			d.find(code, a.Path, before, after)
		}
	}
	if a.Device != b.Device || a.Inode != b.Inode {
		check(CodeReplaced, true, identity(a), identity(b))
		d.explained[path.Dir(a.Path)] = true
	}
	if a.Kind != b.Kind {
		check(CodeKind, true, describe(a), describe(b))
		return
	}
	check(CodeMode, a.Mode != b.Mode, octal(a.Mode), octal(b.Mode))
	check(CodeOwner, a.UID != b.UID || a.GID != b.GID, owner(a), owner(b))
	check(CodeTarget, a.Target != b.Target, quote(a.Target), quote(b.Target))
	check(CodeDevice, a.Number != b.Number, strconv.FormatUint(a.Number, 10), strconv.FormatUint(b.Number, 10))
	check(CodeLinked, a.Kind != Dir && a.Links != b.Links, strconv.FormatUint(a.Links, 10), strconv.FormatUint(b.Links, 10))
	capsA, xattrsA := a.capabilities()
	capsB, xattrsB := b.capabilities()
	check(CodeCapability, string(capsA) != string(capsB), hex.EncodeToString(capsA), hex.EncodeToString(capsB))
	check(CodeXattr, !equalXattrs(xattrsA, xattrsB), xattrText(xattrsA), xattrText(xattrsB))
	d.content(a, b)
	if a.Changed != b.Changed && len(d.report.Findings) == n {
		d.touched = append(d.touched, [2]*Entry{a, b})
	}
}

// content compares the bytes of a file with what its times say about them.
func (d *differ) content(a, b *Entry) {
	if a.Kind != File || a.Digest == b.Digest && a.Size == b.Size {
		return
	}
	d.find(CodeContent, a.Path, contentText(a), contentText(b))
	if a.Modified == b.Modified || a.Changed == b.Changed {
		d.find(CodeForgedTime, a.Path, times(a), times(b))
	}
}

// undone reports the entries that are as they were but have another change time.
// It runs last: the change time of a directory may follow from what was found
// about the names in it.
func (d *differ) undone() {
	for _, pair := range d.touched {
		a, b := pair[0], pair[1]
		switch {
		case a.Kind == Dir && d.explained[a.Path]:
		case d.statOnly:
			d.find(CodeTouched, a.Path, times(a), times(b))
		default:
			d.find(CodeUndone, a.Path, times(a), times(b))
		}
	}
}

func describe(e *Entry) string {
	s := string(e.Kind) + " " + octal(e.Mode) + " " + owner(e)
	switch e.Kind {
	case File:
		s += " " + contentText(e)
	case Link:
		s += " to " + quote(e.Target)
	}
	return s
}

func contentText(e *Entry) string {
	s := strconv.FormatInt(e.Size, 10) + " bytes"
	if e.Digest != (digest.Digest{}) {
		s += " " + e.Digest.String()
	}
	return s
}

func octal(mode uint32) string { return "0" + strconv.FormatUint(uint64(mode), 8) }

func owner(e *Entry) string {
	return strconv.FormatUint(uint64(e.UID), 10) + ":" + strconv.FormatUint(uint64(e.GID), 10)
}

func identity(e *Entry) string {
	return "device " + strconv.FormatUint(e.Device, 10) + " inode " + strconv.FormatUint(e.Inode, 10)
}

func times(e *Entry) string {
	const form = "2006-01-02T15:04:05.000000000Z"
	return "modified " + time.Unix(0, e.Modified).UTC().Format(form) + " changed " + time.Unix(0, e.Changed).UTC().Format(form)
}

// xattrText names the attributes and identifies their values.
func xattrText(xattrs []Xattr) string {
	var parts []string
	for _, x := range xattrs {
		sum := sha256.Sum256(x.Value)
		parts = append(parts, escape(x.Name)+"="+hex.EncodeToString(sum[:8]))
	}
	return strings.Join(parts, " ")
}
