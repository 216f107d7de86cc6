package jenkins

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/collect"
)

// BuildType is the build type of what Build returns. Its external parameters are "job",
// the name of the job or its path on the controller; "source", the location of the
// repository; "branch", the branch as the Git plugin names it. Its internal parameters
// are "node" and "number".
const BuildType = "https://github.com/sealwright/sealwright/provenance/jenkins/v1"

// The keys that only Jenkins has.
const (
	BuildNumber collect.Key = "jenkins.build-number"
	Branch      collect.Key = "jenkins.branch"
	Node        collect.Key = "jenkins.node"
	Result      collect.Key = "jenkins.result"
	JobName     collect.Key = "jenkins.job-name"
)

// tree is what the API is asked for.
const tree = "?tree=number,url,building,result,timestamp,duration,builtOn,actions[_class,remoteUrls,lastBuiltRevision[SHA1,branch[SHA1,name]]]"

// A Collector reads a Jenkins build. Its environment must grant variables; the API
// needs Fetch.
type Collector struct {
	// Server is the controller's address without final slash. Variables with another
	// one are refused.
	Server string
	// Job is the path of the job on the controller, such as "job/app/job/main", and
	// Number the build's number. If they are empty, the API is not asked.
	Job, Number string
	// Repository is the location of the source, for builds with several checkouts.
	Repository string
}

// Collect is of the interface collect.Collector.
func (c Collector) Collect(ctx context.Context, env collect.Environment) (*collect.Facts, error) {
	if err := collect.CheckBase(c.Server); err != nil {
		return nil, err
	}
	f := &collect.Facts{}
	if err := errors.Join(collect.RequireEnv(env, "JENKINS_URL", c.Server+"/"), f.ReadEnv(env, variables())); err != nil {
		return nil, err
	}
	f.Gap("parameters", "the parameters of a Jenkins build are not read")
	f.Gap("identity token", "Jenkins signs nothing")
	if c.Job == "" && c.Number == "" {
		return f, nil
	}
	if err := c.ask(ctx, env, f); err != nil {
		return nil, err
	}
	return f, nil
}

// variables are the variables of the core and the Git plugin that are read.
func variables() []collect.Rule {
	return []collect.Rule{
		{Name: "BUILD_NUMBER", Key: BuildNumber, Form: collect.Number},
		{Name: "BUILD_URL", Key: collect.Invocation, Form: collect.Address},
		{Name: "JOB_NAME", Key: JobName, Form: collect.Phrase},
		{Name: "NODE_NAME", Key: Node, Form: collect.Phrase},
		{Name: "GIT_COMMIT", Key: collect.Commit, Form: collect.Object},
		{Name: "GIT_URL", Key: collect.Repository, Form: collect.Location},
		{Name: "GIT_BRANCH", Key: Branch, Form: collect.Branch},
	}
}

// A build is what the controller answers about a build, as far as it is read.
type build struct {
	Building  *bool    `json:"building"`
	Timestamp *int64   `json:"timestamp"` // milliseconds since 1970
	Duration  *int64   `json:"duration"`  // milliseconds
	Actions   []*scmed `json:"actions"`
}

// A scmed is the action that the Git plugin adds for each checkout; others are empty.
type scmed struct {
	Remotes  []string `json:"remoteUrls"`
	Revision *struct {
		SHA1   string `json:"SHA1"`
		Branch []struct {
			Name string `json:"name"`
		} `json:"branch"`
	} `json:"lastBuiltRevision"`
}

func (c Collector) ask(ctx context.Context, env collect.Environment, f *collect.Facts) error {
	_, told := collect.Number.Parse(c.Number)
	_, plain := collect.Location.Parse("https://host/" + c.Job)
	if !told || !plain || !strings.HasPrefix(c.Job, "job/") {
		return attest.Refuse(collect.CodeOption, "Job, Number", "a path such as job/app, and a number", "something else")
	}
	path := "/" + c.Job + "/" + c.Number
	document, err := env.Get(ctx, c.Server+path+"/api/json"+tree, nil)
	if err != nil {
		return err
	}
	where := "api " + path
	answer, err := collect.ParseMembers(document.Body, where)
	if err != nil {
		return err
	}
	if err := answer.Require(map[string]string{"number": c.Number, "url": c.Server + path + "/"}); err != nil {
		return err
	}
	err = f.ReadAPI(answer, document.Digest, []collect.Rule{
		{Name: "number", Key: BuildNumber, Form: collect.Number},
		{Name: "url", Key: collect.Invocation, Form: collect.Address},
		{Name: "builtOn", Key: Node, Form: collect.Phrase},
		{Name: "result", Key: Result, Form: collect.Word},
	})
	if err != nil {
		return err
	}
	var b build
	if err := collect.DecodeJSON(document.Body, &b, where); err != nil {
		return err
	}
	p := platform{f, where, document.Digest}
	p.add(collect.EntryPoint, c.Server+"/"+c.Job, "url")
	p.times(b)
	return c.source(p, b)
}

