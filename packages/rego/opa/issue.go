package main

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/open-policy-agent/opa/v1/ast"
)

// issue is one finding, placed in the file as its author sees it.
type issue struct {
	Severity string `json:"severity"`
	Code     string `json:"code"`
	Message  string `json:"message"`
	File     string `json:"file"`
	Line     int    `json:"line"`
	Column   int    `json:"column"`
	Text     string `json:"text,omitempty"`
}

const longestText = 200

func (u units) issue(severity, code, message string, location *ast.Location) issue {
	out := issue{Severity: severity, Code: code, Message: message}
	if location == nil {
		return out
	}
	out.File, out.Line, out.Column = location.File, max(location.Row, 1), max(location.Col, 1)
	out.Text = u.line(out.File, out.Line)
	return out
}

// issues turns whatever OPA returned into issues: its error lists keep every entry.
func (u units) issues(err error) []issue {
	var list ast.Errors
	if errors.As(err, &list) {
		out := make([]issue, 0, len(list))
		for _, e := range list {
			out = append(out, u.issue("error", e.Code, withDetails(e), e.Location))
		}
		return out
	}
	var one *ast.Error
	if errors.As(err, &one) {
		return []issue{u.issue("error", one.Code, withDetails(one), one.Location)}
	}
	return []issue{{Severity: "error", Code: "lelu_compile_error", Message: err.Error()}}
}

// withDetails adds what OPA knows beyond the message ("have: …", "want: …"). The details of a parse error
// are the source line and a caret, which an issue carries as text and column.
func withDetails(e *ast.Error) string {
	if e.Details == nil || e.Code == ast.ParseErr {
		return e.Message
	}
	return strings.Join(append([]string{e.Message}, e.Details.Lines()...), "\n")
}

// sorted puts issues in the order of the request's files, then by place, without duplicates.
func (u units) sorted(list []issue) []issue {
	rank := make(map[string]int, len(u))
	for i, one := range u {
		rank[one.path] = i
	}
	slices.SortStableFunc(list, func(a, b issue) int {
		if rank[a.File] != rank[b.File] {
			return rank[a.File] - rank[b.File]
		}
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		if a.Column != b.Column {
			return a.Column - b.Column
		}
		return strings.Compare(a.Message, b.Message)
	})
	return slices.Compact(list)
}

func clip(text string) string {
	if len(text) <= longestText {
		return text
	}
	cut := longestText
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}
