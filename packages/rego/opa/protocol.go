package main

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/open-policy-agent/opa/v1/util"
	"github.com/open-policy-agent/opa/v1/version"
)

// request is one job. Which of the fields count depends on Op.
type request struct {
	Op          string         `json:"op"`
	Modules     []source       `json:"modules"`
	Data        map[string]any `json:"data"`
	RegoVersion string         `json:"regoVersion"`
	Entrypoints []string       `json:"entrypoints"`
	Run         string         `json:"run"`
	Coverage    bool           `json:"coverage"`
	TimeoutMs   int64          `json:"timeoutMs"`
	Input       any            `json:"input"`
	Query       string         `json:"query"`
	Upgrade     bool           `json:"upgrade"`

	Package  string           `json:"package"`
	Inputs   []map[string]any `json:"inputs"`
	Unknowns []string         `json:"unknowns"`
}

type source struct {
	Path   string `json:"path"`
	Source string `json:"source"`
}

// response holds one of: a result, the issues of an invalid policy, what is wrong with an option,
// that the time ran out, or a failure of the compiler itself.
type response struct {
	Result  any     `json:"result,omitempty"`
	Issues  []issue `json:"issues,omitempty"`
	Invalid string  `json:"invalid,omitempty"`
	Timeout bool    `json:"timeout,omitempty"`
	Failure string  `json:"failure,omitempty"`
}

var operations = map[string]func(request) response{
	"compile": compile,
	"check":   check,
	"test":    test,
	"format":  formatSource,
	"explain": explain,
	"denied":  denied,
	"version": func(request) response {
		return response{Result: map[string]string{"opaVersion": version.Version}}
	},
}

func dispatch(raw []byte) response {
	var req request
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&req); err != nil {
		return response{Failure: fmt.Sprintf("the request cannot be read: %v", err)}
	}
	operation, ok := operations[req.Op]
	if !ok {
		return response{Failure: fmt.Sprintf("unknown operation %q", req.Op)}
	}
	if req.Data == nil {
		req.Data = map[string]any{}
	}
	return operation(req)
}

func encode(res response) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(res); err != nil {
		return util.MustMarshalJSON(response{Failure: fmt.Sprintf("the response cannot be written: %v", err)})
	}
	return out.Bytes()
}