// A platform adds facts of one answer.
type platform struct {
	facts    *collect.Facts
	where    string
	evidence digest.Digest
}

func (p platform) add(key collect.Key, value, member string) {
	p.facts.Add(collect.Fact{Key: key, Value: value, Trust: collect.PlatformAPI, Origin: p.where + " " + member, Evidence: p.evidence})
}

func (p platform) times(b build) {
	const lastMilli = 253402300799000
	if b.Timestamp == nil || *b.Timestamp < 0 || *b.Timestamp > lastMilli {
		p.facts.Gap("times", "the controller does not tell when the build started")
		return
	}
	started := time.UnixMilli(*b.Timestamp).UTC()
	p.add(collect.Started, started.Format(time.RFC3339Nano), "timestamp")
	if b.Building == nil || *b.Building || b.Duration == nil || *b.Duration < 0 || *b.Duration > lastMilli-*b.Timestamp {
		p.facts.Gap("finish", "the build was still running when the controller was asked")
		return
	}
	p.add(collect.Finished, time.UnixMilli(*b.Timestamp+*b.Duration).UTC().Format(time.RFC3339Nano), "duration")
}

// A checkout is what the Git plugin did once.
type checkout struct {
	remotes []string // canonical
	commit  string
	branch  string
}

// source tells which checkout is the source.
func (c Collector) source(p platform, b build) error {
	checkouts, err := readCheckouts(p.where, b)
	if err != nil {
		return err
	}
	if c.Repository != "" {
		wanted, err := collect.CanonicalRepository(c.Repository)
		if err != nil {
			return err
		}
		p.others(checkouts, func(o checkout) bool { return !slices.Contains(o.remotes, wanted) })
		checkouts = slices.DeleteFunc(checkouts, func(o checkout) bool { return !slices.Contains(o.remotes, wanted) })
	}
	if len(checkouts) == 0 && c.Repository == "" {
		p.facts.Gap("source", "the controller records no checkout")
		return nil
	}
	if len(checkouts) != 1 {
		return attest.Refuse(CodeSource, p.where+" actions", "one checkout of the source", strconv.Itoa(len(checkouts)))
	}
	at := checkouts[0]
	repository := at.remotes[0]
	if c.Repository != "" {
		repository, _ = collect.CanonicalRepository(c.Repository)
	}
	p.add(collect.Repository, repository, "actions/remoteUrls")
	p.add(collect.Commit, at.commit, "actions/lastBuiltRevision")
	if at.branch != "" {
		p.add(Branch, at.branch, "actions/lastBuiltRevision")
	}
	return nil
}

// others makes the checkouts that are not the source inputs.
func (p platform) others(checkouts []checkout, other func(checkout) bool) {
	for _, o := range checkouts {
		if other(o) {
			d := attest.Descriptor{URI: o.remotes[0], Digest: digest.Set{digest.GitCommit: o.commit}}
			p.facts.Input(provenance.RoleOther, d, collect.PlatformAPI, p.where+" actions", p.evidence)
		}
	}
}

func readCheckouts(where string, b build) ([]checkout, error) {
	var out []checkout
	for _, a := range b.Actions {
		if a == nil || a.Revision == nil && a.Remotes == nil {
			continue
		}
		if a.Revision == nil || len(a.Remotes) == 0 {
			return nil, attest.Refuse(CodeSource, where+" actions", "remotes and a revision", "one without the other")
		}
		commit, ok := collect.Object.Parse(a.Revision.SHA1)
		if !ok {
			return nil, attest.Refuse(CodeSource, where+" actions", "a commit", "something else")
		}
		o := checkout{commit: commit}
		for _, remote := range a.Remotes {
			location, err := collect.CanonicalRepository(remote)
			if err != nil {
				return nil, err
			}
			o.remotes = append(o.remotes, location)
		}
		if len(a.Revision.Branch) == 1 {
			name := strings.TrimPrefix(a.Revision.Branch[0].Name, "refs/remotes/")
			if name, ok := collect.Branch.Parse(name); ok {
				o.branch = name
			}
		}
		if !slices.ContainsFunc(out, func(p checkout) bool { return p.commit == o.commit && slices.Equal(p.remotes, o.remotes) }) {
			out = append(out, o)
		}
	}
	return out, nil
}

// Build makes the build that the facts of a record tell of. Job, repository and commit
// must be known.
func Build(r *collect.Record, o collect.Options) (*provenance.Build, *collect.Report, error) {
	d := r.Draft(BuildType)
	job := collect.EntryPoint
	if _, ok := r.Fact(job); !ok {
		job = JobName
	}
	d.Need("job", job)
	d.Need("source", collect.Repository)
	d.External("branch", Branch)
	d.Internal("number", BuildNumber)
	d.Internal("node", Node)
	d.Source()
	return d.Build(o)
}
