package main

import (
	_ "embed"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/types"
)

//go:embed corrected.rego
var corrected string

// No file of a policy has this path: what ends in .rego is read from a folder, by its name within.
const correctedPath = "lelu:corrected.rego"

var correctedNames = map[string]string{
	ast.Base64Decode.Name:               "base64_decode",
	ast.Base64IsValid.Name:              "base64_is_valid",
	ast.Base64UrlDecode.Name:            "base64url_decode",
	ast.Concat.Name:                     "join",
	ast.FormatInt.Name:                  "format_number",
	ast.GlobMatch.Name:                  "glob_match",
	ast.IndexOf.Name:                    "index_of",
	ast.JSONIsValid.Name:                "json_is_valid",
	ast.JSONMarshal.Name:                "json_marshal",
	ast.JSONUnmarshal.Name:              "json_unmarshal",
	ast.NetCIDRContains.Name:            "cidr_contains",
	ast.NetCIDRIntersects.Name:          "cidr_intersects",
	ast.NetCIDROverlap.Name:             "cidr_contains",
	ast.ObjectUnionN.Name:               "union_n",
	ast.RegexFindAllStringSubmatch.Name: "regex_find",
	ast.RegexIsValid.Name:               "regex_is_valid",
	ast.RegexMatch.Name:                 "regex_match",
	ast.RegexMatchDeprecated.Name:       "regex_match",
	ast.Replace.Name:                    "replace",
	ast.ToNumber.Name:                   "number",
}

// hostBuiltins are what the corrections call. The engine has them; policies cannot call them themselves.
var hostBuiltins = []*ast.Builtin{
	{Name: "lelu.glob_regex", Decl: types.NewFunction(
		types.Args(types.S, types.NewAny(types.Nl, types.NewArray(nil, types.S))), types.S)},
	{Name: "lelu.is_json", Decl: types.NewFunction(types.Args(types.S), types.B)},
	{Name: "lelu.json_marshal", Decl: types.NewFunction(types.Args(types.A), types.S)},
	{Name: "lelu.json_text", Decl: types.NewFunction(types.Args(types.S), types.S)},
	{Name: "lelu.number_text", Decl: types.NewFunction(types.Args(types.S), types.S)},
	{Name: "lelu.plain_ip", Decl: types.NewFunction(types.Args(types.S), types.S)},
	{Name: "lelu.regex", Decl: types.NewFunction(types.Args(types.S), types.S)},
}

// correct puts the corrections into a copy of a module. It leaves alone what the module itself gives such a name.
func correct(module *ast.Module, own []string, keepsPatterns bool) {
	var visitor *ast.GenericVisitor
	nameOf := func(term *ast.Term) string {
		switch term.Value.(type) {
		case ast.Ref, ast.Var:
			name := term.Value.String()
			if first, _, _ := strings.Cut(name, "."); !slices.Contains(own, first) {
				return name
			}
		}
		return ""
	}
	replaced := func(term *ast.Term) {
		if rule, ok := correctedNames[nameOf(term)]; ok {
			term.Value = ast.MustParseRef("data.lelu.corrected." + rule)
		}
	}
	called := func(call []*ast.Term) {
		if !keepsPatterns || !patternCalls[nameOf(call[0])] || !knownPattern(call) {
			replaced(call[0])
		}
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
				called(node.Terms.([]*ast.Term))
			}
		case ast.Call:
			called(node)
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
