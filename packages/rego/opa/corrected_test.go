package main

import (
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
)

func TestCorrect(t *testing.T) {
	for body, want := range map[string]string{
		`p if glob.match("a*", null, input.x)`:               `data.lelu.corrected.glob_match("a*", null, input.x)`,
		`p if not net.cidr_contains("::/0", input.x)`:        `not data.lelu.corrected.cidr_contains(`,
		`p if replace(input.x, "", "a", y)`:                  `data.lelu.corrected.replace(input.x, "", "a", y)`,
		`p contains upper(replace(input.x, "", "a"))`:        `upper(data.lelu.corrected.replace(`,
		`p[replace(input.x, "", "a")].q := 1`:                `p[data.lelu.corrected.replace(`,
		`p := $"{replace(input.x, "", "a")}"`:                `data.lelu.corrected.replace(`,
		`p if { q } else if replace(input.x, "", "") == ""`:  `data.lelu.corrected.replace(`,
		`p if every x in input.x { glob.match("*", [], x) }`: `data.lelu.corrected.glob_match(`,
		`p := [x | x := replace(input.x, "", "a")]`:          `data.lelu.corrected.replace(`,
		`p if q with net.cidr_intersects as true`:            `data.lelu.corrected.cidr_intersects`,
		`p if q with replace as r`:                           `with data.lelu.corrected.replace as r`,
		// A pattern that is a text is made ready here.
		`p if regex.match("^a$", input.x)`:                             `regex.match("^a$", input.x)`,
		`p if regex.match("(?<n>a)|(?P<n2>b)", input.x)`:               `regex.match("(?P<n>a)|(?P<n2>b)", input.x)`,
		`p if regex.match("[(?<]|\\pL|\\p{Lu}", input.x)`:              `regex.match("[\\(<\\?A`,
		`p if regex.match("\\pL|\\p{Lu}", input.x)`:                    `regex.match("\\pL|\\p{Lu}", input.x)`,
		`p if regex.match("\u0000", input.x)`:                          `regex.match("\\x00", input.x)`,
		`p if regex.match("\\C", input.x)`:                             `regex.match("(", input.x)`,
		`p := [x | x := regex.is_valid("\\p{ASCII}")]`:                 `regex.is_valid("[\\x00-\\x7f]")`,
		`p if regex.match(input.x, "a")`:                               `data.lelu.corrected.regex_match(input.x, "a")`,
		"p if regex.match(\"a\", \"a\")\nq if p with regex.match as r": `data.lelu.corrected.regex_match("a", "a")`,
		// What only has the same name.
		"import data.lib.regex\np if regex.match(\"(?<\", 2)": `regex.match("(?<", 2)`,
		`p if { replace := 1; q with input.a as replace }`:    `assign(replace, 1); q with input.a as replace`,
		`p if { some glob in input.x; glob.match == 1 }`:      `equal(glob.match, 1)`,
		"replace(x, y, z) := x\np := replace(1, 2, 3)":        `p := replace(1, 2, 3)`,
		"import data.lib.net\np if net.cidr_contains(1, 2)":   `net.cidr_contains(1, 2)`,
	} {
		module := ast.MustParseModule("package a\n\n" + body)
		list := units{{module: module}}
		correct(module, list.ownNames(module), list.keepsPatterns())
		if got := module.String(); !strings.Contains(got, want) {
			t.Errorf("%s:\ngot %s\nwant %s", body, got, want)
		}
	}
}
