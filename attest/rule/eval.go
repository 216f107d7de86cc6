package rule

import (
	"errors"
	"slices"
	"strconv"

	"github.com/sealwright/sealwright/attest"
)

// Eval reports, by a nil error, that the identities meet the rule. They must be
// verified: those of an attest.Verified. The error joins the reasons of every
// member that is not met.
func (r Rule) Eval(identities []attest.Identity) error {
	if err := r.Err(); err != nil {
		return err
	}
	_, err := r.node.eval("rule", identities)
	return err
}

// EvalNames is Eval over authorities that have only a name: the origins of logs
// that include an entry, the authorities of trusted times, the witnesses who
// cosigned.
func (r Rule) EvalNames(names []string) error {
	identities := make([]attest.Identity, 0, len(names))
	for _, name := range names {
		identities = append(identities, attest.Identity{Subject: name})
	}
	return r.Eval(identities)
}

// eval returns the principals by whom n is met, or why it is not.
func (n *node) eval(where string, identities []attest.Identity) ([]string, error) {
	if n.match != nil {
		var by []string
		for _, i := range identities {
			if i.Subject != "" && n.match(i) {
				by = append(by, i.Principal())
			}
		}
		if len(by) == 0 {
			return nil, attest.Refuse(CodeAbsent, where, n.label, tell(identities))
		}
		return by, nil
	}
	var met [][]string
	var by []string
	var faults []error
	for i, m := range n.members {
		p, err := m.eval(where+"/"+n.label+"["+strconv.Itoa(i)+"]", identities)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		met = append(met, p)
		by = append(by, p...)
	}
	count, what := len(met), " members"
	if n.distinct {
		count, what = matching(met), " members by distinct principals"
	}
	if count < n.k {
		short := attest.Refuse(CodeNotMet, where, strconv.Itoa(n.k)+" of "+strconv.Itoa(len(n.members))+what, strconv.Itoa(count))
		return nil, errors.Join(append([]error{short}, faults...)...)
	}
	return by, nil
}

// matching returns the largest number of members that can be given a principal of
// their own (a maximum bipartite matching, by augmenting paths).
func matching(members [][]string) int {
	owner := map[string]int{}
	var give func(m int, tried map[string]bool) bool
	give = func(m int, tried map[string]bool) bool {
		for _, p := range members[m] {
			if tried[p] {
				continue
			}
			tried[p] = true
			if holder, taken := owner[p]; !taken || give(holder, tried) {
				owner[p] = m
				return true
			}
		}
		return false
	}
	n := 0
	for m := range members {
		if give(m, map[string]bool{}) {
			n++
		}
	}
	return n
}

func tell(identities []attest.Identity) string {
	var all []string
	for _, i := range identities {
		name := i.Principal()
		name = strconv.Quote(name[:min(len(name), 64)])
		if !slices.Contains(all, name) && len(all) < 4 {
			all = append(all, name)
		}
	}
	if len(all) == 0 {
		return "nobody"
	}
	text := all[0]
	for _, name := range all[1:] {
		text += ", " + name
	}
	return text
}
