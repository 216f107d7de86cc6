package gobuild

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/command"
)

// FromProvenance returns the spec that a record of a planned build tells, as
// command.FromProvenance does, and refuses, beyond what that refuses, every
// parameter that is not exactly what Plan gives for the program that the command
// names: each variable, flag, path and input. Whether the record may be believed is
// for an attest.Verifier to say.
func FromProvenance(build *provenance.Build) (*reproducible.Spec, error) {
	spec, err := command.FromProvenance(build)
	if err != nil {
		return nil, err
	}
	if err := planned(spec); err != nil {
		return nil, err
	}
	return spec, nil
}

// planned refuses every parameter that Plan would not have given.
func planned(p *reproducible.Spec) error {
	r := recipeOf(p.Command, p.Env)
	if err := r.validate(); err != nil {
		return attest.Refuse(CodeParameter, "externalParameters", "the parameters of a plan", "").Because(err)
	}
	want := r.spec(nil).WithDefaults()
	var faults []error
	check := func(where, want, got string) {
		if want != got {
			faults = append(faults, attest.Refuse(CodeParameter, "externalParameters/"+where, quote(want), quote(got)))
		}
	}
	if !slices.Equal(want.Command, p.Command) {
		check("command", strings.Join(want.Command, " "), strings.Join(p.Command, " ")+" ")
	}
	if name := mismatch(want.Env, p.Env); name != "" {
		faults = append(faults, attest.Refuse(CodeParameter, "externalParameters/env/"+quote(name), quote(want.Env[name]), quote(p.Env[name])))
	}
	if !slices.Equal(want.Outputs, p.Outputs) {
		check("outputs", strings.Join(want.Outputs, " "), strings.Join(p.Outputs, " ")+" ")
	}
	check("dir", want.Dir, p.Dir)
	check("hostname", want.Hostname, p.Hostname)
	check("locale", want.Locale, p.Locale)
	check("tz", want.TZ, p.TZ)
	number := func(n uint32) string { return strconv.FormatUint(uint64(n), 10) }
	check("uid", number(want.UID), number(p.UID))
	check("gid", number(want.GID), number(p.GID))
	check("umask", number(want.Umask), number(p.Umask))
	check("cpus", number(want.CPUs), number(p.CPUs))
	var got []string
	var system []reproducible.Input
	for _, in := range p.Inputs {
		check("inputs"+quote(in.Path)+"/kind", string(reproducible.Tree), string(in.Kind))
		if slices.Contains(r.places(), in.Path) {
			got = append(got, in.Path)
		} else {
			system = append(system, in)
		}
	}
	if !slices.Equal(r.places(), got) {
		check("inputs", strings.Join(r.places(), " "), strings.Join(got, " ")+" ")
	}
	if err := r.checkC(system); err != nil {
		faults = append(faults, attest.Refuse(CodeParameter, "externalParameters/inputs", "the inputs of a plan", "").Because(err))
	}
	return errors.Join(faults...)
}
