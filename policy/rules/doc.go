// Package rules holds ready-made rules for package policy.
//
// Each rule is a plain struct. Its zero value is refused by policy.New, as is one
// that demands nothing: a rule must say whose evidence it believes and what it
// demands of it. ID and MaxAge are the exceptions: an empty ID means the rule's
// usual name, and without MaxAge evidence does not age.
//
// What is built and by whom: Builder, BuildLevel, Source, Parameters, Reproduced,
// BaseImage, Environment. What is in it: SBOM, Dependencies, Licences, ImageConfig,
// Hardening. What was found in it: NoVulnerabilities, Risk, Scanned, Secrets, Tests.
// Who stands behind it: Signer, Review, Separation, Level, Target. Catalogue makes
// rules from parameters in JSON.
//
// Bills of materials are read as a stream: a rule holds one component at a time.
//
// Evidence that a rule cannot read makes it undetermined, never satisfied. If
// several attestations meet a rule's need, each of them must be good. Predicate types
// that serve many purposes are the exception: of simple verification results, test
// results and SCAI reports, those about other matters are passed over.
package rules
