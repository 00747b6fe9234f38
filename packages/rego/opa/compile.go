package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/bundle"
	opa "github.com/open-policy-agent/opa/v1/compile"
)

type compiled struct {
	Wasm       []byte     `json:"wasm"` // base64 in JSON
	InputPaths [][]string `json:"inputPaths"`
	ReadsAll   bool       `json:"readsAll"`
	Warnings   []issue    `json:"warnings"`
}

// compile gives the Wasm module that evaluates the entrypoints of a request.
func compile(req request) response {
	loaded, list, found := load(req)
	if len(found) > 0 {
		return response{Issues: found}
	}
	if missing := loaded.missingEntrypoints(req.Entrypoints); len(missing) > 0 {
		return response{Issues: append(loaded.warnings, missing...)}
	}
	wasm, err := build(loaded, req.Entrypoints)
	if err != nil {
		return response{Issues: append(loaded.warnings, list.issues(err)...)}
	}
	paths, all := inputPaths(loaded.compiler)
	return response{Result: compiled{Wasm: wasm, InputPaths: paths, ReadsAll: all, Warnings: loaded.warnings}}
}

// build runs OPA's own `opa build -t wasm`, on a copy of the modules as it edits them.
func build(loaded *policy, entrypoints []string) ([]byte, error) {
	input := &bundle.Bundle{Data: map[string]any{}}
	input.Manifest.Init()
	keepsPatterns := loaded.units.keepsPatterns()
	for _, one := range loaded.units {
		module := one.module.Copy()
		correct(module, loaded.units.ownNames(module), keepsPatterns)
		input.Modules = append(input.Modules, bundle.ModuleFile{
			URL: one.path, Path: one.path, Raw: []byte(one.text()), Parsed: module,
		})
	}
	input.Modules = append(input.Modules, bundle.ModuleFile{
		URL: correctedPath, Path: correctedPath, Raw: []byte(corrected), Parsed: ast.MustParseModule(corrected),
	})
	can := deterministicCapabilities()
	can.Builtins = append(can.Builtins, hostBuiltins...)
	compiler := opa.New().
		WithBundle(input).
		WithTarget(opa.TargetWasm).
		WithPruneUnused(true).
		WithCapabilities(can).
		WithEntrypoints(entrypoints...)
	if err := compiler.Build(context.Background()); err != nil {
		return nil, err
	}
	modules := compiler.Bundle().WasmModules
	if len(modules) != 1 {
		return nil, fmt.Errorf("expected one Wasm module and got %d", len(modules))
	}
	return modules[0].Raw, nil
}

func (p *policy) missingEntrypoints(entrypoints []string) []issue {
	var out []issue
	for _, entrypoint := range entrypoints {
		ref := ast.Ref{ast.DefaultRootDocument}
		for _, segment := range strings.Split(entrypoint, "/") {
			ref = append(ref, ast.StringTerm(segment))
		}
		if len(p.compiler.GetRules(ref)) > 0 {
			continue
		}
		out = append(out, issue{Severity: "error", Code: "lelu_entrypoint_missing", Message: fmt.Sprintf(
			"the entrypoint %q is no rule and no package of the policy; it has %s",
			entrypoint, strings.Join(p.paths(), ", "))})
	}
	return out
}

// paths lists the rules that could be entrypoints, for a message.
func (p *policy) paths() []string {
	const most = 20
	var out []string
	for _, one := range p.units {
		for _, rule := range one.module.Rules {
			path, err := one.module.Package.Path.Extend(rule.Head.Ref().GroundPrefix()).Ptr()
			if err == nil && len(rule.Head.Args) == 0 && !slices.Contains(out, path) {
				out = append(out, path)
			}
		}
	}
	if len(out) == 0 {
		return []string{"no rules"}
	}
	if len(out) > most {
		out = append(out[:most], "…")
	}
	return out
}
