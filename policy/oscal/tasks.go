package oscal

import (
	"maps"
	"slices"
	"strconv"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// Catalog is where NIST publishes the framework in OSCAL. A policy.Control of this
// catalog ties a rule to a task.
const Catalog = "https://raw.githubusercontent.com/usnistgov/oscal-content/main/nist.gov/SP800-218/ver1/json/NIST_SP800-218_ver1_catalog.json"

// Tasks returns the ids of the 42 tasks of SP 800-218 version 1.1, in its order.
func Tasks() []string {
	return []string{
		"PO.1.1", "PO.1.2", "PO.1.3", "PO.2.1", "PO.2.2", "PO.2.3", "PO.3.1", "PO.3.2", "PO.3.3", "PO.4.1", "PO.4.2", "PO.5.1", "PO.5.2",
		"PS.1.1", "PS.2.1", "PS.3.1", "PS.3.2",
		"PW.1.1", "PW.1.2", "PW.1.3", "PW.2.1", "PW.4.1", "PW.4.2", "PW.4.4", "PW.5.1", "PW.6.1", "PW.6.2", "PW.7.1", "PW.7.2",
		"PW.8.1", "PW.8.2", "PW.9.1", "PW.9.2",
		"RV.1.1", "RV.1.2", "RV.1.3", "RV.2.1", "RV.2.2", "RV.3.1", "RV.3.2", "RV.3.3", "RV.3.4",
	}
}

// A Mapping tells, by task, which rules bear on it: groups of rule ids. Of each group
// at least one rule must be in the decision, and all that are must be satisfied. A rule
// whose policy.Control names a task of Catalog bears on it, too. A task without groups
// and without such rules is not assessable.
type Mapping map[string][][]string

// Default returns a mapping of the rules of package policy/rules, by their usual ids.
// It maps what an attestation about one artifact can show, and no more:
//
//	PO.3.3  tools leave evidence                  provenance, and a bill of materials
//	PO.5.1  build environments are separated      hermetic rebuilds or a TEE, and duties
//	PS.1.1  code is protected from change         a source that is expected and reviewed
//	PS.2.1  releases can be verified              a signature by who may sign
//	PS.3.2  provenance is kept and shared         provenance, and a bill of materials
//	PW.4.1  components are well secured           dependencies and licences
//	PW.4.4  components comply over their life     known vulnerabilities, by a fresh scan
//	PW.6.2  compilers are configured              hardening, by expected parameters
//	PW.7.2  code is reviewed                      a review by two, and a search for secrets
//	PW.8.2  executables are tested                tests
//	PW.9.1  a secure baseline is defined          the image's configuration
//	RV.1.1  vulnerabilities are gathered          a fresh and complete scan
//	RV.2.1  vulnerabilities are analysed          their risk
//
// All other tasks are about people and processes, or about more than one artifact.
func Default() Mapping {
	provenance := []string{"builder", "build-level", "source", "parameters"}
	vulnerabilities := []string{"vulnerabilities", "risk"}
	return Mapping{
		"PO.3.3": {provenance, {"sbom"}},
		"PO.5.1": {{"reproduced", "environment"}, {"separation"}},
		"PS.1.1": {{"source"}, {"review", "level"}},
		"PS.2.1": {{"signer"}},
		"PS.3.2": {provenance, {"sbom"}},
		"PW.4.1": {{"dependencies"}, {"licences"}},
		"PW.4.4": {vulnerabilities, {"scanned"}},
		"PW.6.2": {{"hardening"}, {"parameters", "build-level"}},
		"PW.7.2": {{"review"}, {"secrets"}},
		"PW.8.2": {{"tests"}},
		"PW.9.1": {{"image-config"}},
		"RV.1.1": {{"scanned"}, vulnerabilities},
		"RV.2.1": {{"risk"}},
	}
}

// Validate reports the first fault of m.
func (m Mapping) Validate() error {
	tasks := Tasks()
	for _, task := range slices.Sorted(maps.Keys(m)) {
		if !slices.Contains(tasks, task) {
			return attest.Refuse(CodeMapping, task, "a task of SP 800-218 version 1.1", excerpt.Quote(task))
		}
		for i, group := range m[task] {
			if len(group) == 0 || slices.Contains(group, "") {
				return attest.Refuse(CodeMapping, task+"/"+strconv.Itoa(i), "at least one rule", "none")
			}
		}
	}
	return nil
}
