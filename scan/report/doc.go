// Package report turns a scan.Report into in-toto statements, and reads them
// back strictly.
//
// Vulns writes the vulnerability predicate, in which an empty list "means the
// scanner found no vulnerabilities": so it is written only when the scan looked
// at everything, and with a database that says how old it is. It tells which
// vulnerabilities have a fix, and what the caller knows of their exploitation
// (Known). CycloneDX writes the bill of materials. Coverage writes what was
// looked at and what was not, and is the one statement that may be made of an
// incomplete scan.
//
// Times are parameters: nothing here reads a clock.
package report
