package main

import (
	"github.com/open-policy-agent/opa/v1/cover"
)

type coverage struct {
	Covered float64                 `json:"covered"`
	Files   map[string]fileCoverage `json:"files"`
}

type fileCoverage struct {
	Coverage   float64     `json:"coverage"`
	NotCovered []lineRange `json:"notCovered"`
}

type lineRange struct {
	Start int `json:"start"`
	End   int `json:"end"`
}

// coverage counts lines, as `opa test --coverage` does, in percent.
func (p *policy) coverage(covered *cover.Cover) *coverage {
	report := covered.Report(p.units.modules())
	out := &coverage{Covered: report.Coverage, Files: map[string]fileCoverage{}}
	for path, file := range report.Files {
		one := fileCoverage{Coverage: file.Coverage, NotCovered: []lineRange{}}
		for _, r := range file.NotCovered {
			one.NotCovered = append(one.NotCovered, lineRange{Start: r.Start.Row, End: r.End.Row})
		}
		out.Files[path] = one
	}
	return out
}
