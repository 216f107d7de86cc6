// Package cel makes rules of conditions in the Common Expression Language
// (https://cel.dev), for what an organisation wants to demand of evidence beyond the
// ready-made rules.
//
// A [policy.Clause] goes in: the evidence that it needs, the inputs that it reads, with
// their types, and an expression. A policy.Rule comes out, or everything that makes the
// clause unsafe. The rule is violated if the expression is false, and undetermined if it
// cannot be computed; there is no third way to be satisfied.
//
// # What an expression sees
//
// The declared inputs, each of its type; there are no dynamic types and no whole
// documents. And of the request: subject (digests by algorithm), signers (principals
// that the need accepts), phase, environment, actor. There is no clock: ages are the
// business of policy.Need.MaxAge.
//
// # Where it departs from CEL
//
// CEL's && and || give a result although one side failed, if the other side settles it.
// Here they are computed from left to right, as in most languages: a side that is
// computed and fails makes the whole fail. A quantifier or a membership test over
// nothing is no truth here: x.all(...), x.exists(...), x.map(...), x.filter(...) and "v in
// x" of an empty x fail; write size(x) == 0 || x.all(...) where nothing is good enough.
//
// The lint refuses what reads as a check and is none: a condition that is no boolean,
// that reads no input, that holds because something is absent (a negated has or exists),
// a regular expression or prefix that is not anchored, and every function that is not on
// a short list.
//
// An expression is bounded in size when it is compiled, and in cost and memory when it is
// computed; it stops soon after its context ends.
package cel
