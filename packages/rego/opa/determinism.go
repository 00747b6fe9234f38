package main

import (
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
)

// A recorded decision must evaluate to the same answer again, so nothing may answer differently twice:
// no clock, no random numbers, no network, no environment.
var nondeterministic = func() map[string]struct{} {
	out := map[string]struct{}{
		// These read the clock unless told a time, and OPA does not mark them.
		ast.CryptoX509ParseAndVerifyCertificates.Name:            {},
		ast.CryptoX509ParseAndVerifyCertificatesWithOptions.Name: {},
	}
	for _, builtin := range ast.Builtins {
		if builtin.Nondeterministic {
			out[builtin.Name] = struct{}{}
		}
	}
	// These are marked for the remote schemas they could fetch. Here no host may be fetched from.
	delete(out, ast.JSONSchemaVerify.Name)
	delete(out, ast.JSONMatchSchema.Name)
	return out
}()

// capabilities is what this OPA can do, with no host that it may reach.
func capabilities() *ast.Capabilities {
	out := ast.CapabilitiesForThisVersion()
	out.AllowNet = []string{}
	return out
}

// deterministicCapabilities leaves those built-ins out: a second lock, behind the check that gives the better message.
func deterministicCapabilities() *ast.Capabilities {
	out := capabilities()
	kept := make([]*ast.Builtin, 0, len(out.Builtins))
	for _, builtin := range out.Builtins {
		if _, refused := nondeterministic[builtin.Name]; !refused {
			kept = append(kept, builtin)
		}
	}
	out.Builtins = kept
	return out
}

// nondeterministic looks at every reference, so that a call, a mocked target and a replacement value
// ("with count as rand.intn") are all found.
func (u units) nondeterministic(compiler *ast.Compiler) []issue {
	var out []issue
	for _, module := range compiler.Modules {
		ast.WalkTerms(module, func(term *ast.Term) bool {
			ref, ok := term.Value.(ast.Ref)
			if !ok || len(ref) == 0 || !ref.IsGround() {
				return false
			}
			name := ref.String()
			if _, refused := nondeterministic[name]; refused {
				out = append(out, u.issue("error", "lelu_nondeterministic", refusal(name), term.Location))
			}
			return false
		})
	}
	return out
}

func refusal(name string) string {
	instead := "take the value from the input"
	if name == "time.now_ns" {
		instead = "take the time from the input: input.time, e.g. time.parse_rfc3339_ns(input.time)"
	}
	return fmt.Sprintf("%s may answer differently each time, so a decision could not be evaluated again: %s", name, instead)
}
