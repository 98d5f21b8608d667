// Protected resource metadata, and the challenges that lead to it.

package flowstest

import (
	"net/http"
	"slices"
	"strings"
)

// document returns the metadata after the PRM hook has changed it.
// RFC 9728 §2: https://www.rfc-editor.org/rfc/rfc9728#section-2
func (s *Resource) document(config *ResourceConfig) map[string]any {
	issuers := []string{}
	for _, server := range config.AuthorizationServers {
		issuers = append(issuers, server.Issuer())
	}
	members := map[string]any{
		"resource":                 s.URL(),
		"authorization_servers":    issuers,
		"bearer_methods_supported": []string{"header"},
	}
	if scopes := config.scopesSupported(); scopes != nil {
		members["scopes_supported"] = scopes
	}
	if config.DPoP.Policy != DPoPOff {
		members["dpop_signing_alg_values_supported"] = config.DPoP.algs()
	}
	if config.DPoP.Policy == DPoPRequired {
		members["dpop_bound_access_tokens_required"] = true
	}
	if config.PRM != nil {
		config.PRM(members)
	}
	return members
}

// status returns the status of a metadata URL.
func (s *Resource) status(config *ResourceConfig, place Place) int {
	if status := config.PRMStatus[place]; status != 0 {
		return status
	}
	if place == PRMPath {
		return http.StatusOK
	}
	return http.StatusNotFound
}

// metadata answers a request for the metadata document.
// RFC 9728 §3: https://www.rfc-editor.org/rfc/rfc9728#section-3
func (s *Resource) metadata(config *ResourceConfig, w http.ResponseWriter, r *http.Request) {
	status := http.StatusNotFound
	switch r.URL.Path {
	case pathResource + s.path:
		status = s.status(config, PRMPath)
	case pathResource:
		status = s.status(config, PRMRoot)
	case config.PRMLocation:
		status = http.StatusOK
	}
	if status == http.StatusOK && r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		status = http.StatusMethodNotAllowed
	}
	if status != http.StatusOK {
		http.Error(w, http.StatusText(status), status)
		return
	}
	document{status: status, header: config.PRMHeader, body: s.document(config), bytes: config.PRMBytes}.write(w)
}

// challenge answers 401 or 403 with WWW-Authenticate.
// RFC 6750 §3: https://www.rfc-editor.org/rfc/rfc6750#section-3
// RFC 9728 §5.1: https://www.rfc-editor.org/rfc/rfc9728#section-5.1
func (s *Resource) challenge(config *ResourceConfig, w http.ResponseWriter, r *http.Request, reason Reason, needed, granted []string) {
	status, params := http.StatusUnauthorized, []string{}
	hideScope := config.HideScope
	switch reason {
	case ReasonInvalidToken, ReasonInvalidProof, ReasonUseNonce:
		params = append(params, `error="`+string(reason)+`"`)
	case ReasonInsufficientScope:
		status, hideScope = http.StatusForbidden, config.HideStepUpScope
		params = append(params, `error="`+errInsufficientScope+`"`)
		if config.StepUpScope != nil {
			needed = config.StepUpScope(needed, granted)
		}
	}
	if len(needed) > 0 && !hideScope {
		params = append(params, `scope="`+strings.Join(needed, " ")+`"`)
	}
	if !config.HideMetadataURL {
		params = append(params, `resource_metadata="`+s.metadataURL(config)+`"`)
	}
	lines := challengeLines(config, reason, params)
	if config.Challenge != nil {
		lines = config.Challenge(r, reason, lines)
	}
	for _, line := range lines {
		w.Header().Add("WWW-Authenticate", line)
	}
	document{status: status, body: map[string]any{"error": string(reason)}}.write(w)
}

// challengeLines returns one challenge for each scheme. What is wrong with a
// proof stands in the DPoP challenge only.
// RFC 9449 §7.1: https://www.rfc-editor.org/rfc/rfc9449#section-7.1
func challengeLines(config *ResourceConfig, reason Reason, params []string) []string {
	var lines []string
	for _, scheme := range config.schemes() {
		if scheme == schemeDPoP {
			lines = append(lines, "DPoP "+strings.Join(append(slices.Clone(params), proofAlgs(config.DPoP)), ", "))
			continue
		}
		if reason == ReasonInvalidProof || reason == ReasonUseNonce {
			params = params[1:]
		}
		lines = append(lines, strings.TrimSpace("Bearer "+strings.Join(params, ", ")))
	}
	return lines
}

// MetadataURL returns the URL of the metadata that challenges name.
func (s *Resource) MetadataURL() string { return s.metadataURL(s.config.Load()) }

func (s *Resource) metadataURL(config *ResourceConfig) string {
	switch {
	case config.MetadataURL != "":
		return config.MetadataURL
	case config.PRMLocation != "":
		return s.base + config.PRMLocation
	case s.status(config, PRMPath) != http.StatusOK && s.status(config, PRMRoot) == http.StatusOK:
		return s.base + pathResource
	}
	return s.base + pathResource + s.path
}
