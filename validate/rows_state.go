// Rows: the records of persisted state (spec/README.md, section Records).

package validate

// Rules of persisted state.
const (
	// RuleStateVersion is broken by a record of an unknown version (STORE-1).
	RuleStateVersion Rule = "state-version"
	// RuleStateTombstone is broken by a deleted record with a token or a verifier (STORE-1).
	RuleStateTombstone Rule = "state-tombstone"
	// RuleStateIssuer is broken by credentials without the issuer they belong to (BIND-1).
	RuleStateIssuer Rule = "state-issuer"
	// RuleStateEndpoint is broken by an endpoint that cannot be used (META-3).
	RuleStateEndpoint Rule = "state-endpoint"
	// RuleStateTokenEndpoint is broken by a refresh token or a login under way
	// without a token endpoint (REF-1).
	RuleStateTokenEndpoint Rule = "state-token-endpoint"
	// RuleStateClient is broken by a record without the client it needs.
	RuleStateClient Rule = "state-client"
	// RuleStateClientSecret is broken by a secret method without a secret.
	RuleStateClientSecret Rule = "state-client-secret"
	// RuleStateToken is broken by a session without tokens.
	RuleStateToken Rule = "state-token"
	// RuleStateTimes is broken by an end before its beginning.
	RuleStateTimes Rule = "state-times"
	// RuleStateResource is broken by a resource that does not cover the configured URL (DISC-9).
	RuleStateResource Rule = "state-resource"
	// RuleStatePending is broken by a login under way that cannot be finished (AUTHZ-8).
	RuleStatePending Rule = "state-pending"
	// RuleStateVerifier is broken by a code verifier that is none (AUTHZ-1).
	RuleStateVerifier Rule = "state-code-verifier"
	// RuleStateExpiry is broken by a login under way without an end (AUTHZ-8).
	RuleStateExpiry Rule = "state-expiry"
	// RuleStateMetadata is broken by a stored document without itself or its URL (DISC-17).
	RuleStateMetadata Rule = "state-metadata"
)

var stateRows = []Row{
	{ID: RuleStateVersion, Severity: SeverityRefuse, Use: UseDocument, Citation: records(),
		Sentence: "`version` is 1: a record of another version is left as it is",
		Mend:     "Open the record with the release that wrote it, or delete it and log in again; changing `version` by hand converts nothing"},
	{ID: RuleStateTombstone, Severity: SeverityError, Citation: records(),
		Sentence: "A deleted record holds no token and no code verifier",
		Mend:     "Delete `access_token`, `refresh_token`, `id_token` and `code_verifier` from the record, and revoke them at the authorization server"},
	{ID: RuleStateIssuer, Severity: SeverityRefuse, Use: UseDocument, Citation: records(),
		Sentence: "Credentials have the `issuer` that they belong to",
		Mend:     "Write the issuer that the credentials came from into `issuer`; if that is not known, delete the record and log in again"},
	{ID: RuleStateEndpoint, Severity: SeverityRefuse, Use: UseMember, Citation: records(),
		Sentence: "An endpoint is an absolute https URL (http on loopback) without user information and fragment",
		Mend:     "Copy `token_endpoint` and the other endpoints from the server's metadata, or delete the record and log in again"},
	{ID: RuleStateTokenEndpoint, Severity: SeverityRefuse, Use: UseToken, Citation: records(),
		Sentence: "`token_endpoint` stands beside a refresh token, and in a login under way",
		Mend:     "Copy `token_endpoint` from the server's metadata into the record, or delete the record and log in again"},
	{ID: RuleStateClient, Severity: SeverityRefuse, Use: UseToken, Citation: records(),
		Sentence: "`client` with its `client_id` is there where a token request is to come, and in a registration",
		Mend:     "Write the registered client with its `client_id` into `client`, or delete the record and log in again"},
	{ID: RuleStateClientSecret, Severity: SeverityRefuse, Use: UseToken, Citation: records(),
		Sentence: "A client that authenticates with a secret has one",
		Mend:     "Write the issued `client_secret` into `client`, or delete the record, so that the client registers anew"},
	{ID: RuleStateToken, Severity: SeverityInfo, Citation: records(),
		Sentence: "A session has a token; without one the next request logs in",
		Mend:     "Log in again, which fills in `access_token`, or delete the record"},
	{ID: RuleStateTimes, Severity: SeverityError, Citation: records(),
		Sentence: "A lifetime ends after it begins",
		Mend:     "Write a later time into `expires_at` (`fresh_until` of a document), and set the clock of the machine that wrote the record"},
	{ID: RuleStateResource, Severity: SeverityWarning, Citation: rfc(9728, "3.3"),
		Sentence: "`resource` covers `resource_url`",
		Mend:     "Correct `resource` in the MCP server's metadata so that it covers `resource_url`, then delete the record and log in again"},
	{ID: RuleStatePending, Severity: SeverityRefuse, Use: UseDocument, Citation: records(),
		Sentence: "A login under way has `state`, `code_verifier` and `redirect_uri`",
		Mend:     "Begin the login anew; a store keeps `state`, `code_verifier` and `redirect_uri` until the login ends"},
	{ID: RuleStateVerifier, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(7636, "4.1"),
		Sentence: "`code_verifier` is 43 to 128 letters, digits and -._~",
		Mend:     "Begin the login anew, with 32 random bytes in base64url as `code_verifier`"},
	{ID: RuleStateExpiry, Severity: SeverityError, Citation: records(),
		Sentence: "A login under way has `expires_at`",
		Mend:     "Write the end of the login into `expires_at` in the form of RFC 3339, or begin the login anew"},
	{ID: RuleStateMetadata, Severity: SeverityRefuse, Use: UseDocument, Citation: records(),
		Sentence: "A stored document has its `url` and the `document` itself",
		Mend:     "Delete the record, so that the document is fetched again; `url` is its https URL and `document` the JSON object itself"},
}

// records cites this project's own rules of records.
func records() Citation {
	return Citation{"mcpoauth, spec/README.md, Records", "https://github.com/mcpoauth/mcpoauth/blob/main/spec/README.md#records"}
}
