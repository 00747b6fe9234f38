package main

import (
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

type checked struct {
	OK      bool            `json:"ok"`
	Issues  []issue         `json:"issues"`
	Modules []checkedModule `json:"modules"`
}

type checkedModule struct {
	Path        string   `json:"path"`
	Package     string   `json:"package"`
	RegoVersion string   `json:"regoVersion"`
	Rules       []string `json:"rules"`
}

// check reports what compile would refuse, and as warnings what OPA's strict mode would refuse.
func check(req request) response {
	loaded, list, found := load(req)
	out := checked{OK: len(found) == 0, Issues: found, Modules: []checkedModule{}}
	if loaded != nil {
		list = loaded.units
		out.Issues = list.sorted(append(loaded.warnings, loaded.strict()...))
	}
	if out.Issues == nil {
		out.Issues = []issue{}
	}
	for _, one := range list.parsed() {
		out.Modules = append(out.Modules, one.describe())
	}
	return response{Result: out}
}

// strict finds unused variables and imports, among others. They change no decision, hence warnings.
func (p *policy) strict() []issue {
	compiler := ast.NewCompiler().SetErrorLimit(0).WithCapabilities(capabilities()).WithStrict(true)
	compiler.Compile(p.units.modules())
	var out []issue
	for _, e := range compiler.Errors {
		out = append(out, p.units.issue("warning", e.Code, withDetails(e), e.Location))
	}
	return out
}

func (u *unit) describe() checkedModule {
	out := checkedModule{
		Path:        u.path,
		Package:     strings.TrimPrefix(u.module.Package.Path.String(), "data."),
		RegoVersion: "v1",
		Rules:       []string{},
	}
	if u.version == ast.RegoV0 {
		out.RegoVersion = "v0"
	}
	for _, rule := range u.module.Rules {
		name := rule.Head.Ref().GroundPrefix().String()
		if !slices.Contains(out.Rules, name) {
			out.Rules = append(out.Rules, name)
		}
	}
	return out
}
