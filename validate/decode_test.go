// Tests of the table of decoders.

package validate

import (
	"slices"
	"testing"

	"github.com/mcpoauth/mcpoauth/gen"
)

// Each type of Document has one decoder, with a name of its own.
func TestDecoders(t *testing.T) {
	names := []string{
		decoderOf[gen.ProtectedResourceMetadata]().name, decoderOf[gen.AuthorizationServerMetadata]().name,
		decoderOf[gen.ClientMetadata]().name, decoderOf[gen.ClientInformation]().name,
		decoderOf[gen.ClientIDMetadataDocument]().name, decoderOf[gen.TokenResponse]().name,
		decoderOf[gen.ErrorResponse]().name, decoderOf[gen.AuthorizationResponse]().name,
		decoderOf[gen.SessionRecord]().name, decoderOf[gen.ClientRecord]().name,
		decoderOf[gen.MetadataRecord]().name, decoderOf[gen.PendingRecord]().name,
	}
	slices.Sort(names)
	if distinct := slices.Compact(slices.Clone(names)); len(distinct) != len(decoders) || len(names) != len(decoders) {
		t.Errorf("%d decoders have the names %q", len(decoders), names)
	}
}
