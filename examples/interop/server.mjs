// The authorization server: npm oidc-provider, configured as the tests need it.
//
// One process holds several providers, one for each profile below, on loopback
// and in memory. The first line on standard output says where they listen; each
// further one is a request that a provider answered, as JSON: which parameters
// came, with the values of those that are no secret. It ends with its standard
// input.

import { createServer } from 'node:http';
import { createServer as createTLSServer } from 'node:https';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';

// What oidc-provider has to say is no line of the log.
console.info = console.error;
const { Provider, errors } = await import('oidc-provider');
const { addGrants, grantTypes, setPace } = await import('./grants.mjs');

const SECRET = process.env.INTEROP_SECRET;
const SCOPES = 'notes:read notes:write';
const user = 'alice';

// What a profile changes. "open" demands nothing that a client may leave out.
const profiles = {
  open: {},
  pushed: { pushed: true }, // authorization requests must be pushed
  nonces: { nonces: true }, // DPoP proofs need a nonce
  closed: { closed: true }, // registration needs an initial access token
  brief: { deviceCode: 3 }, // device codes live for three seconds
  mutual: { mutual: true }, // has endpoints for client certificates
  paced: { pace: 5 }, // devices wait five seconds from poll to poll
  enterprise: {}, // the identity provider of the others' users
};

const urls = {};
for (const [name, profile] of Object.entries(profiles)) {
  urls[name] = await start(name, profile);
}
process.stdin.resume().on('end', () => process.exit(0));
say({ listening: urls });

async function start(name, profile) {
  const server = createServer();
  const issuer = `http://${await listen(server)}`;
  const aliases = profile.mutual ? createTLSServer(certificate()) : undefined;
  const keys = [jwk('rsa', { modulusLength: 2048 }, 'RS256'), jwk('ec', { namedCurve: 'P-256' }, 'ES256')];
  const provider = new Provider(issuer, configuration(profile, keys, aliases && `https://${await listen(aliases)}`));
  addGrants(provider, keys[1], getResourceServerInfo);
  if (profile.pace) setPace(provider, profile.pace);
  provider.use(witness(name));
  const handle = provider.callback();
  aliases?.on('request', handle);
  server.on('request', (req, res) => {
    res.setHeader('Date', new Date().toUTCString()); // of a clock that clock.mjs may have moved
    if (req.url.startsWith('/mark/')) {
      say({ mark: req.url.slice('/mark/'.length) });
      res.end();
    } else if (req.url.startsWith('/interaction/')) {
      approve(provider, req, res).catch((error) => { res.writeHead(500).end(String(error)); });
    } else {
      handle(req, res);
    }
  });
  return issuer;
}

async function listen(server) {
  await new Promise((done) => { server.listen(0, '127.0.0.1', done); });
  return `127.0.0.1:${server.address().port}`;
}

// certificate is that of the TLS server, which asks clients for theirs and
// leaves it to the provider what to think of it, by the authority that it knows.
function certificate() {
  const [cert, key, ca] = ['CERT', 'KEY', 'AUTHORITY'].map((name) => readFileSync(process.env[`INTEROP_${name}`]));
  return { cert, key, ca, requestCert: true, rejectUnauthorized: false };
}

function configuration(profile, keys, aliases) {
  return {
    clients: [{ // the resource, which introspects
      client_id: 'resource', client_secret: SECRET,
      redirect_uris: [], response_types: [], grant_types: [],
    }, { // the same client at an enterprise's identity provider and elsewhere
      client_id: 'agent', client_secret: SECRET, application_type: 'native',
      redirect_uris: ['http://127.0.0.1/callback'], grant_types: ['authorization_code', ...grantTypes],
    }],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      clientIdMetadataDocument: { enabled: true, ack: 'draft-02' },
      deviceFlow: { enabled: true },
      dPoP: {
        enabled: true,
        nonceSecret: profile.nonces ? randomBytes(32) : undefined,
        requireNonce: () => Boolean(profile.nonces),
      },
      introspection: { enabled: true },
      mTLS: {
        enabled: Boolean(profile.mutual),
        selfSignedTlsClientAuth: true,
        tlsClientAuth: true,
        certificateAuthorized: (ctx) => ctx.socket.authorized,
        certificateSubjectMatches: subjectMatches,
        certificateBoundAccessTokens: true,
        getCertificate: (ctx) => ctx.socket.getPeerX509Certificate?.()?.toString(),
      },
      pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: Boolean(profile.pushed) },
      registration: { enabled: true, initialAccessToken: profile.closed ? SECRET : false },
      registrationManagement: { enabled: true, rotateRegistrationAccessToken: true },
      resourceIndicators: { enabled: true, getResourceServerInfo },
      revocation: { enabled: true },
    },
    clientAuthMethods: [
      'client_secret_basic', 'client_secret_jwt', 'client_secret_post', 'private_key_jwt', 'none',
      ...(profile.mutual ? ['self_signed_tls_client_auth', 'tls_client_auth'] : []),
    ],
    discovery: aliases ? { mtls_endpoint_aliases: aliased(aliases) } : {},
    enabledJWA: { clientAuthSigningAlgValues: ['HS256', 'RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'] },
    cookies: { keys: [randomBytes(32).toString('hex')] },
    fetch: trustingFetch,
    findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
    jwks: { keys },
    pkce: { required: () => true },
    rotateRefreshToken: true, // and a spent one ends its whole family
    ttl: { ...(profile.deviceCode && { DeviceCode: profile.deviceCode }) },
  };
}

