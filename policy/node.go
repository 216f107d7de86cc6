package policy

import (
	"slices"
	"strconv"

	"github.com/sealwright/sealwright/attest"
)

// A Node is a policy: rules, combined. The zero Node is refused by New.
//
// Nodes combine as in Kleene's strong three-valued logic, where Undetermined is
// the third value. NotApplicable is neutral: a combinator ignores such children,
// and is itself not applicable when it has no others. A policy that is not
// applicable as a whole does not allow. A rule that is Waived counts as satisfied,
// one that is NotYetEffective or Retired as not applicable.
type Node struct {
	op       op
	least    int       // opAtLeast
	when     Condition // opWhen
	rule     Rule      // opRule
	children []Node
}

type op uint8

const (
	opInvalid op = iota
	opRule
	opAll
	opAny
	opAtLeast
	opWhen
)

// Rules returns a policy that demands every rule.
func Rules(rules ...Rule) Node {
	nodes := make([]Node, len(rules))
	for i, r := range rules {
		nodes[i] = Node{op: opRule, rule: r}
	}
	return AllOf(nodes...)
}

// AllOf returns a policy that demands every node: it is violated if one is, else
// undetermined if one is, else satisfied.
func AllOf(nodes ...Node) Node { return Node{op: opAll, children: slices.Clone(nodes)} }

// AnyOf returns a policy that demands one node: it is satisfied if one is, else
// undetermined if one is, else violated.
func AnyOf(nodes ...Node) Node { return Node{op: opAny, children: slices.Clone(nodes)} }

// AtLeast returns a policy that demands k nodes: it is satisfied if k are, else
// undetermined if those that are undetermined could make up k, else violated.
func AtLeast(k int, nodes ...Node) Node {
	return Node{op: opAtLeast, least: k, children: slices.Clone(nodes)}
}

// When returns a policy that demands node of the requests that c selects, and
// that is not applicable to others.
func When(c Condition, node Node) Node {
	c.Phases, c.Environments = slices.Clone(c.Phases), slices.Clone(c.Environments)
	return Node{op: opWhen, when: c, children: []Node{node}}
}

// A Condition selects requests by what their caller says, never by evidence.
// Every field that is not empty must hold; the zero Condition is refused.
type Condition struct {
	Phases       []Phase  // the request's phase is one of these
	Environments []string // Target.Environment is one of these
}

func (c Condition) selects(req *Request) bool {
	return (len(c.Phases) == 0 || slices.Contains(c.Phases, req.Phase)) &&
		(len(c.Environments) == 0 || slices.Contains(c.Environments, req.Target.Environment))
}

// A tree is a Node whose rules are numbered.
type tree struct {
	op       op
	least    int
	when     Condition
	rule     int
	children []tree
}

// maxDepth and maxNodes bound a policy. Nodes may share children, so a small value
// can stand for a vast policy.
const (
	maxDepth = 64
	maxNodes = 10_000
)

// A compilation numbers the rules of a policy.
type compilation struct {
	rules []Rule
	nodes int
	errs  []error
}

// compile numbers the rules below n. where names n in errors.
func (c *compilation) compile(n *Node, where string, depth int) tree {
	refuse := func(want, got string) {
		c.errs = append(c.errs, attest.Refuse(CodeConfigNode, where, want, got))
	}
	t := tree{op: n.op, least: n.least, when: n.when, rule: -1}
	if c.nodes++; c.nodes > maxNodes {
		if c.nodes == maxNodes+1 {
			refuse("at most "+strconv.Itoa(maxNodes)+" nodes", "more")
		}
		return t
	}
	switch {
	case n.op == opInvalid:
		refuse("a policy", "the zero Node")
	case depth > maxDepth:
		refuse("at most "+strconv.Itoa(maxDepth)+" levels", "more")
		return t
	case n.op == opRule:
		t.rule = len(c.rules)
		c.rules = append(c.rules, n.rule)
	case len(n.children) == 0:
		refuse("at least one node", "an empty combinator")
	case n.op == opAtLeast && (n.least < 1 || n.least > len(n.children)):
		refuse("at least 1 and at most "+strconv.Itoa(len(n.children)), strconv.Itoa(n.least))
	case n.op == opWhen && len(n.when.Phases) == 0 && len(n.when.Environments) == 0:
		refuse("a phase or an environment", "the zero Condition")
	}
	for _, p := range n.when.Phases {
		if !p.known() {
			refuse("a known phase", quote(string(p)))
		}
	}
	for i := range n.children {
		if c.nodes > maxNodes {
			break
		}
		t.children = append(t.children, c.compile(&n.children[i], where+"/"+strconv.Itoa(i), depth+1))
	}
	return t
}

// mark makes every rule that req is subject to undetermined.
func (t *tree) mark(req *Request, trials []trial) {
	if t.op == opRule {
		trials[t.rule].result.Outcome = Undetermined
		return
	}
	if t.op == opWhen && !t.when.selects(req) {
		return
	}
	for i := range t.children {
		t.children[i].mark(req, trials)
	}
}

// combine returns the outcome of the policy, given those of its rules.
func (t *tree) combine(outcomes []Outcome) Outcome {
	if t.op == opRule {
		return outcomes[t.rule].counts()
	}
	var count [NotApplicable + 1]int
	for i := range t.children {
		count[t.children[i].combine(outcomes)]++
	}
	if count[NotApplicable] == len(t.children) {
		return NotApplicable
	}
	switch t.op {
	case opAll, opWhen:
		return kleene(count[Violated] == 0, count[Undetermined] == 0)
	case opAny:
		return kleene(count[Satisfied]+count[Undetermined] > 0, count[Satisfied] > 0)
	case opAtLeast:
		return kleene(count[Satisfied]+count[Undetermined] >= t.least, count[Satisfied] >= t.least)
	}
	return Violated
}

// kleene tells the outcome of a combination that may still be satisfied, and one
// that is.
func kleene(possible, certain bool) Outcome {
	switch {
	case !possible:
		return Violated
	case !certain:
		return Undetermined
	}
	return Satisfied
}
