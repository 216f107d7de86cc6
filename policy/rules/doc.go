// Package rules holds ready-made rules for package policy.
//
// Each rule is a plain struct. Its zero value is refused by policy.New, as is one
// that demands nothing: a rule must say whose evidence it believes and what it
// demands of it. ID and MaxAge are the exceptions: an empty ID means the rule's
// usual name, and without MaxAge evidence does not age.
//
// Evidence that a rule cannot read makes it undetermined, never satisfied. If
// several attestations meet a rule's need, each of them must be good.
package rules
