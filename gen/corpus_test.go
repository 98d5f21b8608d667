// Corpus: real documents keep every member through decoding and encoding.

package gen_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const corpus = "../../shared/corpus"

var corpusKinds = map[string]string{
	"prm":  "ProtectedResourceMetadata",
	"asm":  "AuthorizationServerMetadata",
	"oidc": "AuthorizationServerMetadata",
	"cimd": "ClientIDMetadataDocument",
	"dcr":  "ClientInformation",
}

// DISC-19: all members survive, unknown ones too. META-4: quirks do not make a document unusable.
func TestCorpus(t *testing.T) {
	index, err := os.ReadFile(filepath.Join(corpus, "index.tsv"))
	if err != nil {
		t.Skip("the corpus of real documents is not beside the repository: ", err)
	}
	decoded := 0
	for line := range strings.Lines(string(index)) {
		columns := strings.Split(line, "\t")
		if len(columns) < 6 || corpusKinds[columns[1]] == "" {
			continue
		}
		name, verdict := columns[1]+"/"+columns[0], columns[5]
		data, err := os.ReadFile(filepath.Join(corpus, name+".json"))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		decode := decoders[corpusKinds[columns[1]]]
		doc, err := decode(data, nil)
		if err != nil {
			if verdict == "conforming" || verdict == "quirk" {
				t.Errorf("%s is %s: %v", name, verdict, err)
			}
			continue
		}
		decoded++
		roundTrip(t, decode, bytes.TrimPrefix(data, []byte("\ufeff")), doc)
	}
	if decoded < 100 {
		t.Errorf("only %d documents decoded", decoded)
	}
}
