// State: the version that every persisted record begins with.

package sdk

import (
	"encoding/json"
	"fmt"
)

// checkRecordVersion reads only the version of a record. A record of a version
// that this module does not know is neither read nor overwritten.
func checkRecordVersion(value []byte) error {
	var head struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(value, &head); err != nil {
		return fmt.Errorf("record is not readable: %w", err)
	}
	if head.Version != recordVersion {
		return fmt.Errorf("%w: version %d, this module reads %d", ErrRecordVersion, head.Version, recordVersion)
	}
	return nil
}
