// Browser: opens a URL for the person at this machine, without a shell.

package sdk

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/mcpoauth/mcpoauth/validate"
)

// ErrNoBrowser means that no browser can be opened on this machine. The URL has to be shown to the person instead: by
// Out or Notify of [Loopback], or by [Paste] when the browser runs on another machine.
var ErrNoBrowser = errors.New("sdk: browser: none can be opened on this machine")

// checkBrowserURL refuses what must not be opened or shown: anything but https, and http on a loopback host, in the
// characters of RFC 3986. So no file is opened, no program of another scheme started, no option passed ("-…"), and no
// control sequence reaches a terminal, whatever a server named as its endpoint.
//
// AUTHZ-10, SEC-5
func checkBrowserURL(raw string) error {
	if err := validate.Endpoint(raw); err != nil {
		return fmt.Errorf("sdk: browser: not opened: %w", err)
	}
	return nil
}

// openBrowser opens raw in the person's browser. It returns nil when the launcher ended well or when ctx ends before
// it: some launchers last as long as the browser, and that is left running.
func openBrowser(ctx context.Context, raw string) error {
	if err := checkBrowserURL(raw); err != nil {
		return err
	}
	command, err := browserCommand(runtime.GOOS, os.Getenv, raw)
	if err != nil {
		return err
	}
	return launch(ctx, command)
}

// launch runs command and waits for its end or that of ctx.
func launch(ctx context.Context, command []string) error {
	// Not CommandContext: it would kill a browser that the launcher became. No standard streams: what a browser prints
	// is not for the user of this program.
	process := exec.Command(command[0], command[1:]...) //nolint:gosec,noctx // the program is one of browserCommand's and the URL is checked; why no context is said above
	if err := process.Start(); err != nil {
		return fmt.Errorf("%w: %w", ErrNoBrowser, err)
	}
	ended := make(chan error, 1)
	go func() { ended <- process.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			return fmt.Errorf("%w: %s: %w", ErrNoBrowser, filepath.Base(command[0]), err)
		}
	case <-ctx.Done():
	}
	return nil
}

// browserCommand returns the program of the operating system that opens a URL, with its arguments.
func browserCommand(system string, getenv func(string) string, raw string) ([]string, error) {
	switch system {
	case "darwin", "ios":
		return []string{"/usr/bin/open", raw}, nil
	case "windows":
		root := getenv("SystemRoot")
		if root == "" {
			root = `C:\Windows`
		}
		return []string{root + `\System32\rundll32.exe`, "url.dll,FileProtocolHandler", raw}, nil
	case "js", "wasip1", "plan9":
		return nil, fmt.Errorf("%w: not known how on %s", ErrNoBrowser, system)
	}
	// Without a display xdg-open would start a browser for text, in the terminal of this program.
	if getenv("DISPLAY") == "" && getenv("WAYLAND_DISPLAY") == "" && getenv("BROWSER") == "" {
		return nil, fmt.Errorf("%w: none of DISPLAY, WAYLAND_DISPLAY and BROWSER is set", ErrNoBrowser)
	}
	return []string{"xdg-open", raw}, nil
}
