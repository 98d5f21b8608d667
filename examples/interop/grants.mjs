// Grants that oidc-provider leaves to whoever runs it: registerGrantType is its
// way to add them. What an assertion has to be is judged here, with the JOSE
// library of the provider's author; clients, parameters, tokens and errors are
// the provider's.

import { randomUUID } from 'node:crypto';
import { createRemoteJWKSet, decodeJwt, importJWK, jwtVerify, SignJWT } from 'jose';
import { errors, Provider } from 'oidc-provider';

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token';
const ID_JAG = 'urn:ietf:params:oauth:token-type:id-jag';
const ID_JAG_TYP = 'oauth-id-jag+jwt';

// The issuers of the tests come and go; what they have in common is where they
// are, and where their keys are.
const TRUSTED = /^http:\/\/127\.0\.0\.1:\d+$/;

export const grantTypes = [JWT_BEARER, TOKEN_EXCHANGE];

// addGrants adds the JWT bearer grant, and the token exchange that enterprises'
// identity providers do. signingKey is one of the provider's, as a JWK.
export function addGrants(provider, signingKey, getResourceServerInfo) {
  const seen = new Set(); // jti of assertions

  // RFC 7523 §3, and for an ID-JAG §5.1 of its draft.
  async function jwtBearer(ctx) {
    const { assertion, resource, scope } = ctx.oidc.params;
    const { payload, protectedHeader } = await verified(assertion, {
      audience: provider.issuer, requiredClaims: ['sub', 'exp', 'jti'],
    });
    if (seen.has(payload.jti)) throw new errors.InvalidGrant('the assertion was used before');
    seen.add(payload.jti);
    if (protectedHeader.typ === ID_JAG_TYP
      && (payload.client_id !== ctx.oidc.client.clientId || payload.resource !== resource)) {
      throw new errors.InvalidGrant('the assertion is for another client or resource');
    }
    await issue(ctx, payload.sub, resource, scope);
  }

  async function issue(ctx, accountId, resource, scope = '') {
    const { client } = ctx.oidc;
    const resourceServer = new provider.ResourceServer(resource, getResourceServerInfo(ctx, resource));
    const granted = scope.split(' ').filter((one) => resourceServer.scopes.has(one)).join(' ');
    const grant = new provider.Grant({ accountId, clientId: client.clientId });
    grant.addResourceScope(resource, granted);
    const token = new provider.AccessToken({
      accountId, client, resourceServer, scope: granted, gty: 'jwt_bearer', grantId: await grant.save(),
    });
    ctx.body = {
      access_token: await token.save(), expires_in: token.expiration, token_type: token.tokenType, scope: granted,
    };
  }

  // The first leg of enterprise-managed authorization: §4.3 of the draft.
  async function tokenExchange(ctx) {
    const { params, client } = ctx.oidc;
    if (params.requested_token_type !== ID_JAG || params.subject_token_type !== ID_TOKEN) {
      throw new errors.InvalidRequest('this server exchanges ID tokens for ID-JAGs');
    }
    const { payload } = await verified(params.subject_token, { audience: client.clientId });
    if (payload.iss !== provider.issuer) throw new errors.InvalidGrant("the subject token is another issuer's");
    if (!TRUSTED.test(params.audience)) throw new errors.InvalidTarget('the policy names no such server');
    const assertion = await new SignJWT({ client_id: client.clientId, resource: params.resource, scope: params.scope })
      .setProtectedHeader({ alg: signingKey.alg, kid: signingKey.kid, typ: ID_JAG_TYP })
      .setIssuer(provider.issuer).setSubject(payload.sub).setAudience(params.audience)
      .setJti(randomUUID()).setIssuedAt().setExpirationTime('5m')
      .sign(await importJWK(signingKey));
    ctx.body = {
      access_token: assertion, issued_token_type: ID_JAG, token_type: 'N_A', expires_in: 300, scope: params.scope,
    };
  }

  provider.registerGrantType(JWT_BEARER, jwtBearer, ['assertion', 'resource', 'scope']);
  provider.registerGrantType(TOKEN_EXCHANGE, tokenExchange, [
    'subject_token', 'subject_token_type', 'requested_token_type', 'audience', 'resource', 'scope',
  ]);
}

// verified is a JWT whose issuer is trusted and whose signature and times are
// right.
async function verified(jwt, options) {
  try {
    const { iss } = decodeJwt(jwt);
    if (!TRUSTED.test(iss)) throw new Error('its issuer is not trusted');
    return await jwtVerify(jwt, createRemoteJWKSet(new URL(`${iss}/jwks`)), { issuer: iss, ...options });
  } catch (error) {
    throw new errors.InvalidGrant(error.message);
  }
}

// setPace answers polls for a device token with slow_down that come sooner than
// seconds after the one before (RFC 8628 §3.5). The provider itself bears any
// pace; it looks the code up once in each.
export function setPace(provider, seconds) {
  const last = new Map();
  const find = provider.DeviceCode.find;
  provider.DeviceCode.find = async function paced(code, ...rest) {
    if (Provider.ctx.oidc.route !== 'token') return find.call(this, code, ...rest);
    const before = last.get(code);
    last.set(code, Date.now());
    if (Date.now() - before < seconds * 1000) throw new errors.SlowDown();
    return find.call(this, code, ...rest);
  };
}
