package main

import (
	"regexp"
	"regexp/syntax"

	"github.com/open-policy-agent/opa/v1/ast"
)

// patternCalls are the built-ins that take a regular expression first.
var patternCalls = map[string]bool{
	ast.RegexFindAllStringSubmatch.Name: true,
	ast.RegexIsValid.Name:               true,
	ast.RegexMatch.Name:                 true,
	ast.RegexMatchDeprecated.Name:       true,
}

// doubtful is what the RE2 of OPA's Wasm reads otherwise than Go's: a NUL ends a pattern there, (?<name>) is none, \C is a byte,
// and most names of classes are not known. Classes of one letter or two mean the same.
var (
	doubtful   = regexp.MustCompile(`\x00|\(\?<|\\[CpP]`)
	equalClass = regexp.MustCompile(`\\[pP](?:[LMNPSZ]|\{(?:[LMNPSZ]|L[ulmto]|M[nce]|N[dlo]|P[cdseifo]|S[mcko]|Z[slp])\})`)
)

// knownPattern puts a pattern that is a text into a call as Wasm has to read it, so that it is not asked for at each call.
func knownPattern(call []*ast.Term) bool {
	if len(call) < 2 {
		return false
	}
	pattern, isText := call[1].Value.(ast.String)
	if isText {
		call[1] = &ast.Term{Value: ast.String(wasmPattern(string(pattern))), Location: call[1].Location}
	}
	return isText
}

func wasmPattern(pattern string) string {
	if !doubtful.MatchString(equalClass.ReplaceAllString(pattern, "")) {
		return pattern
	}
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "(" // no pattern in Wasm either
	}
	return parsed.String()
}

// mostKnown and the patterns that the host lets an evaluation use are fewer than the 100 that OPA's Wasm breaks at.
const mostKnown = 16

// keepsPatterns reports whether patterns that are texts can stay where they are. They cannot when they are many, as the host has to
// count them, and when a function takes the place of one that is called with a pattern, as the one that is mocked is the correction.
func (u units) keepsPatterns() bool {
	mocked, texts := false, map[string]bool{}
	for _, one := range u {
		ast.WalkWiths(one.module, func(with *ast.With) bool {
			mocked = mocked || patternCalls[with.Target.String()]
			return false
		})
		ast.WalkTerms(one.module, func(term *ast.Term) bool {
			if call, ok := term.Value.(ast.Call); ok {
				countPattern(call, texts)
			}
			return false
		})
		ast.WalkExprs(one.module, func(expr *ast.Expr) bool {
			if expr.IsCall() {
				countPattern(expr.Terms.([]*ast.Term), texts)
			}
			return false
		})
	}
	return !mocked && len(texts) <= mostKnown
}

func countPattern(call []*ast.Term, texts map[string]bool) {
	if patternCalls[call[0].Value.String()] && len(call) > 1 {
		texts[call[1].Value.String()] = true
	}
}
