package tekton

import "encoding/json"

// A run is a TaskRun or PipelineRun of tekton.dev/v1, as far as it is read.
type run struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name      string `json:"name"`
		Namespace string `json:"namespace"`
		UID       string `json:"uid"`
	} `json:"metadata"`
	Spec struct {
		Params          []param         `json:"params"`
		TaskRef         *reference      `json:"taskRef"`
		PipelineRef     *reference      `json:"pipelineRef"`
		TaskSpec        json.RawMessage `json:"taskSpec"`
		PipelineSpec    json.RawMessage `json:"pipelineSpec"`
		ServiceAccount  *string         `json:"serviceAccountName"` // of a TaskRun
		TaskRunTemplate *struct {
			ServiceAccount *string `json:"serviceAccountName"`
		} `json:"taskRunTemplate"` // of a PipelineRun
	} `json:"spec"`
	Status struct {
		Conditions []struct {
			Type   string `json:"type"`
			Status string `json:"status"`
		} `json:"conditions"`
		StartTime      *string  `json:"startTime"`
		CompletionTime *string  `json:"completionTime"`
		Results        []result `json:"results"` // of a PipelineRun and a TaskRun
		Steps          []struct {
			Name    string `json:"name"`
			ImageID string `json:"imageID"`
		} `json:"steps"`
		Provenance *struct {
			RefSource *struct {
				URI        string            `json:"uri"`
				Digest     map[string]string `json:"digest"`
				EntryPoint string            `json:"entryPoint"`
			} `json:"refSource"`
		} `json:"provenance"`
	} `json:"status"`
}

// A param or result has a text, a list or an object as value.
type param struct {
	Name  string          `json:"name"`
	Value json.RawMessage `json:"value"`
}

type result = param

// A reference names a Task or Pipeline.
type reference struct {
	Name     string  `json:"name"`
	Kind     string  `json:"kind"`
	Resolver string  `json:"resolver"`
	Params   []param `json:"params"`
}
