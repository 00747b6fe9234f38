package main

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// policy is a set of files that parsed and passed every check.
type policy struct {
	units    units
	compiler *ast.Compiler
	warnings []issue
}

// load parses and checks the files of a request. Without a policy there is at least one issue of severity error.
func load(req request) (*policy, units, []issue) {
	list, found := parseAll(req.Modules, req.RegoVersion)
	if len(found) > 0 {
		return nil, list, list.sorted(append(list.parsed().warnings(req.RegoVersion), found...))
	}
	compiler, found := verify(list, req)
	if len(found) > 0 && req.RegoVersion == "auto" {
		// Some files parse as v1 but hold what only v0 allows (a deprecated built-in, two equal imports).
		if older := asV0(list, found); older != nil {
			if c, still := verify(older, req); len(still) == 0 {
				list, compiler, found = older, c, nil
			}
		}
	}
	warnings := list.warnings(req.RegoVersion)
	if len(found) > 0 {
		return nil, list, list.sorted(append(warnings, found...))
	}
	return &policy{units: list, compiler: compiler, warnings: list.sorted(warnings)}, list, nil
}

func verify(list units, req request) (*ast.Compiler, []issue) {
	compiler := ast.NewCompiler().SetErrorLimit(0).WithCapabilities(capabilities())
	compiler.Compile(list.modules())
	var found []issue
	if compiler.Failed() {
		found = list.issues(compiler.Errors)
	}
	found = append(found, list.nondeterministic(compiler)...)
	return compiler, append(found, list.overlaps(req)...)
}

// asV0 gives the same files with each faulty v1 file read as v0, or nil when there is none that can be.
func asV0(list units, found []issue) units {
	changed := false
	out := make(units, 0, len(list))
	for _, one := range list {
		next := *one
		faulty := slices.ContainsFunc(found, func(i issue) bool { return i.File == one.path })
		if faulty && one.version == ast.RegoV1 && next.parse(ast.RegoV0) == nil {
			changed = true
		}
		out = append(out, &next)
	}
	if !changed {
		return nil
	}
	return out
}

func (u units) parsed() units {
	return slices.DeleteFunc(slices.Clone(u), func(one *unit) bool { return one.module == nil })
}
