package oscal

import "time"

// The types hold the part of the OSCAL 1.1.3 assessment results model that is written.
type document struct {
	Results assessmentResults `json:"assessment-results"`
}

type assessmentResults struct {
	UUID       string     `json:"uuid"`
	Metadata   metadata   `json:"metadata"`
	ImportAP   href       `json:"import-ap"`
	Results    []result   `json:"results"`
	BackMatter backMatter `json:"back-matter"`
}

type metadata struct {
	Title        string    `json:"title"`
	LastModified time.Time `json:"last-modified"`
	Version      string    `json:"version"`
	OSCALVersion string    `json:"oscal-version"`
}

type href struct {
	Href string `json:"href"`
}

type backMatter struct {
	Resources []resource `json:"resources"`
}

type resource struct {
	UUID        string `json:"uuid"`
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
	RLinks      []href `json:"rlinks,omitempty"`
}

type result struct {
	UUID             string        `json:"uuid"`
	Title            string        `json:"title"`
	Description      string        `json:"description"`
	Start            time.Time     `json:"start"`
	End              time.Time     `json:"end"`
	Props            []prop        `json:"props"`
	ReviewedControls reviewed      `json:"reviewed-controls"`
	Observations     []observation `json:"observations,omitempty"`
	Risks            []risk        `json:"risks,omitempty"`
	Findings         []finding     `json:"findings"`
}

type prop struct {
	Name  string `json:"name"`
	NS    string `json:"ns"`
	Value string `json:"value"`
}

type reviewed struct {
	Selections []selection `json:"control-selections"`
}

type selection struct {
	Controls []controlID `json:"include-controls"`
}

type controlID struct {
	ID string `json:"control-id"`
}

type observation struct {
	UUID        string     `json:"uuid"`
	Title       string     `json:"title"`
	Description string     `json:"description"`
	Props       []prop     `json:"props"`
	Methods     []string   `json:"methods"`
	Evidence    []evidence `json:"relevant-evidence,omitempty"`
	Collected   time.Time  `json:"collected"`
	Remarks     string     `json:"remarks,omitempty"`
}

type evidence struct {
	Href        string `json:"href"`
	Description string `json:"description"`
}

type risk struct {
	UUID        string    `json:"uuid"`
	Title       string    `json:"title"`
	Description string    `json:"description"`
	Statement   string    `json:"statement"`
	Status      string    `json:"status"`
	Deadline    time.Time `json:"deadline"`
}

type finding struct {
	UUID         string        `json:"uuid"`
	Title        string        `json:"title"`
	Description  string        `json:"description"`
	Props        []prop        `json:"props"`
	Target       target        `json:"target"`
	Observations []observedRef `json:"related-observations,omitempty"`
	Risks        []riskRef     `json:"related-risks,omitempty"`
}

type target struct {
	Type   string `json:"type"`
	ID     string `json:"target-id"`
	Status status `json:"status"`
}

type status struct {
	State   string `json:"state"`
	Reason  string `json:"reason"`
	Remarks string `json:"remarks"`
}

type observedRef struct {
	UUID string `json:"observation-uuid"`
}

type riskRef struct {
	UUID string `json:"risk-uuid"`
}
