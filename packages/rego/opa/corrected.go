package main

import (
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/types"
)

// corrected stands in the place of the built-ins that OPA's Wasm answers otherwise than OPA does, where a deny would
// not fire although its test passes: there a glob's * stops at a line break and its ( is one of a regular expression,
// and no IPv4 network has an address that is written as IPv6 (::ffff:10.0.0.1). A replace of "" never ends there.
const corrected = `package lelu.corrected

glob_match(pattern, delimiters, text) := regex.match(lelu.glob_regex(pattern, delimiters), text)

replace(text, old, new) := strings.replace_n({old: new}, text)

cidr_contains(network, other) := net.cidr_contains(lelu.plain_ip(network), lelu.plain_ip(other))

cidr_intersects(one, other) := net.cidr_intersects(lelu.plain_ip(one), lelu.plain_ip(other))
`

// No file of a policy has this path: what ends in .rego is read from a folder, by its name within.
const correctedPath = "lelu:corrected.rego"

var correctedNames = map[string]string{
	ast.GlobMatch.Name:         "glob_match",
	ast.Replace.Name:           "replace",
	ast.NetCIDRContains.Name:   "cidr_contains",
	ast.NetCIDROverlap.Name:    "cidr_contains",
	ast.NetCIDRIntersects.Name: "cidr_intersects",
}

// hostBuiltins are what the corrections call. The engine has them; policies cannot call them themselves.
var hostBuiltins = []*ast.Builtin{
	{Name: "lelu.glob_regex", Decl: types.NewFunction(
		types.Args(types.S, types.NewAny(types.Nl, types.NewArray(nil, types.S))), types.S)},
	{Name: "lelu.plain_ip", Decl: types.NewFunction(types.Args(types.S), types.S)},
}

// correct puts the corrections into a copy of a module. It leaves alone what the module itself gives such a name.
func correct(module *ast.Module, own []string) {
	var visitor *ast.GenericVisitor
	replaced := func(term *ast.Term) {
		name, isName := term.Value.String(), false
		switch term.Value.(type) {
		case ast.Ref, ast.Var:
			_, isName = correctedNames[name]
		}
		first, _, _ := strings.Cut(name, ".")
		if !isName || slices.Contains(own, first) {
			return
		}
		term.Value = ast.MustParseRef("data.lelu.corrected." + correctedNames[name])
	}
	visitor = ast.NewGenericVisitor(func(node any) bool {
		switch node := node.(type) {
		case *ast.Head:
			// The visitor knows the name, key and value of a head, not its reference.
			for _, term := range node.Reference {
				visitor.Walk(term)
			}
		case *ast.Expr:
			if node.IsCall() {
				replaced(node.Terms.([]*ast.Term)[0])
			}
		case ast.Call:
			replaced(node[0])
		case *ast.With:
			// What a function is mocked by is a function or a value; of an input, a variable may have the name of one.
			if !isDocument(node.Target) {
				replaced(node.Target)
				replaced(node.Value)
			}
		}
		return false
	})
	visitor.Walk(module)
}

func isDocument(term *ast.Term) bool {
	if ref, ok := term.Value.(ast.Ref); ok {
		term = ref[0]
	}
	return ast.RootDocumentNames.Contains(term)
}

// ownNames are the first words by which a module calls functions of policies: rules of its package, and imports.
func (u units) ownNames(module *ast.Module) (out []string) {
	for _, other := range u {
		if !other.module.Package.Path.Equal(module.Package.Path) {
			continue
		}
		for _, rule := range other.module.Rules {
			out = append(out, rule.Head.Ref()[0].Value.String())
		}
	}
	for _, one := range module.Imports {
		out = append(out, string(one.Name()))
	}
	return out
}
