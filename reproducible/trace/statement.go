package trace

import (
	"encoding/json"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/strictjson"
	"github.com/sealwright/sealwright/provenance/predicate"
	"github.com/sealwright/sealwright/reproducible"
)

// MonitorType is the monitor.type of the statements of this package. Its
// tracePolicy holds complete, crossChecked, dropped, blindSpots and the digest
// of the trace; each of its process and network events is an Access.
const MonitorType = "https://github.com/sealwright/sealwright/reproducible/trace/v1"

// Process says what was watched.
type Process struct {
	// HostID is a URI of the machine or platform that ran the build.
	HostID string
	// Event names the run, such as its invocation id.
	Event string
}

// Statement tells a traced, successful run as an in-toto statement of type
// runtime-trace v0.1 about its artifacts. fileAccess holds materials.Touched.
// Equal input gives equal bytes.
func Statement(r *reproducible.Result, m *Materials, p Process) (*attest.Statement, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	if r.Trace == nil || m == nil {
		return nil, attest.Refuse(CodeConfig, "Result.Trace", "a trace and its materials", "none")
	}
	policy, err := tracePolicy(r.Trace)
	if err != nil {
		return nil, err
	}
	out := &predicate.RuntimeTrace{
		Monitor:          predicate.Monitor{Type: MonitorType, TracePolicy: policy},
		MonitoredProcess: predicate.MonitoredProcess{HostID: p.HostID, Type: reproducible.BuildType, Event: p.Event},
		MonitorLog:       predicate.MonitorLog{FileAccess: append([]attest.Descriptor{}, m.Touched...)},
		Metadata: &predicate.TraceMetadata{
			BuildStartedOn: predicate.Timestamp{Time: r.Started.UTC()}, BuildFinishedOn: predicate.Timestamp{Time: r.Finished.UTC()},
		},
	}
	for _, a := range r.Trace.Accesses {
		event, err := strictjson.Marshal(a)
		if err != nil {
			return nil, attest.Refuse(reproducible.CodeTrace, "Trace.Accesses", "UTF-8 texts", "").Because(err)
		}
		switch a.Op {
		case reproducible.OpExec, reproducible.OpLoad:
			out.MonitorLog.Process = append(out.MonitorLog.Process, event)
		case reproducible.OpConnect:
			out.MonitorLog.Network = append(out.MonitorLog.Network, event)
		}
	}
	var subjects []attest.Descriptor
	for _, a := range r.Artifacts {
		subjects = append(subjects, attest.Descriptor{Name: a.Path, Digest: a.Digest.Clone()})
	}
	return predicate.Encode(out, subjects...)
}

func tracePolicy(t *reproducible.Trace) (json.RawMessage, error) {
	d, err := t.Digest()
	if err != nil {
		return nil, err
	}
	return strictjson.Marshal(struct {
		BlindSpots   []string `json:"blindSpots"`
		Complete     bool     `json:"complete"`
		CrossChecked bool     `json:"crossChecked"`
		Dropped      uint64   `json:"dropped"`
		Trace        string   `json:"trace"`
	}{append([]string{}, t.BlindSpots...), t.Complete, t.CrossChecked, t.Dropped, d.String()})
}
