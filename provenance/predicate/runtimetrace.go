package predicate

import (
	"encoding/json"
	"errors"

	"github.com/sealwright/sealwright/attest"
)

// RuntimeTraceType is the predicate type of a RuntimeTrace.
const RuntimeTraceType = "https://in-toto.io/attestation/runtime-trace/v0.1"

// A RuntimeTrace is what a monitor saw a process do.
type RuntimeTrace struct {
	Monitor          Monitor          `json:"monitor"`
	MonitoredProcess MonitoredProcess `json:"monitoredProcess"`
	MonitorLog       MonitorLog       `json:"monitorLog"`
	Metadata         *TraceMetadata   `json:"metadata,omitempty"`
}

// A Monitor is the tool that watched.
type Monitor struct {
	Type         string             `json:"type"`
	ConfigSource *attest.Descriptor `json:"configSource,omitempty"`
	// TracePolicy is a JSON object of the monitor's form, or nil.
	TracePolicy json.RawMessage `json:"tracePolicy,omitempty"`
}

// A MonitoredProcess is what was watched.
type MonitoredProcess struct {
	HostID string `json:"hostID"`
	Type   string `json:"type"`
	Event  string `json:"event"`
}

// A MonitorLog holds the events. At least one list is there; an empty one tells that
// nothing was seen, a nil one that nobody looked.
type MonitorLog struct {
	// Process and Network are JSON objects of the monitor's form.
	Process    []json.RawMessage   `json:"process,omitzero"`
	Network    []json.RawMessage   `json:"network,omitzero"`
	FileAccess []attest.Descriptor `json:"fileAccess,omitzero"`
}

// A TraceMetadata tells when the watched process ran.
type TraceMetadata struct {
	BuildStartedOn  Timestamp `json:"buildStartedOn,omitzero"`
	BuildFinishedOn Timestamp `json:"buildFinishedOn,omitzero"`
}

// Type returns RuntimeTraceType.
func (*RuntimeTrace) Type() string { return RuntimeTraceType }

func (*RuntimeTrace) about([]attest.Descriptor) error { return nil }

// Validate holds t to the specification.
func (t *RuntimeTrace) Validate() error {
	if t == nil {
		return attest.Refuse(CodeNil, "RuntimeTrace", "a trace", "nil")
	}
	errs := []error{
		checkURI("/monitor/type", t.Monitor.Type),
		checkDescriptor("/monitor/configSource", t.Monitor.ConfigSource),
		checkObject("/monitor/tracePolicy", t.Monitor.TracePolicy),
		checkURI("/monitoredProcess/hostID", t.MonitoredProcess.HostID),
		checkURI("/monitoredProcess/type", t.MonitoredProcess.Type),
		checkText("/monitoredProcess/event", t.MonitoredProcess.Event),
	}
	log := t.MonitorLog
	if log.Process == nil && log.Network == nil && log.FileAccess == nil {
		errs = append(errs, attest.Refuse(CodeMissing, "/monitorLog", "process, network or fileAccess", "none"))
	}
	for i, event := range log.Process {
		errs = append(errs, checkObject(at("/monitorLog/process", i), append(json.RawMessage{}, event...)))
	}
	for i, event := range log.Network {
		errs = append(errs, checkObject(at("/monitorLog/network", i), append(json.RawMessage{}, event...)))
	}
	for i := range log.FileAccess {
		errs = append(errs, checkDescriptor(at("/monitorLog/fileAccess", i), &log.FileAccess[i]))
	}
	if m := t.Metadata; m != nil {
		errs = append(errs, checkOptionalTime("/metadata/buildStartedOn", m.BuildStartedOn), checkOptionalTime("/metadata/buildFinishedOn", m.BuildFinishedOn),
			checkSpan("/metadata/buildFinishedOn", m.BuildStartedOn, m.BuildFinishedOn))
	}
	return errors.Join(errs...)
}
