// Errors: what keeps the store from opening, one type per remedy.

package keyringstore

import (
	"fmt"
	"runtime"
)

// UnavailableError tells that there is no keyring, that it does not answer, or that the user did not unlock it. Nothing
// was changed: a later Open may do.
type UnavailableError struct {
	Err error // the keyring's own, never a part of the key
}

// Error says what to do, too.
func (e *UnavailableError) Error() string {
	return fmt.Sprintf("keyringstore: no usable keyring: %v: %s, or keep the records without one "+
		"(sdk.NewDirectoryStore, or package sealed with a key of your own)", e.Err, advice(runtime.GOOS))
}

// Unwrap returns Err.
func (e *UnavailableError) Unwrap() error { return e.Err }

// advice is what makes a keyring usable on a system.
func advice(system string) string {
	switch system {
	case "darwin":
		return "unlock the login keychain (security unlock-keychain)"
	case "windows":
		return "run the program in the user's own session, where the Credential Manager works"
	}
	return "start a Secret Service in the D-Bus session of this program and unlock it (gnome-keyring, KWallet or KeePassXC)"
}

// KeyLostError tells that there are records whose key is not in the keyring: the directory came from another machine or
// user, or the item was removed. Nothing was changed, since the right keyring opens them.
type KeyLostError struct {
	Directory string // where the records are
	// Service and Account name the item that the keyring lacks. Both are empty when the record that names them is lost.
	Service, Account string
}

// Error says what to do, too.
func (e *KeyLostError) Error() string {
	item := "an item that is not known any more"
	if e.Account != "" {
		item = fmt.Sprintf("item %q of service %q", e.Account, e.Service)
	}
	return fmt.Sprintf("keyringstore: the records in %s were sealed with %s, and the keyring lacks it: "+
		"use the keyring that has it, or remove the directory and log in again", e.Directory, item)
}
