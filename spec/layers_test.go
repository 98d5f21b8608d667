// The layers: which package may import what.

package spec_test

import (
	"bytes"
	"go/parser"
	"go/token"
	"os/exec"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const modulePath = "github.com/mcpoauth/mcpoauth"

// layers names, for each directory, what its code may import beside the
// standard library: directories of this module, or third-party packages with
// their subpackages. Imports point down only. Tests may import what they like.
var layers = map[string][]string{
	"spec":             {},
	"gen":              {},
	"validate":         {"gen", "github.com/go-playground/validator/v10"},
	"flows":            {"gen", "validate", "github.com/hashicorp/go-retryablehttp", "github.com/go-jose/go-jose/v4"},
	"flows/flowstest":  {"gen", "github.com/go-jose/go-jose/v4"},
	"sdk":              {"gen", "validate", "flows", "github.com/gofrs/flock"},
	"sdk/storetest":    {"sdk", "flows/flowstest"},
	"sdk/sealed":       {"sdk", "github.com/tink-crypto/tink-go/v2"},
	"sdk/keyringstore": {"sdk", "sdk/sealed", "github.com/zalando/go-keyring"},
	"sdk/redisstore":   {"sdk", "github.com/redis/go-redis/v9"},
	"sdk/oidclogin":    {"sdk", "gen", "flows", "github.com/coreos/go-oidc/v3"},
}

// programs are directories at the top, which may import anything.
var programs = []string{"cmd", "examples"}

// forbiddenImport returns why a file in dir may not import the package, or "".
func forbiddenImport(dir, imported string) string {
	if top, _, _ := strings.Cut(dir, "/"); slices.Contains(programs, top) || isStandard(imported) {
		return ""
	}
	allowed, known := layers[dir]
	if !known {
		return "directory " + dir + " has no row in the table of layers: give it one"
	}
	if local, ours := strings.CutPrefix(imported, modulePath+"/"); ours {
		if slices.Contains(allowed, local) {
			return ""
		}
	} else if slices.ContainsFunc(allowed, func(prefix string) bool {
		return imported == prefix || strings.HasPrefix(imported, prefix+"/")
	}) {
		return ""
	}
	return dir + " may not import " + imported + "; the standard library" + orOneOf(allowed)
}

func orOneOf(allowed []string) string {
	if len(allowed) == 0 {
		return " only"
	}
	return " and " + strings.Join(allowed, ", ") + " only"
}

// isStandard goes by the rule of the go command: only packages of the
// standard library have no dot in the first element of their path.
func isStandard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return !strings.Contains(first, ".")
}

func TestLayers(t *testing.T) {
	for _, file := range goFiles(t) {
		if file.test {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file.disk, nil, parser.ImportsOnly)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Error(err)
				continue
			}
			if why := forbiddenImport(path.Dir(file.name), imported); why != "" {
				t.Errorf("%s: %s", file.name, why)
			}
		}
	}
}

func TestLayersRefuseWhatPointsUp(t *testing.T) {
	const ours = modulePath + "/"
	for _, tc := range []struct {
		dir, imported string
		allowed       bool
	}{
		{"gen", "net/http", true},
		{"gen", ours + "validate", false},
		{"gen", "golang.org/x/net/idna", false},
		{"spec", ours + "gen", false},
		{"validate", ours + "gen", true},
		{"validate", ours + "flows", false},
		{"validate", "github.com/go-playground/validator/v10", true},
		{"validate", "github.com/go-playground/validator/v10/non-standard/validators", true},
		{"validate", "github.com/go-playground/validator/v100", false},
		{"flows", ours + "sdk", false},
		{"flows", ours + "flows/flowstest", false},
		{"flows", "github.com/hashicorp/go-retryablehttp", true},
		{"flows", "golang.org/x/oauth2", false},
		{"flows/flowstest", ours + "flows", false},
		{"sdk", ours + "flows", true},
		{"sdk", ours + "flows/flowstest", false},
		{"sdk", "github.com/modelcontextprotocol/go-sdk/mcp", false},
		{"sdk", "github.com/santhosh-tekuri/jsonschema/v6", false},
		{"sdk/storetest", ours + "sdk", true},
		{"sdk/sealed", "github.com/redis/go-redis/v9", false},
		{"sdk/otherstore", "github.com/redis/go-redis/v9", false},
		{"cmd/mcpoauth", "github.com/santhosh-tekuri/jsonschema/v6", true},
		{"examples/quickstart", "github.com/modelcontextprotocol/go-sdk/mcp", true},
	} {
		if why := forbiddenImport(tc.dir, tc.imported); (why == "") != tc.allowed {
			t.Errorf("%s importing %s: allowed = %t, want %t (%s)", tc.dir, tc.imported, why == "", tc.allowed, why)
		}
	}
}

// maxModules bounds the third-party modules of a program that imports only
// sdk: validator with its six, retryablehttp with its one, go-jose, flock, and
// x/sys.
const maxModules = 12

// neverInSDK are parts of module paths that such a program must not compile:
// MCP SDKs, Redis, telemetry, command lines and JSON Schema compilers.
var neverInSDK = []string{
	"modelcontextprotocol", "mcp-go", "redis", "opentelemetry", "spf13", "urfave", "kong", "jsonschema", "oapi-codegen", "kin-openapi",
	"tink", "keyring", "go-oidc",
}

func TestLayersOfAProgramThatImportsOnlySDK(t *testing.T) {
	packages, modules := thirdParty(t, modulePath+"/sdk")
	t.Logf("%d third-party packages of %d modules: %s", len(packages), len(modules), strings.Join(modules, " "))
	if len(modules) > maxModules {
		t.Errorf("%d third-party modules, at most %d: %s", len(modules), maxModules, strings.Join(modules, " "))
	}
	for _, name := range packages {
		for _, part := range neverInSDK {
			if strings.Contains(name, part) {
				t.Errorf("sdk brings in %s", name)
			}
		}
	}
}

// thirdParty lists what a program that imports only the named package compiles
// from other modules: the packages, and their modules sorted.
func thirdParty(t *testing.T, name string) (packages, modules []string) {
	t.Helper()
	const format = `{{if not .Standard}}{{.ImportPath}} {{.Module.Path}}{{end}}`
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", format, name)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list -deps %s: %v\n%s", name, err, stderr.String())
	}
	for line := range strings.Lines(string(out)) {
		imported, module, found := strings.Cut(strings.TrimSpace(line), " ")
		if !found || module == modulePath {
			continue
		}
		packages = append(packages, imported)
		modules = append(modules, module)
	}
	slices.Sort(modules)
	return packages, slices.Compact(modules)
}
