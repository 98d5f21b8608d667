// Package validate holds the rules that OAuth documents of the Model Context
// Protocol have to obey, and judges documents by them: protected resource
// metadata, authorization server metadata, client metadata and information,
// Client ID Metadata Documents, token and error responses, authorization
// responses, challenges, and the records of this module's store.
//
// There is one function per document. The value a client expects (the URL in
// use, the issuer it asked for, what it recorded before the redirect) is an
// argument, so that the comparison cannot be forgotten:
//
//	found := validate.AuthorizationServer(doc, issuer)
//	if err := found.Refuses(validate.UseDocument); err != nil {
//		return err // errors.Is(err, validate.RuleIssuerMatch), ...
//	}
//
// People who have bytes rather than documents call Bytes, which tells the kind,
// decodes, and gives each violation its line and column; With adds the rules of
// pairs. Steps tells what a client would do with the documents of a resource and
// its server, and where it would stop. Every row of Rules has an example that
// breaks the rule and one that does not; RULES.md is the table on paper.
//
// The result lists everything that is wrong. A client stops at the violations
// of severity refuse, which say what they take away: the document, a member, or
// one use; people who mend documents read all of them.
//
// Rules stand in one table, which Rules returns. The constraints of the
// schemas (package gen carries them as derived tags) add violations of severity
// error. Some rules are also functions over plain strings, for use before there
// is a document: Covers, SameIssuer, Endpoint, RedirectURI, ClientIDURL,
// CanonicalURL.
//
// Ids such as DISC-9 in these comments name behaviours, and the tests that prove
// them; CONTRIBUTING.md has their areas.
//
// The package is pure: it reads no clock, opens no file, uses no network. All
// functions are safe for concurrent use, and none changes a document.
// Violations and errors hold no secrets; strings of servers in them are escaped
// and bounded.
package validate
