package policy

// A Clause is a condition written in a language that this package does not read:
// packages cel and rego make rules of clauses.
type Clause struct {
	// ID, Version, Title and Controls are those of the rule's Spec.
	ID       string
	Version  int
	Title    string
	Controls []Control
	// Remedy is advice for when the clause is violated; optional.
	Remedy string
	// Need is the evidence that the clause is about. Each piece of it is judged, as
	// the need's Quantifier says. Its Name may be empty.
	Need Need
	// Inputs are what the clause may read of the evidence's predicate; at least one.
	Inputs []Input
	// Text is the condition itself.
	Text string
}

// An Input is a typed part of a predicate. A predicate that lacks it, or has another
// type of value there, leaves the rule undetermined.
type Input struct {
	// Name is how the clause calls the input: lower-case letters, digits and '_'.
	Name string
	// Pointer is a JSON pointer (RFC 6901) into the predicate. A token "*" stands for
	// every element of an array; the input is then the list of what follows it.
	Pointer string
	// Type is "bool", "int", "string", "time" (RFC 3339), a "list" or "map" of one of
	// these, such as "list(string)" or "map(int)". The keys of a map are strings.
	Type string
}

// A Compiler makes rules of clauses. It refuses a clause that it cannot judge safely.
type Compiler interface {
	Compile(c Clause) (Rule, error)
}
