package scan

import "github.com/sealwright/sealwright/attest"

// The codes of this package. Its leaf packages list their own.
const (
	// CodeNil: a required argument is nil.
	CodeNil attest.Code = "scan.argument.nil"
	// CodeName: a scanner or matcher has no name, or shares it with another.
	CodeName attest.Code = "scan.argument.name"
	// CodeEntries: the source has more entries than the limit.
	CodeEntries attest.Code = "scan.limit.entries"
	// CodeBytes: the source has more bytes than the limit.
	CodeBytes attest.Code = "scan.limit.bytes"
	// CodeDepth: a directory lies deeper than the limit and was not entered.
	CodeDepth attest.Code = "scan.limit.depth"
	// CodeFileBytes: a wanted file is larger than the limit for files held in
	// memory.
	CodeFileBytes attest.Code = "scan.limit.file-bytes"
	// CodeResults: a scanner or matcher told more packages and findings than the
	// limit; the rest was dropped.
	CodeResults attest.Code = "scan.limit.results"
	// CodePanic: a scanner or matcher panicked and was not asked again.
	CodePanic attest.Code = "scan.scanner.panic"
	// CodeDeadline: a scanner or matcher did not answer in time and was not asked
	// again.
	CodeDeadline attest.Code = "scan.scanner.deadline"
	// CodeFailed: a scanner or matcher returned an error.
	CodeFailed attest.Code = "scan.scanner.failed"
	// CodeResult: a scanner or matcher told a malformed package or finding, which
	// was dropped.
	CodeResult attest.Code = "scan.scanner.result"
	// CodeHashConflict: two places record different hashes for one package
	// version.
	CodeHashConflict attest.Code = "scan.package.hash-conflict"
	// CodeSource: the source failed.
	CodeSource attest.Code = "scan.source.failed"
	// CodeReceipt: the source's receipt does not tell what it delivered.
	CodeReceipt attest.Code = "scan.source.receipt"
	// CodeDigest: the bytes that were read are not those that the caller named.
	CodeDigest attest.Code = "scan.source.digest"
	// CodeContent: a file's content is shorter or longer than its header says.
	CodeContent attest.Code = "scan.source.content"
	// CodeChanged: a file or directory changed while it was read.
	CodeChanged attest.Code = "scan.entry.changed"
	// CodeSwapped: a name led to another file when it was opened than when it
	// was examined.
	CodeSwapped attest.Code = "scan.entry.swapped"
	// CodeSpecial: a device, FIFO, socket or other special file, which is never
	// opened.
	CodeSpecial attest.Code = "scan.entry.special"
	// CodeUnreadable: a file or directory could not be opened or read.
	CodeUnreadable attest.Code = "scan.entry.unreadable"
	// CodeEntryName: a name is not UTF-8, has control characters, or is too long
	// to be told in a document.
	CodeEntryName attest.Code = "scan.entry.name"
	// CodeCaseClash: two names in one directory differ only by case, so another
	// file system would show only one of them.
	CodeCaseClash attest.Code = "scan.entry.case-clash"
	// CodeMount: another file system is mounted here and was not entered.
	CodeMount attest.Code = "scan.entry.mount"
	// CodeLinkWanted: a file that a scanner wants is a symbolic link, which is
	// never followed.
	CodeLinkWanted attest.Code = "scan.entry.link"
	// CodeLinkEscapes: a symbolic link leads out of the source.
	CodeLinkEscapes attest.Code = "scan.entry.link-escapes"
	// CodeNotEnded: a coverage that no pass has brought to its end.
	CodeNotEnded attest.Code = "scan.coverage.not-ended"
	// CodeOmitted: there were more gaps than the limit; only their number is kept.
	CodeOmitted attest.Code = "scan.coverage.omitted"
	// CodeNothingClaimed: no scanner recognised anything in the source.
	CodeNothingClaimed attest.Code = "scan.coverage.nothing-claimed"
	// CodeNoChecks: a policy demands no check.
	CodeNoChecks attest.Code = "scan.policy.no-checks"
	// CodeCheckMissing: a check that the policy demands did not run.
	CodeCheckMissing attest.Code = "scan.policy.check-missing"
	// CodeFinding: the report has a finding that the policy does not tolerate.
	CodeFinding attest.Code = "scan.policy.finding"
	// CodeSeverity: a text names no severity.
	CodeSeverity attest.Code = "scan.severity.unknown-name"
)

// Codes returns every code that this package itself can give.
func Codes() []attest.Code {
	return []attest.Code{
		CodeNil, CodeName, CodeEntries, CodeBytes, CodeDepth, CodeFileBytes, CodeResults,
		CodePanic, CodeDeadline, CodeFailed, CodeResult, CodeHashConflict, CodeSource,
		CodeReceipt, CodeDigest, CodeContent, CodeChanged, CodeSwapped, CodeSpecial,
		CodeUnreadable, CodeEntryName, CodeCaseClash, CodeMount, CodeLinkWanted,
		CodeLinkEscapes, CodeNotEnded, CodeOmitted, CodeNothingClaimed, CodeNoChecks,
		CodeCheckMissing, CodeFinding, CodeSeverity,
	}
}
