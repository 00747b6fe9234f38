package main

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"
)

// Partial evaluation is OPA's, and a mistake in it would hide a tool that may be used: so random policies are judged,
// and what is judged denied is evaluated with random values at the unknown paths.
func TestDeniedHoldsForRandomPolicies(t *testing.T) {
	g := generator{rand.New(rand.NewSource(20261129))}
	known := map[string]any{"action": "del", "tool": map[string]any{"n": 1, "list": []any{1, "del"}}}
	judged, sure := 0, 0
	for range 600 {
		req := request{
			Modules: []source{{Path: "p.rego", Source: g.policy()}}, RegoVersion: "v1", Data: map[string]any{"list": []any{1, 2}},
			Package: "a", Inputs: []map[string]any{known}, Unknowns: []string{"input.args", "input.confidence"}, TimeoutMs: 5000,
		}
		res := denied(req)
		out, ok := res.Result.([]bool)
		if !ok {
			continue // types that cannot match, which the compiler refuses
		}
		judged++
		if !out[0] {
			continue
		}
		sure++
		for range 12 {
			req.Input = map[string]any{"action": "del", "tool": known["tool"], "args": g.value(3), "confidence": g.Intn(2)}
			if effect := effectOf(req); effect != "deny" {
				t.Fatalf("%s with %v: %s", req.Modules[0].Source, req.Input, effect)
			}
		}
	}
	if judged < 300 || sure < 40 {
		t.Errorf("only %d of %d policies were judged denied: this compared too little", sure, judged)
	}
}

// effectOf reads the rules as the engine does; an evaluation that fails is a deny.
func effectOf(req request) string {
	for _, rule := range []string{"deny", "require_approval", "allow"} {
		req.Query = "data.a." + rule
		res := explain(req)
		out, ok := res.Result.(explained)
		if !ok {
			return "deny"
		}
		switch value := out.Value.(type) {
		case nil:
			if out.Defined {
				return "deny"
			}
		case bool:
			if value {
				return rule
			}
		case []any:
			for _, member := range value {
				if member == false {
					return "deny"
				}
			}
			if len(value) > 0 {
				return rule
			}
		default:
			return "deny"
		}
	}
	return "deny"
}

type generator struct{ *rand.Rand }

func (g generator) pick(list ...string) string { return list[g.Intn(len(list))] }

// policy writes helpers h0…h2, s and f, and the rules that use them; a helper uses none, so that none is recursive.
func (g generator) policy() string {
	none := strings.NewReplacer("h0", "input.args.x", "h1", "input.tool.n", "h2", "input.args.y", "s[", "data.list[", "f(", "is_string(")
	var out strings.Builder
	out.WriteString("package a\n\n")
	fmt.Fprintf(&out, "s contains v if { some v in %s; %s }\n", g.list(), none.Replace(g.condition()))
	fmt.Fprintf(&out, "f(p) := %s if { p == %s }\nelse := %s if { %s }\n",
		g.constant(), g.leaf(), g.constant(), none.Replace(g.condition()))
	for i := range 3 {
		out.WriteString(strings.ReplaceAll(none.Replace(g.rule(fmt.Sprint("H", i))), "H", "h"))
	}
	out.WriteString(g.rule("deny") + g.rule("allow") + g.rule("require_approval"))
	return out.String()
}

func (g generator) rule(name string) string {
	body := func() string {
		out := []string{g.condition()}
		for range g.Intn(3) {
			out = append(out, g.condition())
		}
		return " if { " + strings.Join(out, "; ") + " }\n"
	}
	switch g.Intn(6) {
	case 0:
		return name + ` contains "a"` + body() + name + " contains " + g.leaf() + body()
	case 1:
		return name + " := " + g.constant() + body() + "else := " + g.constant() + body()
	case 2:
		return name + " := " + g.constant() + body() + "default " + name + " := " + g.constant() + "\n"
	case 3:
		return name + " := " + g.leaf() + body()
	}
	return name + body() + name + body()
}

func (g generator) condition() string {
	switch g.Intn(10) {
	case 0, 1, 2:
		return "not " + g.pick("h0", "h1", "h2", "f("+g.leaf()+")", "s["+g.leaf()+"]", g.leaf())
	case 3:
		return "every v in " + g.list() + " { v " + g.pick("==", "!=", ">") + " " + g.leaf() + " }"
	case 4:
		return "some v in " + g.list() + "; v == " + g.leaf()
	case 5:
		return "count([v | some v in " + g.list() + "; v == " + g.leaf() + "]) == " + g.pick("0", "1")
	case 6:
		return g.pick("h0", "h1", "h2", "f("+g.leaf()+")", "s[_]", "walk("+g.leaf()+", [_, 1])")
	}
	return g.leaf() + g.pick(" == ", " != ", " > ") + g.leaf()
}

func (g generator) leaf() string {
	return g.pick("input.action", "input.tool.n", "input.tool.none", "data.list[0]", `"del"`,
		"input.args.x", "input.args.y", "input.args.o.x", "input.args", "input.confidence")
}

func (g generator) list() string {
	return g.pick("[]", "[1, 2]", "data.list", "input.tool.list", "input.args.list", "input.args")
}

func (g generator) constant() string { return g.pick("true", "false", "1", `"a"`, `["a"]`) }

func (g generator) value(depth int) any {
	if depth > 0 && g.Intn(4) > 0 {
		if depth < 3 && g.Intn(2) == 0 {
			return []any{g.value(depth - 1), g.value(depth - 1)}
		}
		out := map[string]any{}
		for _, key := range []string{"x", "y", "o", "list"} {
			if g.Intn(4) > 0 {
				out[key] = g.value(depth - 1)
			}
		}
		return out
	}
	return []any{0, 1, 2, "del", "a", true, false, nil, []any{}}[g.Intn(9)]
}
