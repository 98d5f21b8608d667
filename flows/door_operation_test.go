package flows

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/mcpoauth/mcpoauth/gen"
)

type doerFunc func(*http.Request) (*http.Response, error)

func (f doerFunc) Do(r *http.Request) (*http.Response, error) { return f(r) }

// operationRequest returns the request that a generated operation makes, for
// a resource on this machine.
func operationRequest(t *testing.T, operation, endpoint string) *http.Request {
	t.Helper()
	var made *http.Request
	client := &gen.Client{Doer: doerFunc(func(r *http.Request) (*http.Response, error) {
		made = r
		return nil, errors.New("not sent")
	})}
	method := reflect.ValueOf(client).MethodByName(strings.ToUpper(operation[:1]) + operation[1:])
	if !method.IsValid() {
		t.Fatalf("no operation %q", operation)
	}
	args := []reflect.Value{reflect.ValueOf(onLoopback(t.Context())), reflect.ValueOf(endpoint)}
	if method.Type().NumIn() == 4 { // context, endpoint, request, edits
		args = append(args, reflect.New(method.Type().In(2).Elem()))
	}
	errs := method.Call(args)
	if made == nil {
		t.Fatalf("%s: %v", operation, errs[1])
	}
	made = made.WithContext(context.WithoutCancel(made.Context()))
	if made.GetBody != nil {
		made.Body, _ = made.GetBody()
	}
	return made
}

// TOK-7: no operation is without a row in the table, and no row without an operation.
func TestLegRulesCoverTheOperations(t *testing.T) {
	client := reflect.TypeFor[*gen.Client]()
	operations := make(map[string]bool)
	for method := range client.Methods() {
		name := method.Name
		operation := strings.ToLower(name[:1]) + name[1:]
		operations[operation] = true
		if _, ok := legRules[operation]; !ok {
			t.Errorf("%s has no row in legRules", operation)
		}
	}
	for operation := range legRules {
		if !operations[operation] {
			t.Errorf("legRules has a row for %s, which is no operation", operation)
		}
	}
}
