//go:build unix

// Owner of the directory store, where files have one.

package sdk

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// checkOwner refuses what belongs to neither this user nor root: its owner may change the mode at any time.
func checkOwner(info fs.FileInfo) error {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || stat.Uid == 0 || int(stat.Uid) == os.Geteuid() {
		return nil
	}
	return fmt.Errorf("owned by user %d and not by user %d, who runs this program", stat.Uid, os.Geteuid())
}