function jwk(kind, options, alg) {
  return { ...generateKeyPairSync(kind, options).privateKey.export({ format: 'jwk' }), alg, kid: randomBytes(8).toString('hex') };
}

// aliased are the endpoints for clients with certificates.
function aliased(base) {
  return {
    token_endpoint: `${base}/token`,
    revocation_endpoint: `${base}/token/revocation`,
    introspection_endpoint: `${base}/token/introspection`,
    pushed_authorization_request_endpoint: `${base}/request`,
    device_authorization_endpoint: `${base}/device/auth`,
  };
}

// subjectMatches compares the certificate with what the client registered
// (RFC 8705 §2.1.2).
function subjectMatches(ctx, property, expected) {
  const shown = ctx.socket.getPeerX509Certificate();
  switch (property) {
    case 'tls_client_auth_san_dns':
      return shown.subjectAltName === `DNS:${expected}`;
    case 'tls_client_auth_subject_dn':
      return shown.subject.split('\n').reverse().join(',') === expected;
    default:
      return false;
  }
}

// The resources of the tests come and go; what they have in common is where
// they are.
function getResourceServerInfo(ctx, resource) {
  if (!/^http:\/\/127\.0\.0\.1:\d+\/mcp$/.test(resource)) {
    throw new errors.InvalidTarget('this server has no such resource');
  }
  return { scope: SCOPES, audience: resource, accessTokenFormat: 'opaque', accessTokenTTL: 3600 };
}

// Client ID Metadata Documents and key sets are on loopback, which the
// provider's own dispatcher refuses.
function trustingFetch(url, { dispatcher, ...options }) {
  return fetch(url, options);
}

// approve is a user who says yes at once. A login_hint changes that: "nobody"
// says no, "reader" keeps notes:write.
async function approve(provider, req, res) {
  const { prompt, params, session, grantId } = await provider.interactionDetails(req, res);
  let result;
  if (params.login_hint === 'nobody') {
    result = { error: 'access_denied', error_description: 'the user said no' };
  } else if (prompt.name === 'login') {
    result = { login: { accountId: user } };
  } else {
    const grant = (grantId && await provider.Grant.find(grantId))
      || new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    grant.addOIDCScope((prompt.details.missingOIDCScope ?? []).join(' '));
    for (const [resource, scopes] of Object.entries(prompt.details.missingResourceScopes ?? {})) {
      const kept = params.login_hint === 'reader' ? scopes.filter((scope) => scope === 'notes:write') : [];
      grant.addResourceScope(resource, scopes.filter((scope) => !kept.includes(scope)).join(' '));
      grant.rejectResourceScope(resource, kept.join(' '));
    }
    result = { consent: { grantId: await grant.save() } };
  }
  await provider.interactionFinished(req, res, result, { mergeWithLastSubmission: true });
}

// witness says what came and what became of it.
function witness(profile) {
  return async (ctx, next) => {
    await next();
    const form = ctx.method === 'GET' || ctx.method === 'DELETE' ? ctx.query : ctx.oidc?.body ?? {};
    say({
      profile,
      agent: ctx.get('user-agent'),
      method: ctx.method,
      path: ctx.path,
      route: ctx.oidc?.route,
      params: Object.keys(form).sort(),
      values: spoken(form),
      authorization: ctx.get('authorization').split(' ')[0],
      certificate: Boolean(ctx.socket.getPeerX509Certificate?.()),
      dpop: told(ctx.get('dpop'), ['htm', 'htu'], ['nonce', 'ath']),
      assertion: told(form.client_assertion, ['iss', 'sub', 'aud'], ['jti', 'exp', 'iat', 'nbf']),
      status: ctx.status,
      error: ctx.body?.error,
    });
  };
}

// The parameters that may be read by anyone.
const PUBLIC = [
  'application_type', 'client_assertion_type', 'client_id', 'client_name', 'code_challenge_method', 'dpop_jkt',
  'grant_type', 'grant_types', 'prompt', 'redirect_uri', 'redirect_uris', 'resource', 'response_type',
  'scope', 'token_endpoint_auth_method', 'token_type_hint',
];

// spoken lists the values: a parameter that was repeated has as many.
function spoken(form) {
  const values = {};
  for (const name of PUBLIC) {
    if (form[name] !== undefined) values[name] = [form[name]].flat();
  }
  return values;
}

// told says what is in a JWT: its algorithm, the claims that are no secret, and
// which of the others are there.
function told(jwt, open, present) {
  if (!jwt) return undefined;
  const [header, claims] = jwt.split('.', 2).map((part) => JSON.parse(Buffer.from(part, 'base64url')));
  const out = { alg: header.alg, typ: header.typ, kid: header.kid };
  for (const name of open) out[name] = claims[name];
  out.has = present.filter((name) => claims[name] !== undefined);
  return out;
}

function say(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
