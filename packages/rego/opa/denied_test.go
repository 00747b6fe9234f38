package main

import "testing"

// The known part is a call of `del`; args and confidence may be anything.
func TestDenied(t *testing.T) {
	for rules, want := range map[string]bool{
		// deny answers without a condition.
		"deny := true": true,
		"allow := true\ndeny if input.action == \"del\"":                              true,
		"allow := true\ndeny if input.action == \"read\"":                             false,
		"allow := true\ndeny contains \"a\" if input.action == \"del\"":               true,
		"allow := true\ndeny contains {\"id\": \"a\", \"reason\": input.tool.name}":   true,
		"allow := true\ndeny contains {\"id\": \"a\", \"reason\": input.args.x}":      false,
		"allow := true\ndeny contains input.args.x":                                   false,
		"allow := true\ndeny := [\"a\"]":                                              true,
		"allow := true\ndeny := {x | some x in [\"a\"]; input.action == \"del\"}":     true,
		"allow := true\ndeny contains x if some x in data.denied":                     true,
		"allow := true\ndeny if input.args.x":                                         false,
		"allow := true\ndeny if input.args.x == input.args.x":                         false,
		"allow := true\ndeny if { x := input.args.x; true }":                          false,
		"allow := true\ndeny if not startswith(input.args.path, \"/srv\")":            false,
		"allow := true\nok(p) if p == \"/\"\ndeny if not ok(input.args.path)":         false,
		"allow := true\ndeny if not input.tool.trusted":                               true,
		"allow := true\ndefault deny := true\ndeny := false if input.action == \"x\"": true,
		"allow := true\ndefault deny := true\ndeny := false if input.args.x":          false,
		"allow := true\ndeny if every x in [1, 2] { x > 0 }":                          true,
		"allow := true\ndeny if every x in input.args.list { x > 0 }":                 false,
		"allow := true\ndeny if count([x | some x in input.args.list]) == 0":          false,
		// Nothing can allow it, or ask for an approval.
		"allow if input.action == \"read\"":                                                                  true,
		"allow if { input.action == \"read\"; input.confidence > 0.5 }":                                      true,
		"default allow := false\nallow if { input.action == \"read\"; input.args.x }":                        true,
		"default allow := true\nallow := false if { input.action == \"del\"; input.args.x }":                 false,
		"allow if input.confidence > 0.5":                                                                    false,
		"allow contains \"a\" if { input.action == \"read\"; input.args.x }":                                 true,
		"allow contains \"a\" if input.args.x":                                                               false,
		"allow := {\"a\" | input.args.x}":                                                                    false,
		"allow if input.action == \"read\"\nrequire_approval if input.args.x":                                false,
		"allow if input.action == \"read\"\nrequire_approval contains {\"id\": \"a\"}":                       false,
		"allow if input.action == \"read\"\nrequire_approval contains \"a\" if input.tool.name == \"other\"": true,
		"allow := input.args.flag":                                                                           false,
		"allow if data.tools[input.tool.name]":                                                               true,
		"allow := false if input.args.x else := true if input.action == \"del\"":                             false,
		"risk := 2 if input.args.x else := 1\nallow if risk < 2":                                             false,
		"sure if input.confidence > 0.9\nallow if { sure; input.action == \"read\" }":                        true,
		"sure if input.confidence > 0.9\nallow if { input.action == \"del\"; not sure }":                     false,
		// Known and unknown at once.
		"deny if object.get(input, \"args\", null) == null":              false,
		"deny if { some k; input[k] == \"del\" }":                        false,
		"deny if { walk(input, [_, v]); v == \"del\" }":                  false,
		"deny if count(input) < 3":                                       false,
		"x if input.action == \"del\"\ndeny if x with data.denied as []": false,
		// Two values for one rule prove nothing.
		"deny := true if input.action == \"del\"\ndeny := false if input.tool.name == \"del\"\nallow := true": false,
	} {
		if got := ask(t, rules, "input.args", "input.confidence"); got != want {
			t.Errorf("%s: got %v, want %v", rules, got, want)
		}
	}
}

func TestAnObjectWithAnUnknownPathMustNotBeReadWhole(t *testing.T) {
	for rules, want := range map[string]bool{
		"deny if not input.tool.size":                           true,
		"deny if not input.tool.secret":                         false,
		"deny if not object.get(input.tool, \"secret\", false)": false,
	} {
		if got := ask(t, rules+"\nallow := true", "input.tool.secret"); got != want {
			t.Errorf("%s: got %v, want %v", rules, got, want)
		}
	}
}

func ask(t *testing.T, rules string, unknowns ...string) bool {
	t.Helper()
	res := denied(request{
		Modules:     []source{{Path: "p.rego", Source: "package a.b\n\n" + rules}},
		RegoVersion: "v1",
		Data:        map[string]any{"denied": []any{"del"}, "tools": map[string]any{"read": true}},
		Package:     "a.b",
		Inputs:      []map[string]any{{"action": "del", "tool": map[string]any{"name": "del"}}},
		Unknowns:    unknowns,
		TimeoutMs:   5000,
	})
	out, ok := res.Result.([]bool)
	if !ok || len(out) != 1 {
		t.Fatalf("%s: %+v", rules, res)
	}
	return out[0]
}
