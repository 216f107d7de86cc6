package measure

import "github.com/sealwright/sealwright/attest"

// Why something could not be measured, compared or run.
const (
	// CodeUnsupported: this operating system has no measurement.
	CodeUnsupported attest.Code = "reproducible.measure.unsupported"
	// CodeConfig: roots, options or a policy are wrong in themselves.
	CodeConfig attest.Code = "reproducible.measure.config"
	// CodeRead: something could not be looked at.
	CodeRead attest.Code = "reproducible.measure.read"
	// CodeUnstable: something changed while it was measured.
	CodeUnstable attest.Code = "reproducible.measure.unstable"
	// CodeLimit: there is more than the limits allow.
	CodeLimit attest.Code = "reproducible.measure.limit"
	// CodeCancelled: the context ended first.
	CodeCancelled attest.Code = "reproducible.measure.cancelled"
	// CodeIncomparable: two snapshots are not of the same roots in the same way.
	CodeIncomparable attest.Code = "reproducible.measure.incomparable"
	// CodeNoDigests: a snapshot without digests was asked for one.
	CodeNoDigests attest.Code = "reproducible.measure.no-digests"
	// CodeReport: a report was not made by Diff, or a document contradicts itself.
	CodeReport attest.Code = "reproducible.measure.report"
)

// What Diff finds.
const (
	// CodeAdded: there is an entry that was not there.
	CodeAdded attest.Code = "reproducible.measure.added"
	// CodeRemoved: an entry is gone.
	CodeRemoved attest.Code = "reproducible.measure.removed"
	// CodeKind: an entry is another kind of thing, such as a link in place of a file.
	CodeKind attest.Code = "reproducible.measure.kind"
	// CodeMode: permission, setuid, setgid or sticky bits changed.
	CodeMode attest.Code = "reproducible.measure.mode"
	// CodeOwner: user or group changed.
	CodeOwner attest.Code = "reproducible.measure.owner"
	// CodeContent: the content of a file changed.
	CodeContent attest.Code = "reproducible.measure.content"
	// CodeTarget: a symbolic link points elsewhere.
	CodeTarget attest.Code = "reproducible.measure.target"
	// CodeDevice: a device file stands for another device.
	CodeDevice attest.Code = "reproducible.measure.device"
	// CodeXattr: an extended attribute other than capabilities changed.
	CodeXattr attest.Code = "reproducible.measure.xattr"
	// CodeCapability: file capabilities (security.capability) changed.
	CodeCapability attest.Code = "reproducible.measure.capability"
	// CodeLinked: a file has another number of hard links.
	CodeLinked attest.Code = "reproducible.measure.linked"
	// CodeReplaced: the entry is another object under the same name: made anew, or
	// mounted over.
	CodeReplaced attest.Code = "reproducible.measure.replaced"
	// CodeForgedTime: the content changed and the modification time or the change
	// time did not.
	CodeForgedTime attest.Code = "reproducible.measure.forged-time"
	// CodeUndone: the entry is as it was, but its change time tells that it was
	// changed meanwhile.
	CodeUndone attest.Code = "reproducible.measure.undone"
	// CodeTouched: the change time of an entry changed and, without digests, nothing
	// tells what else did.
	CodeTouched attest.Code = "reproducible.measure.touched"
)

// What is wrong with a tool.
const (
	// CodeToolAbsent: no directory of the search path has the tool.
	CodeToolAbsent attest.Code = "reproducible.measure.tool-absent"
	// CodeToolFormat: a program is not an ELF file that can be pinned.
	CodeToolFormat attest.Code = "reproducible.measure.tool-format"
	// CodeToolLibrary: a library that a tool needs cannot be found.
	CodeToolLibrary attest.Code = "reproducible.measure.tool-library"
	// CodeToolShadowed: the name of the tool leads to another file than the pinned.
	CodeToolShadowed attest.Code = "reproducible.measure.tool-shadowed"
	// CodeToolChanged: the tool's file does not have the pinned digest.
	CodeToolChanged attest.Code = "reproducible.measure.tool-changed"
	// CodeToolClosure: another interpreter, library or loader cache would be loaded.
	CodeToolClosure attest.Code = "reproducible.measure.tool-closure"
	// CodeToolPreload: the list of libraries that are loaded into every program
	// changed.
	CodeToolPreload attest.Code = "reproducible.measure.tool-preload"
)

// Codes returns every code that this package itself can give.
func Codes() []attest.Code {
	return []attest.Code{
		CodeUnsupported, CodeConfig, CodeRead, CodeUnstable, CodeLimit, CodeCancelled, CodeIncomparable,
		CodeNoDigests, CodeReport,
		CodeAdded, CodeRemoved, CodeKind, CodeMode, CodeOwner, CodeContent, CodeTarget, CodeDevice, CodeXattr,
		CodeCapability, CodeLinked, CodeReplaced, CodeForgedTime, CodeUndone, CodeTouched,
		CodeToolAbsent, CodeToolFormat, CodeToolLibrary, CodeToolShadowed, CodeToolChanged, CodeToolClosure,
		CodeToolPreload,
	}
}
