package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/tester"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/topdown/lineage"
	"github.com/open-policy-agent/opa/v1/util/channel"
)

type tested struct {
	OK       bool         `json:"ok"`
	Results  []testResult `json:"results"`
	Warnings []issue      `json:"warnings"`
	Coverage *coverage    `json:"coverage,omitempty"`
}

type testResult struct {
	Name       string  `json:"name"`
	Package    string  `json:"package"`
	File       string  `json:"file"`
	Line       int     `json:"line"`
	Outcome    string  `json:"outcome"`
	DurationMs float64 `json:"durationMs"`
	Message    string  `json:"message,omitempty"`
	Output     string  `json:"output,omitempty"`
	Trace      string  `json:"trace,omitempty"`
}

const longestTrace = 64 << 10

// test runs the test_ rules of the files, one after the other.
func test(req request) response {
	loaded, _, found := load(req)
	if len(found) > 0 {
		return response{Issues: found}
	}
	if _, err := regexp.Compile(req.Run); err != nil {
		return response{Invalid: fmt.Sprintf("run is no regular expression: %v", err)}
	}
	covered := cover.New()
	yield := &yielder{}
	if req.Coverage {
		yield.next = covered
	}
	results, err := runTests(loaded, req, func(r *tester.Runner) { r.SetCoverageQueryTracer(yield) })
	if err != nil {
		return response{Issues: loaded.units.issues(err)}
	}
	out := tested{OK: true, Results: []testResult{}, Warnings: loaded.warnings}
	traces := traceFailures(loaded, req, results)
	for _, result := range results {
		one := describe(result)
		one.Trace = traces[one.Package+"."+one.Name]
		out.OK = out.OK && (one.Outcome == "pass" || one.Outcome == "skip")
		out.Results = append(out.Results, one)
	}
	if req.Coverage {
		out.Coverage = loaded.coverage(covered)
	}
	return response{Result: out}
}

func runTests(loaded *policy, req request, setup func(*tester.Runner)) ([]*tester.Result, error) {
	ctx := context.Background()
	store := inmem.NewFromObject(req.Data)
	txn, err := store.NewTransaction(ctx)
	if err != nil {
		return nil, err
	}
	defer store.Abort(ctx, txn)
	compiler := ast.NewCompiler().
		SetErrorLimit(0).
		WithCapabilities(capabilities()).
		WithEnablePrintStatements(true).
		WithPathConflictsCheck(storage.NonEmpty(ctx, store, txn))
	runner := tester.NewRunner().
		SetCompiler(compiler).
		SetStore(store).
		SetModules(loaded.units.modules()).
		SetParallel(1).
		SetCoverageRuns([]cover.Kind{}).
		CapturePrintOutput(true).
		RaiseBuiltinErrors(false).
		SetTimeout(time.Duration(req.TimeoutMs) * time.Millisecond).
		Filter(req.Run)
	setup(runner)
	results, err := runner.RunTests(ctx, txn)
	if err != nil {
		return nil, err
	}
	list := channel.Collect(results)
	slices.SortFunc(list, func(a, b *tester.Result) int {
		return cmp.Or(strings.Compare(a.Location.File, b.Location.File), cmp.Compare(a.Location.Row, b.Location.Row),
			strings.Compare(a.Name, b.Name))
	})
	return list, nil
}

// traceFailures runs the failed tests once more, with a trace: tracing every test would cost far more.
func traceFailures(loaded *policy, req request, results []*tester.Result) map[string]string {
	var names []string
	for _, result := range results {
		if result.Fail {
			names = append(names, regexp.QuoteMeta(result.Package+"."+result.Name))
		}
	}
	out := map[string]string{}
	if len(names) == 0 {
		return out
	}
	req.Run = "^(" + strings.Join(names, "|") + ")$"
	again, err := runTests(loaded, req, func(r *tester.Runner) { r.EnableTracing(true) })
	if err != nil {
		return out
	}
	for _, result := range again {
		var text bytes.Buffer
		topdown.PrettyTraceWithLocation(&text, lineage.Full(result.Trace))
		trace := text.String()
		if len(trace) > longestTrace {
			trace = strings.ToValidUTF8(trace[:longestTrace], "") + "\n… (cut)\n"
		}
		out[strings.TrimPrefix(result.Package, "data.")+"."+result.Name] = trace
	}
	return out
}

func describe(result *tester.Result) testResult {
	out := testResult{
		Name:       result.Name,
		File:       result.Location.File,
		Line:       result.Location.Row,
		Package:    strings.TrimPrefix(result.Package, "data."),
		Outcome:    "pass",
		DurationMs: float64(result.Duration.Microseconds()) / 1000,
		Output:     string(result.Output),
	}
	switch {
	case result.Error != nil:
		out.Outcome, out.Message = "error", result.Error.Error()
	case result.Skip:
		out.Outcome = "skip"
	case result.Fail:
		out.Outcome, out.Message = "fail", failure(result)
	}
	return out
}

func failure(result *tester.Result) string {
	var cases []string
	for name, sub := range result.SubResults.Iter {
		if sub.Fail && len(sub.SubResults) == 0 {
			cases = append(cases, strings.Join(name, "/"))
		}
	}
	if len(cases) > 0 {
		return "failed cases: " + strings.Join(cases, ", ")
	}
	return "the rule is not true"
}
