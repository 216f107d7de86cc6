// Package inputs reads the declared, typed inputs of clauses out of predicates: what
// languages that judge conditions get to see, and nothing else.
package inputs
