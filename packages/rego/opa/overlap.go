package main

import (
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// overlaps refuses data at the path of a package, of an entrypoint, or on the way there:
// data must never be able to answer for a rule, also not for one that the policy leaves undefined.
func (u units) overlaps(req request) []issue {
	var out []issue
	for _, one := range u {
		if at := occupied(req.Data, one.module.Package.Path[1:]); at != "" {
			out = append(out, u.issue("error", "lelu_data_conflict", conflict(at), one.module.Package.Location))
		}
	}
	for _, entrypoint := range req.Entrypoints {
		var path ast.Ref
		for _, segment := range strings.Split(entrypoint, "/") {
			path = append(path, ast.StringTerm(segment))
		}
		if at := occupied(req.Data, path); at != "" {
			out = append(out, issue{Severity: "error", Code: "lelu_data_conflict", Message: conflict(at)})
		}
	}
	return out
}

func conflict(at string) string {
	return fmt.Sprintf("data has a value at %q, where a rule's answer is read; move that data to another key", at)
}

// occupied follows path through data; it returns where a value stands at its end or blocks the way, else "".
func occupied(data map[string]any, path ast.Ref) string {
	var value any = data
	walked := make([]string, 0, len(path))
	for _, term := range path {
		object, ok := value.(map[string]any)
		if !ok {
			return strings.Join(walked, ".")
		}
		key, ok := term.Value.(ast.String)
		if !ok {
			return ""
		}
		if value, ok = object[string(key)]; !ok {
			return ""
		}
		walked = append(walked, string(key))
	}
	return strings.Join(walked, ".")
}
