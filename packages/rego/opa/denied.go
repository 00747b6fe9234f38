package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// denied tells of each known part of an input whether a call is denied whatever stands at the unknown paths.
// True is a proof, false is all else: an error, or what partial evaluation cannot reduce, proves nothing.
func denied(req request) response {
	limit := &deadline{until: time.Now().Add(time.Duration(req.TimeoutMs) * time.Millisecond)}
	unknowns, problem := unknownPaths(req)
	if problem == "" {
		problem = presentUnknown(req.Inputs, unknowns)
	}
	pkg, err := ast.ParseRef(ast.DefaultRootDocument.String() + "." + req.Package)
	if problem == "" && (err != nil || !pkg.IsGround()) {
		problem = "package must be the name of a package, like lelu.authz"
	}
	if problem != "" {
		return response{Invalid: problem}
	}
	loaded, _, found := load(req)
	if len(found) > 0 {
		return response{Issues: found}
	}
	out := make([]bool, len(req.Inputs))
	if !separable(loaded.compiler, unknowns) {
		return response{Result: out}
	}
	ctx := context.Background()
	store := inmem.NewFromObject(req.Data)
	txn, err := store.NewTransaction(ctx)
	if err != nil {
		return response{Failure: err.Error()}
	}
	defer store.Abort(ctx, txn)
	one := prover{
		ctx: ctx, compiler: loaded.compiler, store: store, txn: txn, pkg: pkg, unknowns: terms(unknowns),
		deadline: limit,
	}
	for i, input := range req.Inputs {
		out[i] = one.isDenied(input)
		// What was cut short must not count: a cancelled `not` reads as true before the error is seen.
		if limit.over || time.Now().After(limit.until) {
			return response{Timeout: true}
		}
	}
	return response{Result: out}
}

func unknownPaths(req request) (out []ast.Ref, problem string) {
	for _, text := range req.Unknowns {
		ref, err := ast.ParseRef(text)
		if err != nil || len(ref) < 2 || !readsInput(ref) || len(constantPrefix(ref[1:])) != len(ref)-1 {
			return nil, fmt.Sprintf("the unknown %q is no path under input, like input.args", text)
		}
		out = append(out, ref)
	}
	return out, ""
}

// presentUnknown refuses an input that has a value where it was said to be unknown: one of the two is a mistake.
func presentUnknown(inputs []map[string]any, unknowns []ast.Ref) string {
	for i, input := range inputs {
		for _, ref := range unknowns {
			if occupied(input, ref[1:]) != "" {
				return fmt.Sprintf("inputs[%d] has a value at %s, which is unknown", i, ref)
			}
		}
	}
	return ""
}

// separable reports whether no rule can see at once what is known and what is not, as object.get(input, "args", 0)
// would: there a missing value would stand for an unknown one. `with` can move values, so it is not judged either.
func separable(compiler *ast.Compiler, unknowns []ast.Ref) bool {
	paths, all := inputPaths(compiler)
	for _, module := range compiler.Modules {
		ast.WalkWiths(module, func(*ast.With) bool {
			all = true
			return all
		})
	}
	return !all && !slices.ContainsFunc(paths, func(path []string) bool {
		return slices.ContainsFunc(unknowns, func(ref ast.Ref) bool {
			unknown := constantPrefix(ref[1:])
			return len(path) < len(unknown) && slices.Equal(path, unknown[:len(path)])
		})
	})
}

func terms(refs []ast.Ref) []*ast.Term {
	out := make([]*ast.Term, len(refs))
	for i, ref := range refs {
		out[i] = ast.NewTerm(ref)
	}
	return out
}

type prover struct {
	ctx      context.Context
	compiler *ast.Compiler
	store    storage.Store
	txn      storage.Transaction
	pkg      ast.Ref
	unknowns []*ast.Term
	deadline *deadline
}

// isDenied follows how the engine reads the rules: an answer of deny decides, and nothing at all is a deny too.
func (p *prover) isDenied(known map[string]any) bool {
	input, err := ast.InterfaceToValue(known)
	if err != nil {
		return false
	}
	if answers, ok := p.answers("deny", input); ok && slices.ContainsFunc(answers, isUnconditional) {
		return true
	}
	for _, rule := range []string{"allow", "require_approval"} {
		if answers, ok := p.answers(rule, input); !ok || len(answers) > 0 {
			return false
		}
	}
	return true
}

var member = ast.VarTerm("member")

// answers gives the conditions under which a rule answers: is true, or holds a member that is not false. Any other
// value (a text, a number, a member false) is a deny to the engine, and so no answer of allow. Not ok means that the
// conditions could not be found.
func (p *prover) answers(rule string, input ast.Value) (out []ast.Body, ok bool) {
	ref := p.pkg.Append(ast.StringTerm(rule))
	isTrue := ast.NewBody(ast.Equality.Expr(ast.NewTerm(ref), ast.BooleanTerm(true)))
	hasMember := ast.NewBody(ast.NewExpr(ast.NewTerm(ref.Append(member))))
	queries := []ast.Body{isTrue, hasMember}
	// The form that a rule cannot have is not asked: partial evaluation would leave a condition that is never met.
	switch rules := p.compiler.GetRulesExact(ref); {
	case slices.ContainsFunc(rules, isSet):
		queries = []ast.Body{hasMember}
	case len(rules) > 0 && !slices.ContainsFunc(rules, mayBeNoBoolean):
		queries = []ast.Body{isTrue}
	}
	for _, query := range queries {
		found, err := p.partially(query, input)
		if err != nil {
			return nil, false
		}
		out = append(out, found...)
	}
	return out, true
}

func isSet(rule *ast.Rule) bool { return rule.Head.RuleKind() == ast.MultiValue }

func mayBeNoBoolean(rule *ast.Rule) bool {
	for ; rule != nil; rule = rule.Else {
		if _, ok := rule.Head.Value.Value.(ast.Boolean); !ok {
			return true
		}
	}
	return false
}

// partially leaves the types of the query unchecked: a rule that is no set has no member, which is no mistake here.
func (p *prover) partially(query ast.Body, input ast.Value) ([]ast.Body, error) {
	found, _, err := topdown.NewQuery(query).
		WithCompiler(p.compiler).
		WithStore(p.store).
		WithTransaction(p.txn).
		WithInput(ast.NewTerm(input)).
		WithUnknowns(p.unknowns).
		WithCancel(p.deadline).
		PartialRun(p.ctx)
	return found, err
}

// isUnconditional reports whether nothing is left to ask but what the member is, and that is a constant.
func isUnconditional(body ast.Body) bool {
	for _, expr := range body {
		if !expr.IsEquality() || expr.Negated || !expr.Operand(0).Equal(member) || !ast.IsConstant(expr.Operand(1).Value) {
			return false
		}
	}
	return true
}
