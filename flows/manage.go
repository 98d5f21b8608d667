// Registration management: reading, changing and deleting a registration of one's own.

package flows

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/validate"
)

// ManageRequest names the registration to be managed.
type ManageRequest struct {
	// Client is the registration as it was last answered, with its
	// registration_client_uri and registration_access_token. Required; it is
	// not changed.
	Client *gen.ClientInformation
	// Resource is the resource for whose sake the client was registered:
	// servers on this machine or network are asked for its sake only; see
	// [WithResource].
	Resource string
}

// ReadClient returns the registration as the server has it. Store what comes
// back: the server may have replaced the registration access token, and the
// client secret with it. Members that the answer leaves out and that only the
// first answer needs to have are carried over. An error is a
// [*RegistrationError]; with status 401 the token or the client is no more.
//
// https://www.rfc-editor.org/rfc/rfc7592.html#section-2.1
func (c *Client) ReadClient(ctx context.Context, in ManageRequest) (*gen.ClientInformation, error) {
	return c.manage(ctx, in, nil, func(ctx context.Context, endpoint string, edit gen.Edit) (*gen.Response[gen.ClientInformation], error) {
		return c.Operations().ReadClient(ctx, endpoint, edit)
	})
}

// UpdateClient replaces the registered metadata by metadata: what it leaves out
// is deleted, or set by the server. Store what comes back as with
// [Client.ReadClient]; a new secret makes the old one invalid. An error is a
// [*RegistrationError].
//
// https://www.rfc-editor.org/rfc/rfc7592.html#section-2.2
func (c *Client) UpdateClient(ctx context.Context, in ManageRequest, metadata *gen.ClientMetadata) (*gen.ClientInformation, error) {
	request, err := registrationRequest(metadata)
	if err != nil {
		return nil, &RegistrationError{Request: metadata, Err: err}
	}
	update, err := updateOf(request, in.Client)
	if err != nil {
		return nil, &RegistrationError{Request: request, Err: err}
	}
	return c.manage(ctx, in, request, func(ctx context.Context, endpoint string, edit gen.Edit) (*gen.Response[gen.ClientInformation], error) {
		return c.Operations().UpdateClient(ctx, endpoint, update, edit)
	})
}

// DeleteClient ends the registration, and with it all its tokens. An error is a
// [*RegistrationError]; status 405 means that the server does not delete.
//
// https://www.rfc-editor.org/rfc/rfc7592.html#section-2.3
func (c *Client) DeleteClient(ctx context.Context, in ManageRequest) error {
	endpoint, err := c.managed(in)
	if err != nil {
		return &RegistrationError{Err: err}
	}
	var secrets spoken
	edit := secrets.heard(bearer(in.Client.RegistrationAccessToken))
	if _, err := c.Operations().DeleteClient(forResource(ctx, in.Resource), endpoint, edit); err != nil {
		return secrets.cut(registrationFailed(nil, err))
	}
	return nil
}

// manage is the sequence of reading and updating. requested is nil for reading.
func (c *Client) manage(ctx context.Context, in ManageRequest, requested *gen.ClientMetadata,
	call func(ctx context.Context, endpoint string, edit gen.Edit) (*gen.Response[gen.ClientInformation], error),
) (*gen.ClientInformation, error) {
	// 1. The registration says where, and what to show there.
	endpoint, err := c.managed(in)
	if err != nil {
		return nil, &RegistrationError{Request: requested, Err: err}
	}
	// 2. One request with the registration access token.
	var secrets spoken
	edit := secrets.heard(bearer(in.Client.RegistrationAccessToken))
	res, err := call(forResource(ctx, in.Resource), endpoint, edit)
	if err != nil {
		return nil, secrets.cut(registrationFailed(requested, err))
	}
	// 3. The answer must be about this client and be usable.
	err = validate.ClientInformation(res.Document, requested, c.rules()...).Refuses(validate.UseRegistration)
	if err == nil && res.Document.ClientID != in.Client.ClientID {
		err = errors.New("flows: registration: the answer is about another client id")
	}
	if err != nil {
		return nil, &RegistrationError{Request: requested, StatusCode: res.StatusCode, Err: err}
	}
	// 4. A replaced token is taken; what was not repeated stays as it was.
	return succeed(in.Client, res.Document), nil
}

// managed returns the client configuration endpoint.
func (c *Client) managed(in ManageRequest) (string, error) {
	if in.Client.RegistrationAccessToken == "" {
		return "", errors.New("flows: registration: it has no registration access token: the server does not let clients manage themselves")
	}
	endpoint := in.Client.RegistrationClientURI
	return endpoint, c.endpoint("registration_client_uri", endpoint)
}

// succeed lets members stand that only the server can name and that it did not
// name again.
func succeed(before, after *gen.ClientInformation) *gen.ClientInformation {
	if after.RegistrationAccessToken == "" {
		after.RegistrationAccessToken = before.RegistrationAccessToken
	}
	if after.RegistrationClientURI == "" {
		after.RegistrationClientURI = before.RegistrationClientURI
	}
	if after.ClientSecret == "" {
		after.ClientSecret, after.ClientSecretExpiresAt = before.ClientSecret, before.ClientSecretExpiresAt
	}
	if after.TokenEndpointAuthMethod == "" {
		after.TokenEndpointAuthMethod = before.TokenEndpointAuthMethod
	}
	return after
}

// updateOf adds to the metadata what an update request must have: the client
// id, and the present secret if there is one. What only the server sets stays
// out.
func updateOf(metadata *gen.ClientMetadata, client *gen.ClientInformation) (*gen.ClientUpdateRequest, error) {
	body, err := withClientID(metadata, client.ClientID)
	if err != nil {
		return nil, err
	}
	update, err := gen.DecodeClientUpdateRequest(body, nil)
	if err != nil {
		return nil, err
	}
	update.ClientSecret = client.ClientSecret
	return update, nil
}

// withClientID encodes metadata with a client_id in it, as two documents have it
// that are metadata otherwise.
func withClientID(metadata *gen.ClientMetadata, clientID string) ([]byte, error) {
	body, err := metadata.Encode()
	if err != nil {
		return nil, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		return nil, err
	}
	if members["client_id"], err = json.Marshal(clientID); err != nil {
		return nil, err
	}
	return json.Marshal(members)
}

// bearer shows a token that permits registration or its management; an empty
// one is left out.
//
// https://www.rfc-editor.org/rfc/rfc6750.html#section-2.1
func bearer(token gen.Secret) gen.Edit {
	return func(header http.Header, _ url.Values) error {
		if token != "" {
			header.Set("Authorization", "Bearer "+token.Reveal())
		}
		return nil
	}
}

func registrationFailed(request *gen.ClientMetadata, err error) error {
	failed := &RegistrationError{Request: request, Err: err}
	if answer, ok := errors.AsType[*gen.ResponseError](err); ok {
		failed.StatusCode = answer.StatusCode
		if answer.OAuth != nil {
			failed.Code, failed.Description = answer.OAuth.Code, answer.OAuth.ErrorDescription
		}
	}
	return failed
}
