// Package spec embeds the schemas from which package gen is generated: one JSON Schema (2020-12) per document, and the
// OpenAPI description of the operations. They serve any JSON Schema tool and editor as they are; README.md in this
// directory explains their layout. Everything here is safe for concurrent use.
package spec

import (
	"embed"
	"io/fs"
)

// BaseID is what the $id of every schema begins with; the file name follows. The $refs between schemas are relative to it.
// Nothing is served there: a JSON Schema tool gets the files from Schemas.
const BaseID = "https://github.com/mcpoauth/mcpoauth/spec/schemas/"

//go:embed schemas/*.json openapi.yaml
var files embed.FS

// Schemas returns the schema files, named after their documents: token-response.json holds the schema titled
// TokenResponse, the type gen.TokenResponse.
func Schemas() fs.FS {
	schemas, err := fs.Sub(files, "schemas")
	if err != nil {
		panic(err) // the name is constant and valid
	}
	return schemas
}

// OpenAPI returns the OpenAPI 3.1 document of the operations, in YAML. The slice is the caller's.
func OpenAPI() []byte {
	text, err := files.ReadFile("openapi.yaml")
	if err != nil {
		panic(err) // it is embedded
	}
	return text
}
