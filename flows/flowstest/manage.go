// Registration management: a client reads, updates and deletes itself.

package flowstest

import (
	"crypto/subtle"
	"maps"
	"net/http"
	"strings"
)

// ManagementConfig says how clients manage their registrations (RFC 7592). The
// zero value leaves registration_access_token and registration_client_uri out
// of registration answers and has no endpoint.
type ManagementConfig struct {
	Enabled bool
	// RotateToken answers reads and updates with a new registration access
	// token; the old one no longer works (RFC 7592 §2).
	RotateToken bool
	// RotateSecret answers updates of clients with a secret with a new one.
	RotateSecret bool
}

// managed are members that the server gives and an update must not carry.
// RFC 7592 §2.2: https://www.rfc-editor.org/rfc/rfc7592#section-2.2
var managed = []string{
	"registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at",
}

// manage answers at the client configuration endpoint.
// RFC 7592 §2: https://www.rfc-editor.org/rfc/rfc7592#section-2
func (x *exchange) manage() {
	if !x.config.Management.Enabled || x.config.DisableRegistration {
		http.NotFound(x.w, x.r)
		return
	}
	client, ok := x.managedClient()
	if !ok {
		x.w.Header().Set("WWW-Authenticate", `Bearer error="`+errInvalidToken+`"`)
		x.refuse(&Error{
			Code: errInvalidToken, Description: "the registration access token is wrong, or the client is gone",
			Status: http.StatusUnauthorized,
		})
		return
	}
	switch x.r.Method {
	case http.MethodGet:
		x.answerClient(http.StatusOK, x.rotateRegistration(maps.Clone(client.Metadata)))
	case http.MethodPut:
		members, err := x.updated(client)
		if err != nil {
			x.refuse(err)
			return
		}
		x.answerClient(http.StatusOK, members)
	case http.MethodDelete:
		x.store.deleteClient(client.ID)
		x.w.WriteHeader(http.StatusNoContent)
	default:
		x.w.Header().Set("Allow", "GET, PUT, DELETE")
		http.Error(x.w, "method not allowed", http.StatusMethodNotAllowed)
	}
}

// managedClient finds the client whose registration access token the request
// carries. That a client is unknown is not to be told from a wrong token
// (RFC 7592 §2.1).
func (x *exchange) managedClient() (Client, bool) {
	id := strings.TrimPrefix(x.base+x.r.URL.Path, x.endpoint(x.config, kindManage)+"/")
	token, ok := bearer(x.r)
	client, known := x.store.client(id)
	if !ok || !known || client.RegistrationToken == "" || client.Metadata == nil {
		return Client{}, false
	}
	return client, subtle.ConstantTimeCompare([]byte(token), []byte(client.RegistrationToken)) == 1
}

// rotateRegistration gives a client a new registration access token by policy.
func (x *exchange) rotateRegistration(members map[string]any) map[string]any {
	if x.config.Management.RotateToken {
		members["registration_access_token"] = randomString("rat-")
	}
	return members
}

// updated judges an update, which replaces all metadata, and returns the
// client's new information.
func (x *exchange) updated(client Client) (map[string]any, *Error) {
	request, err := x.readMetadata()
	if err != nil {
		return nil, err
	}
	for _, name := range managed {
		if request[name] != nil {
			return nil, refuse(errInvalidRequest, name+" does not belong into an update")
		}
	}
	if request["client_id"] != client.ID {
		return nil, refuse(errInvalidRequest, "client_id is missing or another client's")
	}
	// A client may repeat its secret and must not choose another.
	if secret, ok := request["client_secret"]; ok && secret != client.Secret {
		return nil, refuse(errInvalidRequest, "client_secret is not the present one")
	}
	delete(request, "client_id")
	delete(request, "client_secret")
	if request, err = x.checkMetadata(request); err != nil {
		return nil, err
	}
	answer := withDefaults(request)
	for _, name := range append([]string{"client_id"}, managed...) {
		if value, ok := client.Metadata[name]; ok {
			answer[name] = value
		}
	}
	x.newSecret(answer)
	if answer["client_secret"] == nil {
		delete(answer, "client_secret_expires_at")
	} else if client.Secret != "" && !x.config.Management.RotateSecret {
		answer["client_secret"] = client.Secret
		answer["client_secret_expires_at"] = client.Metadata["client_secret_expires_at"]
	}
	return x.rotateRegistration(answer), nil
}

// deleteClient forgets a client and revokes what it was given (RFC 7592 §2.3).
func (s *store) deleteClient(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.clients, id)
	for _, family := range s.families {
		if family.ClientID == id {
			s.revokeFamily(family.ID)
		}
	}
}
