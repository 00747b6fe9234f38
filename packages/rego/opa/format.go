package main

import (
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/format"
)

type formatted struct {
	Source  string `json:"source"`
	Changed bool   `json:"changed"`
}

// formatSource is `opa fmt` for one file. It keeps the Rego version it finds; with upgrade it writes Rego v1
// and the package line that was missing.
func formatSource(req request) response {
	list, found := parseAll(req.Modules, req.RegoVersion)
	if len(found) > 0 {
		return response{Issues: list.sorted(found)}
	}
	one := list[0]
	options := parserOptions(one.version)
	target := one.version
	if req.Upgrade {
		target = ast.RegoV1
	}
	out, err := format.SourceWithOpts(one.path, []byte(one.text()), format.Opts{
		RegoVersion: target, ParserOptions: &options, DropRedundantDirectiveImports: req.Upgrade,
	})
	if err != nil {
		return response{Issues: list.issues(err)}
	}
	text := string(out)
	if one.prefixed && !req.Upgrade {
		text = strings.TrimLeft(strings.TrimPrefix(text, "package "+defaultPackage), "\n")
	}
	return response{Result: formatted{Source: text, Changed: text != one.source}}
}
