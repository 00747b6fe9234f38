package main

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// inputPaths gives the smallest set of string paths under input that the compiled policy can read, or all=true.
// An object cut down to these paths must give every rule the same value, so anything unclear widens:
// a key that is not a constant string ends the path there, a bare or replaced input means all of it.
func inputPaths(compiler *ast.Compiler) (paths [][]string, all bool) {
	var visitor *ast.GenericVisitor
	visitor = ast.NewGenericVisitor(func(node any) bool {
		switch node := node.(type) {
		case *ast.Head:
			// The visitor knows the name, key and value of a head, not its reference.
			for _, term := range node.Reference {
				visitor.Walk(term)
			}
		case *ast.With:
			all = all || readsInput(node.Target.Value)
		case ast.Var:
			all = all || node.Equal(ast.InputRootDocument.Value)
		case ast.Ref:
			if !readsInput(node) {
				return false
			}
			path := constantPrefix(node[1:])
			all = all || len(path) == 0
			paths = append(paths, path)
			for _, term := range node[1:] {
				visitor.Walk(term)
			}
			return true // its head, a bare input, was judged here
		}
		return all
	})
	for _, module := range compiler.Modules {
		for _, rule := range module.Rules {
			visitor.Walk(rule)
		}
	}
	if all {
		return nil, true
	}
	return minimal(paths), false
}

func readsInput(value ast.Value) bool {
	ref, ok := value.(ast.Ref)
	return ok && len(ref) > 0 && ref[0].Equal(ast.InputRootDocument)
}

func constantPrefix(ref ast.Ref) []string {
	path := []string{}
	for _, term := range ref {
		key, ok := term.Value.(ast.String)
		if !ok {
			break
		}
		path = append(path, string(key))
	}
	return path
}

// minimal sorts the paths and drops each one that a shorter one covers.
func minimal(paths [][]string) [][]string {
	slices.SortFunc(paths, slices.Compare)
	out := [][]string{}
	for _, path := range paths {
		if len(out) > 0 {
			last := out[len(out)-1]
			if len(last) <= len(path) && slices.Equal(last, path[:len(last)]) {
				continue
			}
		}
		out = append(out, path)
	}
	return out
}
