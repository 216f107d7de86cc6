// Package rego makes rules of conditions in Rego, the language of the Open Policy Agent,
// for organisations that have some.
//
// A [policy.Clause] goes in whose text is one module: its package defines either allow,
// a boolean, or deny, a set of strings that tell what is wrong. A policy.Rule comes out,
// or everything that makes the module unsafe. The rule is satisfied if allow is true, or
// if deny is defined and empty; violated if allow is false or deny has an element; and
// undetermined otherwise. Give allow a default: an allow that is undefined is
// undetermined, never false.
//
// # What a module sees
//
// input, an object with the clause's inputs, of which every one is there, has its type
// and, if it is a list, an element; and input.request with subject, signers, phase,
// environment and actor. A reference to anything else does not compile. There is no data
// beside the module's own rules.
//
// # What is refused, and why
//
// Rego takes what is undefined for a reason to go on: "not" of it is true, and a rule of
// a deny set whose body is undefined denies nothing. So "not", "with", "else",
// comprehensions, default values other than a false allow, an allow that is made false,
// helpers of deny, inputs that are maps, and indices into lists other than _ are refused,
// and errors of built-in functions end the evaluation. A built-in function must
// be on a short list, on which nothing reads a clock, a network, randomness, or the
// process, and nothing builds texts of any length.
//
// # Limits
//
// Predicates are bounded in bytes, evaluation in steps (policy.Budget.Cost), and it ends
// soon after its context does.
//
// # State that this package does not own
//
// OPA keeps state in package-level variables: the registry of built-in functions
// (ast.Builtins and topdown.RegisterBuiltinFunc), interned terms, and caches of compiled
// regular expressions and globs. A program that registers functions of its own changes
// what OPA can call, but not what modules may call here: the list is this package's own.
// Importing this package links OPA with its HTTP client, which no function on the list
// can reach.
package rego
