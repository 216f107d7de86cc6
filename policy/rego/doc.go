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
// a deny set whose body is undefined denies nothing. A missing field thus looks like a
// good one. What compiles here has no such third value: every term has a value and every
// condition is true or false, or the evaluation fails as a whole. "not", "else",
// comprehensions, helpers and defaults then mean what they say.
//
// It is so by induction over what a module is made of. Inputs are there, with their
// types, or the module is not evaluated. Functions of the list give a value or an
// error, and an error anywhere ends the evaluation without a result, also under "not"
// (strict built-in errors). A rule of the module that may have no value, because it has
// neither a default, nor an unconditional definition, nor an unconditional else, may
// only stand where its being defined is the condition: "hosted", "not hosted",
// "hosted(x)". Where its value is needed it is refused. A set rule has a value, the
// empty set at least.
//
// What else could be undefined, or pass by its shape, is refused: indices and keys other
// than _ (write some x in, or object.get with a default), patterns on either side of an
// assignment, elements of what may be no collection, "with", other imports, data, rules
// with keys, a default of allow other than false. Every must go through an input, which
// has an element; through an empty list it would hold. Under "not", _ is refused, as
// "not for some" and "for some not" look alike: give it a rule of its own.
//
// A built-in function must be on a short list, on which nothing reads a clock, a
// network, randomness, or the process, and nothing is undefined without an error.
//
// # Modules of other tools
//
// A Foreign compiles the modules of Witness and policy-controller for package
// policy/compat. They declare no inputs, so what they take for granted is read from their
// text, and demanded of each attestation before it is judged:
//
//   - every member that a module refers to is there, and in each element if it refers to
//     one of [_];
//   - it has the type of the constants that it is compared with and of the functions
//     that it is given to, and is a boolean where it stands as a condition;
//   - a collection whose elements are looked at has one; a collection that is only
//     counted or compared may be empty, as then that is what the module judges.
//
// Otherwise the attestation is undetermined, where Rego would go on. Modules are refused
// by what is said above, and where their text leaves a type open that the caller does
// not tell. What passes here thus passes in the tool that a module was written for; some
// of what passes there does not pass here.
//
// # Limits
//
// Predicates are bounded in bytes, evaluation in steps (policy.Budget.Cost) and in the
// texts that it builds (4 MiB), and it ends soon after its context does.
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
