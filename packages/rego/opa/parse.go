package main

import (
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// A file without a package line is read as if it began with this one.
const (
	defaultPackage = "lelu.authz"
	packageLine    = "package " + defaultPackage + "\n"
)

// unit is one policy file, parsed.
type unit struct {
	path     string
	source   string
	prefixed bool
	version  ast.RegoVersion
	module   *ast.Module
}

type units []*unit

func (u units) find(path string) *unit {
	for _, one := range u {
		if one.path == path {
			return one
		}
	}
	return nil
}

func (u units) line(file string, row int) string {
	one := u.find(file)
	if one == nil {
		return ""
	}
	lines := strings.SplitN(one.source, "\n", row+1)
	if row < 1 || row > len(lines) {
		return ""
	}
	return clip(strings.TrimRight(lines[row-1], "\r"))
}

func (u units) modules() map[string]*ast.Module {
	out := make(map[string]*ast.Module, len(u))
	for _, one := range u {
		out[one.path] = one.module
	}
	return out
}

func (u *unit) text() string {
	if u.prefixed {
		return packageLine + u.source
	}
	return u.source
}

func (u *unit) parse(version ast.RegoVersion) error {
	module, err := ast.ParseModuleWithOpts(u.path, u.text(), parserOptions(version))
	if u.prefixed {
		shiftUp(module)
		shiftUp(err)
	}
	if err != nil {
		return err
	}
	u.module, u.version = module, version
	return nil
}

func parserOptions(version ast.RegoVersion) ast.ParserOptions {
	return ast.ParserOptions{RegoVersion: version, ProcessAnnotation: true}
}

// parseAll reads every file and reports the errors of all of them. With "auto" a file is Rego v1 unless only
// v0 can read it; what neither can read is reported as v1.
func parseAll(sources []source, regoVersion string) (units, []issue) {
	list := make(units, 0, len(sources))
	for _, s := range sources {
		text := strings.TrimPrefix(s.Source, "\ufeff") // a byte order mark, from Windows editors
		list = append(list, &unit{path: s.Path, source: text, prefixed: lacksPackage(text)})
	}
	var found []issue
	for _, one := range list {
		if err := one.parseAs(regoVersion); err != nil {
			found = append(found, list.issues(err)...)
		}
	}
	return list, found
}

func (u *unit) parseAs(regoVersion string) error {
	if regoVersion == "v0" {
		return u.parse(ast.RegoV0)
	}
	err := u.parse(ast.RegoV1)
	if err == nil || regoVersion == "v1" || u.parse(ast.RegoV0) != nil {
		return err
	}
	return nil
}

// warnings tells the author what was assumed about a file.
func (u units) warnings(regoVersion string) []issue {
	out := []issue{}
	for _, one := range u {
		start := &ast.Location{File: one.path, Row: 1, Col: 1}
		if one.prefixed {
			out = append(out, u.issue("warning", "lelu_package_missing", fmt.Sprintf(
				"the file has no package line and is read as package %s; write \"package %s\" at its top",
				defaultPackage, defaultPackage), start))
		}
		if one.version == ast.RegoV0 && regoVersion != "v0" {
			out = append(out, u.issue("warning", "lelu_rego_v0",
				"the file is only valid as Rego v0 and is compiled as v0; for v1 put \"if\" before each rule body and "+
					"\"contains\" before each member of a set rule (format with upgrade does it)", start))
		}
	}
	return out
}

// lacksPackage reports whether the first word after blanks and comments is something else than "package".
// An empty file is left to OPA, which refuses it.
func lacksPackage(text string) bool {
	for {
		text = strings.TrimLeft(text, " \t\r\n")
		if !strings.HasPrefix(text, "#") {
			break
		}
		_, rest, found := strings.Cut(text, "\n")
		if !found {
			return false
		}
		text = rest
	}
	if text == "" {
		return false
	}
	rest, found := strings.CutPrefix(text, "package")
	return !found || rest == "" || !strings.ContainsAny(rest[:1], " \t\r\n#")
}
