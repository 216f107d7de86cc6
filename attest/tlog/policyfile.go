package tlog

import (
	"bytes"
	"errors"
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// maxPolicyFile bounds a policy file: 64 ML-DSA-44 keys take 115 kB.
const maxPolicyFile = 1 << 20

// ParsePolicy reads a policy file (C2SP tlog-policy). mldsa44 may be nil if no key
// is of ML-DSA-44. A numeric threshold has no leading zeros; the specification's
// other liberties about space and comments are kept.
func ParsePolicy(file []byte, mldsa44 VerifyMLDSA44) (*Policy, error) {
	if len(file) > maxPolicyFile {
		return nil, attest.Refuse(attest.CodeLimit, "policy", "at most 1 MiB", strconv.Itoa(len(file)))
	}
	if i := bytes.IndexFunc(file, func(r rune) bool { return r < ' ' && r != '\t' && r != '\n' || r == 0x7f }); i >= 0 {
		return nil, attest.Refuse(CodePolicy, "byte "+strconv.Itoa(i), "no control character", strconv.Itoa(int(file[i])))
	}
	if len(file) > 0 && file[len(file)-1] != '\n' {
		return nil, attest.Refuse(CodePolicy, "policy", "a newline at its end", "none")
	}
	f := &policyFile{trust: Trust{MLDSA44: mldsa44}}
	var faults []error
	for n, l := range strings.Split(string(file), "\n") {
		if err := f.line(strings.FieldsFunc(l, func(r rune) bool { return r == ' ' || r == '\t' })); err != nil {
			faults = append(faults, attest.Refuse(CodePolicy, "line "+strconv.Itoa(n+1), "", "").Because(err))
		}
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return NewPolicy(f.trust)
}

type policyFile struct{ trust Trust }

// line reads one line of words.
func (f *policyFile) line(words []string) error {
	if len(words) == 0 || strings.HasPrefix(words[0], "#") {
		return nil
	}
	if len(f.trust.Logs) > MaxPolicy || len(f.trust.Witnesses) > MaxPolicy || len(f.trust.Groups) > MaxPolicy {
		return attest.Refuse(CodePolicyLimit, "policy", "at most 32 logs, witnesses and groups", "more")
	}
	switch keyword, args := words[0], words[1:]; {
	case keyword == "log" && (len(args) == 1 || len(args) == 2):
		k, err := ParseKey(args[0])
		f.trust.Logs = append(f.trust.Logs, Log{k, strings.Join(args[1:], "")})
		return err
	case keyword == "witness" && (len(args) == 2 || len(args) == 3):
		k, err := ParseKey(args[1])
		if err == nil && k.Algorithm == Ed25519 {
			// C2SP vkeys of witnesses are often written with the type of a plain note
			// key; their cosignatures would never match it.
			err = attest.Refuse(CodeKey, "witness "+excerpt.Quote(args[0]), "a cosigner's key, type 4 or 6", "type 1")
		}
		f.trust.Witnesses = append(f.trust.Witnesses, Witness{args[0], k, strings.Join(args[2:], "")})
		return err
	case keyword == "group" && len(args) >= 3:
		k, err := threshold(args[1], len(args)-2)
		if err == nil {
			err = f.known(args[2:])
		}
		f.trust.Groups = append(f.trust.Groups, Group{args[0], k, args[2:]})
		return err
	case keyword == "quorum" && len(args) == 1:
		if f.trust.Quorum != "" {
			return attest.Refuse(CodePolicyQuorum, "quorum", "one", "a second one")
		}
		f.trust.Quorum = args[0]
		if args[0] == QuorumNone {
			return nil
		}
		return f.known(args)
	}
	return attest.Refuse(CodePolicy, "line", "log, witness, group or quorum with its words", excerpt.Quote(strings.Join(words, " ")))
}

// known refuses names that the lines so far do not define.
func (f *policyFile) known(names []string) error {
	for _, name := range names {
		found := false
		for _, w := range f.trust.Witnesses {
			found = found || w.Name == name
		}
		for _, g := range f.trust.Groups {
			found = found || g.Name == name
		}
		if !found {
			return attest.Refuse(CodePolicy, "name", "one that is defined on a line before", excerpt.Quote(name))
		}
	}
	return nil
}

func threshold(word string, members int) (int, error) {
	switch word {
	case "any":
		return 1, nil
	case "all":
		return members, nil
	}
	k, err := number("threshold", word, uint64(members))
	return int(k), err
}
