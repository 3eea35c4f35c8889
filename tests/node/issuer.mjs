// A real OpenID issuer (oidc-provider) on a loopback port, for the tests of tokens.
//
// In:  nothing; it runs until it is ended. Out: one line, {"issuer": "http://127.0.0.1:PORT"}.
//
// Clients `portal` and `reader` get access tokens as JWT at /token by client credentials. Beside the issuer's own addresses:
//   POST /test/rotate {"keep": bool}       a new signing key; the old ones are withdrawn unless kept
//   POST /test/outage {"on": bool}         what it publishes is answered with 500
//   POST /test/mint   {"header", "claims"} a token of these claims, signed by the present key
//   GET  /test/counts                      how often description and keys were asked for: {"description", "keys"}

import { createPrivateKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const AUDIENCE = 'https://foliograph.example.com';
// What each client may do, as this issuer calls it.
const ROLES = { portal: ['pmo-leads', 'offline_access'], reader: ['everybody'] };

const counts = { description: 0, keys: 0 };
let keys = [newKey('RS256')];
let outage = false;
let issuer;
let provider;

function newKey(alg) {
  const [type, options] = { RS256: ['rsa', { modulusLength: 2048 }], ES256: ['ec', { namedCurve: 'P-256' }] }[alg];
  const { privateKey } = generateKeyPairSync(type, options);
  return { ...privateKey.export({ format: 'jwk' }), kid: randomBytes(8).toString('hex'), alg, use: 'sig' };
}

function provide() {
  const client = (id) => ({
    client_id: id,
    client_secret: `${id}-secret`,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    token_endpoint_auth_method: 'client_secret_post',
  });
  const resource = { scope: 'api', audience: AUDIENCE, accessTokenTTL: 600, accessTokenFormat: 'jwt', jwt: { sign: { alg: keys[0].alg } } };
  provider = new Provider(issuer, {
    jwks: { keys },
    clients: ['portal', 'reader'].map(client),
    scopes: ['api'],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => AUDIENCE,
        useGrantedResource: () => true,
        getResourceServerInfo: () => resource,
      },
    },
    extraTokenClaims: (_, token) => ({ realm_access: { roles: ROLES[token.clientId] } }),
  });
}

function mint({ header = {}, claims = {} }) {
  const [key] = keys;
  const encoded = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const body = { iss: issuer, aud: AUDIENCE, sub: 'maria', iat: now, exp: now + 600, ...claims };
  const text = `${encoded({ alg: key.alg, kid: key.kid, typ: 'JWT', ...header })}.${encoded(body)}`;
  const secret = { key: createPrivateKey({ key, format: 'jwk' }), dsaEncoding: 'ieee-p1363' };
  return `${text}.${sign('sha256', Buffer.from(text), secret).toString('base64url')}`;
}

async function control(path, request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const asked = chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString()) : {};
  switch (path) {
    case '/test/rotate':
      keys = [newKey(asked.alg ?? 'RS256'), ...(asked.keep ? keys : [])];
      provide();
      return keys[0].kid;
    case '/test/outage':
      outage = asked.on;
      return outage;
    case '/test/mint':
      return mint(asked);
    default:
      return counts;
  }
}

const server = createServer((request, response) => {
  const path = request.url.split('?')[0];
  if (path.startsWith('/test/')) {
    control(path, request).then((answer) => response.end(JSON.stringify(answer)));
    return;
  }
  const published = { '/.well-known/openid-configuration': 'description', '/jwks': 'keys' }[path];
  if (published) counts[published] += 1;
  if (published && outage) {
    response.writeHead(500).end();
    return;
  }
  provider.callback()(request, response);
});

server.listen(0, '127.0.0.1', () => {
  issuer = `http://127.0.0.1:${server.address().port}`;
  provide();
  console.log(JSON.stringify({ issuer }));
});
