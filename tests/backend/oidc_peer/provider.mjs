// An issuer nobody here wrote: npm's oidc-provider on a free port of loopback, with its own pages to sign in.
//
//   node provider.mjs FOLDER ORIGIN…    FOLDER: where node_modules is; ORIGIN: of the console, each by which it is reached
//
// Prints {"issuer": ...} once it listens; a line on the standard input gives it other keys; ends when that is closed.

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [folder, ...origins] = process.argv.slice(2);
const { Provider } = await import(pathToFileURL(join(folder, 'node_modules/oidc-provider/lib/index.js')));

const made = (issuer) => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: randomBytes(4).toString('hex') };
  return new Provider(issuer, {
    clients: [{
      client_id: 'kiosk console', client_secret: 's3cret/with+signs', redirect_uris: origins.map((origin) => `${origin}/console/oidc/back`),
      post_logout_redirect_uris: origins.map((origin) => `${origin}/console/sign-in`), response_types: ['code'], grant_types: ['authorization_code'],
      token_endpoint_auth_method: 'client_secret_basic',
    }],
    jwks: { keys: [key] },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true } },
    scopes: ['openid', 'office'],
    claims: { openid: ['sub'], office: ['name', 'groups'] },
    conformIdTokenClaims: false, // claims of a scope stand in the ID token, as the console wants them
    findAccount: (_context, id) => ({
      accountId: id, claims: () => ({ sub: id, name: '李七', groups: id.startsWith('street') ? ['kiosk-street'] : [] }),
    }),
  });
};

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://localhost:${server.address().port}`; // another site than 127.0.0.1, as a browser sees it
  const serve = () => {
    server.removeAllListeners('request');
    server.on('request', made(issuer).callback());
  };
  serve();
  console.log(JSON.stringify({ issuer }));
  const input = createInterface({ input: process.stdin });
  input.on('line', () => { serve(); console.log('{}'); });
  input.on('close', () => process.exit(0));
});
