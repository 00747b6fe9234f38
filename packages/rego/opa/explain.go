package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/topdown"
)

type explained struct {
	Defined   bool         `json:"defined"`
	Value     any          `json:"value"`
	Trace     []traceEvent `json:"trace"`
	Truncated bool         `json:"truncated"`
	Fired     []firedRule  `json:"fired"`
	Warnings  []issue      `json:"warnings"`
}

type traceEvent struct {
	Op      string `json:"op"`
	Depth   int    `json:"depth"`
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Text    string `json:"text"`
	Message string `json:"message,omitempty"`
}

type firedRule struct {
	Rule string `json:"rule"`
	File string `json:"file"`
	Line int    `json:"line"`
}

const mostEvents = 10_000

// explain evaluates one reference under data and tells how.
func explain(req request) response {
	ref, err := ast.ParseRef(req.Query)
	if err != nil || !ref.IsGround() || !ref.HasPrefix(ast.DefaultRootRef) {
		return response{Invalid: "query must be one path under data without variables, like data.lelu.authz.allow"}
	}
	loaded, _, found := load(req)
	if len(found) > 0 {
		return response{Issues: found}
	}
	ctx := context.Background()
	prepared, err := rego.New(
		rego.ParsedQuery(ast.NewBody(ast.NewExpr(ast.NewTerm(ref)))),
		rego.Compiler(loaded.compiler),
		rego.Store(inmem.NewFromObject(req.Data)),
		rego.UnsafeBuiltins(nondeterministic),
	).PrepareForEval(ctx)
	if err != nil {
		return response{Issues: loaded.units.issues(err)}
	}
	recorder := &recorder{depths: map[uint64]int{}, trace: []traceEvent{}, fired: []firedRule{}}
	results, err := prepared.Eval(ctx,
		rego.EvalInput(req.Input),
		rego.EvalQueryTracer(recorder),
		rego.EvalExternalCancel(&deadline{until: time.Now().Add(time.Duration(req.TimeoutMs) * time.Millisecond)}),
	)
	if topdown.IsCancel(err) {
		return response{Timeout: true}
	}
	if err != nil {
		return response{Issues: loaded.units.evaluationIssues(err)}
	}
	out := explained{Trace: recorder.trace, Truncated: recorder.truncated, Fired: recorder.fired, Warnings: loaded.warnings}
	if len(results) > 0 {
		out.Defined, out.Value = true, results[0].Expressions[0].Value
	}
	return response{Result: out}
}

// evaluationIssues keeps the first line of a message: the next ones hold values, that is the input.
func (u units) evaluationIssues(err error) []issue {
	if e, ok := err.(*topdown.Error); ok {
		message, _, _ := strings.Cut(e.Message, "\n")
		return []issue{u.issue("error", e.Code, strings.TrimSuffix(message, ":"), e.Location)}
	}
	return u.issues(err)
}

type recorder struct {
	depths    map[uint64]int
	trace     []traceEvent
	truncated bool
	fired     []firedRule
}

func (r *recorder) Enabled() bool { return true }

func (r *recorder) Config() topdown.TraceConfig {
	return topdown.TraceConfig{PlugLocalVars: false}
}

func (r *recorder) TraceEvent(event topdown.Event) {
	if rule, ok := event.Node.(*ast.Rule); ok && event.Op == topdown.ExitOp {
		r.fire(rule)
	}
	if len(r.trace) == mostEvents {
		r.truncated = true
		return
	}
	depth, known := r.depths[event.QueryID]
	if !known {
		if parent, ok := r.depths[event.ParentID]; ok {
			depth = parent + 1
		}
		r.depths[event.QueryID] = depth
	}
	out := traceEvent{Op: strings.ToLower(string(event.Op)), Depth: depth, Text: describeNode(event.Node), Message: event.Message}
	if event.Location != nil {
		out.File, out.Line, out.Column = event.Location.File, event.Location.Row, event.Location.Col
	}
	r.trace = append(r.trace, out)
}

func (r *recorder) fire(rule *ast.Rule) {
	one := firedRule{Rule: strings.TrimPrefix(rule.Module.Package.Path.Extend(rule.Head.Ref().GroundPrefix()).String(), "data."),
		File: rule.Head.Location.File, Line: rule.Head.Location.Row}
	if !slices.Contains(r.fired, one) {
		r.fired = append(r.fired, one)
	}
}

// describeNode prefers the author's own text to the compiler's rewritten one.
func describeNode(node ast.Node) string {
	switch node := node.(type) {
	case nil:
		return ""
	case *ast.Rule:
		return clip(strings.TrimPrefix(node.Module.Package.Path.Extend(node.Head.Ref().GroundPrefix()).String(), "data."))
	case *ast.Expr:
		if node.Location != nil && len(node.Location.Text) > 0 {
			return clip(string(node.Location.Text))
		}
	}
	return clip(node.String())
}
