package main

import (
	"reflect"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
)

// The compiler rewrites these forms before inputPaths sees them. Should a later OPA leave one as it is,
// the paths must still hold it.
func TestInputPathsOfModulesThatWereNotRewritten(t *testing.T) {
	for body, want := range map[string][][]string{
		"p[input.a.b].q := 1 if input.c": {{"a", "b"}, {"c"}},
		"p if input.a[input.b.c]":        {{"a"}, {"b", "c"}},
		"p := input.x.y":                 {{"x", "y"}},
		"p if data.q[input.b.c].d":       {{"b", "c"}},
	} {
		module := ast.MustParseModule("package a\n\n" + body)
		got, all := inputPaths(&ast.Compiler{Modules: map[string]*ast.Module{"a": module}})
		if all || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v (all: %v), want %v", body, got, all, want)
		}
	}
}
