//go:build e2e

// Package conformance runs Knative's own ingress suite against a cluster, whatever networking layer it has.
//
// The suite is Knative's and unchanged; this module only pins its version and gives it a name to be built by:
//
//	go test -tags e2e -c -o ingress.test . && ./ingress.test --ingressClass CLASS …
//
// claims.txt lists what net-alb passes; `cargo xtask conformance` compares a run with it.
package conformance

import (
	"testing"

	"knative.dev/networking/test/conformance/ingress"
)

func TestIngressConformance(t *testing.T) {
	ingress.RunConformance(t)
}
