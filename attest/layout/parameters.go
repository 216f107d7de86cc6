package layout

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/in-toto/in-toto-golang/in_toto"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

var marker = regexp.MustCompile(`\{[a-zA-Z0-9_-]+\}`)

// substitute puts the parameters into l. They must be exactly those that l names,
// and none may be a pattern, a path with dots, or a further marker.
func substitute(l *in_toto.Layout, parameters map[string]string) error {
	named := map[string]bool{}
	visit(l, func(text string) {
		for _, found := range marker.FindAllString(text, -1) {
			named[found] = true
		}
	})
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		value := parameters[name]
		if !named["{"+name+"}"] {
			return attest.Refuse(CodeParameter, "parameters", "those that the layout names", excerpt.Quote(name))
		}
		dots := slices.Contains(strings.Split(value, "/"), "..")
		if value == "" || dots || strings.ContainsAny(value, "*?[]\\{}\x00") {
			return attest.Refuse(CodeParameter, excerpt.Quote(name), "a value without wildcards, braces and ..", excerpt.Quote(value))
		}
		delete(named, "{"+name+"}")
	}
	if len(named) > 0 {
		return attest.Refuse(CodeParameter, "layout", "no parameter without a value", excerpt.Quote(slices.Sorted(maps.Keys(named))[0]))
	}
	substituted, err := in_toto.SubstituteParameters(*l, parameters)
	if err != nil {
		return attest.Refuse(CodeParameter, "parameters", "usable names", "").Because(err)
	}
	*l = substituted
	return nil
}

// visit calls f on every text in which parameters may stand.
func visit(l *in_toto.Layout, f func(string)) {
	rules := func(item in_toto.SupplyChainItem) {
		for _, tokens := range slices.Concat(item.ExpectedMaterials, item.ExpectedProducts) {
			for _, token := range tokens {
				f(token)
			}
		}
	}
	for _, s := range l.Steps {
		rules(s.SupplyChainItem)
		for _, argument := range s.ExpectedCommand {
			f(argument)
		}
	}
	for _, i := range l.Inspect {
		rules(i.SupplyChainItem)
	}
}
