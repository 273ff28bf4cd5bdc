/**
 * A real authorization server on the loopback (oidc-provider), in every shape that matters to whoever rotates a grant.
 *
 * Protocol, grants and tokens are oidc-provider's own. What it cannot be configured to do (answer slowly or 503, pretend to
 * revoke, register with status 200, leave `iss` out) a layer before it does. All is kept in memory, each server for itself.
 * People sign in by its plain forms: see consent.ts.
 */
import { createHash, generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Configuration, type KoaContextWithOIDC, Provider } from 'oidc-provider';

export interface Shape {
  readonly rotateRefreshTokens: boolean;
  /** 'opaque' is asked about by introspection; 'jwt' is checked offline, and so outlives its revocation. */
  readonly accessTokens: 'opaque' | 'jwt';
  /** 'pretends': answers 200 to anything and revokes nothing. 'absent': neither in the metadata nor there. */
  readonly revocation: 'yes' | 'absent' | 'pretends';
  readonly introspection: boolean;
  /** 'none': only the client `preRegistered` may sign in. 'answers-200': 200 where RFC 7591 says 201. */
  readonly registration: 'dynamic' | 'answers-200' | 'none';
  /** RFC 7592. 'absent': no registration access token is given. 'refuses': one is given and then not taken. */
  readonly registrationManagement: 'yes' | 'absent' | 'refuses';
  /** RFC 9207: `iss` in the redirect, and said so in the metadata. */
  readonly issParameter: boolean;
  readonly deviceFlow: boolean;
  /** `offline_access` among the scopes of the metadata. */
  readonly offlineAccess: boolean;
  readonly accessSeconds: number;
  readonly refreshSeconds: number;
  /** Every request is held back for so long. */
  readonly slowMs: number;
  /**
   * Client id metadata documents by their https address, which is the client id. Nobody serves them: they are handed to the
   * server when it fetches one. Absent: the server knows no such ids.
   */
  readonly clientDocuments?: Readonly<Record<string, object>>;
}

export const plainShape: Shape = {
  rotateRefreshTokens: true,
  accessTokens: 'opaque',
  revocation: 'yes',
  introspection: true,
  registration: 'dynamic',
  registrationManagement: 'yes',
  issParameter: true,
  deviceFlow: true,
  offlineAccess: false,
  accessSeconds: 3600,
  refreshSeconds: 86_400,
  slowMs: 0,
};

/** One request that was answered; values of tokens are told by their fingerprint alone. */
export interface Seen {
  readonly method: string;
  /** Without ids of interactions. */
  readonly path: string;
  readonly status: number;
  readonly clientId?: string;
  readonly grantType?: string;
  /** `token_type_hint` of a revocation or introspection, as sent. */
  readonly tokenHint?: string;
  /** `fingerprintOf` of the token (refreshed, revoked or introspected). */
  readonly token?: string;
  /** The error code, when the answer is one. */
  readonly error?: string;
}

/** What one answer of the token endpoint gave out. */
export interface GivenOut {
  readonly clientId: string;
  readonly access: string;
  readonly refresh: string | undefined;
}

export interface AuthorizationServer extends AsyncDisposable {
  readonly issuer: string;
  readonly shape: Shape;
  readonly requests: readonly Seen[];
  /** Every pair that it ever issued, in order: the text of tokens, for those who judge. */
  readonly givenOut: readonly GivenOut[];
  /** Does the server itself still take this refresh or opaque access token? Asks without using it up. */
  takes(token: string): Promise<boolean>;
  /** Two tokens that it takes are of one grant when this answers the same. */
  grantOf(token: string): Promise<string | undefined>;
  /** How a resource server introspects (client_secret_basic). */
  readonly resourceServer: { readonly clientId: string; readonly clientSecret: string };
  /** A public native client that is always known: any port of the loopback, paths `redirectPaths`. */
  readonly preRegistered: { readonly clientId: string };
  /** Ids of the clients that registered themselves and are still known. */
  readonly registered: ReadonlySet<string>;
  /** The resource for which tokens are issued when a client names none. */
  guard(resource: string): void;
  /** The next `times` requests to the path are answered 503 and reach nobody. */
  unavailable(path: string, times: number, retryAfterSeconds?: number): void;
  /** As a server that prunes registrations: the client is unknown from now on. */
  forgetClient(clientId: string): Promise<void>;
  /** As a person who disconnects the app on the provider's page: the grant of this refresh or opaque access token ends. */
  endGrantOf(token: string): Promise<void>;
}

export const redirectPaths = ['/callback', '/oauth/callback', '/mcp/oauth/callback'];

export const paths = {
  authorization: '/auth',
  token: '/token',
  revocation: '/token/revocation',
  introspection: '/token/introspection',
  registration: '/reg',
  device: '/device/auth',
  keys: '/jwks',
} as const;

/** Names a token in logs and assertions. */
export const fingerprintOf = (token: string): string => createHash('sha256').update(token).digest('hex').slice(0, 12);

const resourceServer = { clientId: 'resource-server', clientSecret: 'resource-server-has-a-secret' };
const preRegistered = { clientId: 'registered-by-hand' };
const resourceScopes = 'mcp:read mcp:write';

/** One key pair for all servers of a process: making one takes a while, and the issuer tells them apart. */
let madeKey: JsonWebKey | undefined;
function signingKey(): JsonWebKey {
  madeKey ??= { ...generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }), use: 'sig' };
  return madeKey;
}

function configuration(shape: Shape, resource: () => string | undefined): Configuration {
  const documents = shape.clientDocuments;
  return {
    clients: [
      {
        client_id: resourceServer.clientId,
        client_secret: resourceServer.clientSecret,
        grant_types: [],
        response_types: [],
        redirect_uris: [],
      },
      {
        client_id: preRegistered.clientId,
        application_type: 'native',
        token_endpoint_auth_method: 'none',
        grant_types: [
          'authorization_code',
          'refresh_token',
          ...(shape.deviceFlow ? ['urn:ietf:params:oauth:grant-type:device_code'] : []),
        ],
        response_types: ['code'],
        redirect_uris: redirectPaths.flatMap((path) => [`http://127.0.0.1${path}`, `http://localhost${path}`]),
      },
    ],
    jwks: { keys: [signingKey() as never] },
    scopes: ['openid', ...(shape.offlineAccess ? ['offline_access'] : []), ...resourceScopes.split(' ')],
    claims: { openid: ['sub'] },
    findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    pkce: { required: () => true },
    // Clients seldom send prompt=consent, without which oidc-provider drops offline_access: the grant type alone decides.
    issueRefreshToken: (_context, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: () => shape.rotateRefreshTokens,
    renderError: (context, { error, error_description }) => {
      context.type = 'text/plain';
      context.body = `${error}: ${error_description ?? ''}`;
    },
    cookies: { keys: ['toy'] },
    ttl: {
      AccessToken: shape.accessSeconds,
      RefreshToken: shape.refreshSeconds,
      Session: 86_400,
      Grant: 86_400,
      Interaction: 600,
      AuthorizationCode: 60,
      DeviceCode: 600,
      IdToken: 3600,
    },
    ...(documents === undefined
      ? {}
      : {
          fetch: async (address) => {
            const document = documents[String(address)];
            return document === undefined ? new Response(null, { status: 404 }) : Response.json(document);
          },
        }),
    features: {
      devInteractions: { enabled: true },
      registration: { enabled: shape.registration !== 'none' },
      // Rotation of registration access tokens is off: a client that lost the answer could not delete itself.
      registrationManagement: {
        enabled: shape.registration !== 'none' && shape.registrationManagement === 'yes',
        rotateRegistrationAccessToken: false,
      },
      revocation: {
        enabled: shape.revocation !== 'absent',
        allowedPolicy: (_context, client, token) => client.clientId === token.clientId,
      },
      introspection: {
        enabled: shape.introspection,
        // By default a public client may not ask about its own tokens.
        allowedPolicy: (_context, client, token) =>
          client.clientId === resourceServer.clientId || client.clientId === token.clientId,
      },
      deviceFlow: {
        enabled: shape.deviceFlow,
        userCodeInputSource: (context, form) => {
          context.body = form;
        },
        userCodeConfirmSource: (context, form) => {
          context.body = form;
        },
        successSource: (context) => {
          context.body = 'The device is signed in.';
        },
      },
      ...(documents === undefined ? {} : { clientIdMetadataDocument: { enabled: true, ack: 'draft-02' } }),
      resourceIndicators: {
        enabled: true,
        // Without it a client that leaves `resource` out of a refresh gets a token of no audience.
        defaultResource: () => resource() ?? [],
        useGrantedResource: () => true,
        getResourceServerInfo: (_context, audience) => ({
          scope: resourceScopes,
          audience,
          accessTokenFormat: shape.accessTokens,
          accessTokenTTL: shape.accessSeconds,
          ...(shape.accessTokens === 'jwt' ? { jwt: { sign: { alg: 'RS256' } } } : {}),
        }),
      },
    },
  };
}

/** oidc-provider warns on the console that its sign-in pages are for development. That is what they are used for here. */
function withoutWarnings<T>(make: () => T): T {
  const { warn } = console;
  console.warn = () => undefined;
  try {
    return make();
  } finally {
    console.warn = warn;
  }
}

export async function startAuthorizationServer(changes: Partial<Shape> = {}): Promise<AuthorizationServer> {
  const shape: Shape = { ...plainShape, ...changes };
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let resource: string | undefined;
  const provider = withoutWarnings(
    () =>
      new Provider(
        issuer,
        configuration(shape, () => resource),
      ),
  );
  const requests: Seen[] = [];
  const givenOut: GivenOut[] = [];
  const registered = new Set<string>();
  const outages: { path: string; left: number; retryAfterSeconds: number }[] = [];

  provider.on('registration_create.success', (_context, client) => registered.add(client.clientId));
  provider.on('registration_delete.success', (_context, client) => registered.delete(client.clientId));
  provider.use(async (context, next) => {
    await sleep(shape.slowMs);
    const outage = outages.find(({ path, left }) => path === context.path && left > 0);
    let body: URLSearchParams | undefined;
    if (outage !== undefined) {
      outage.left--;
      context.status = 503;
      context.set('retry-after', String(outage.retryAfterSeconds));
    } else if (shape.revocation === 'pretends' && context.path === paths.revocation) {
      body = await formOf(context.req);
      context.status = 200;
      context.body = '';
    } else {
      await next();
      reshape(context as KoaContextWithOIDC, shape);
    }
    requests.push(seen(context as KoaContextWithOIDC, body));
    const given = context.path === paths.token && context.status === 200 ? pairIn(context as KoaContextWithOIDC) : undefined;
    if (given) givenOut.push(given);
  });
  server.on('request', provider.callback());

  return {
    issuer,
    shape,
    requests,
    givenOut,
    registered,
    async takes(token) {
      const found = (await provider.RefreshToken.find(token)) ?? (await provider.AccessToken.find(token));
      if (!found?.isValid || found.grantId === undefined) return false;
      // Without its client or its grant oidc-provider refuses a token that it still has.
      return (
        (await provider.Client.find(String(found.clientId))) !== undefined &&
        (await provider.Grant.find(found.grantId)) !== undefined
      );
    },
    async grantOf(token) {
      return ((await provider.RefreshToken.find(token)) ?? (await provider.AccessToken.find(token)))?.grantId;
    },
    resourceServer,
    preRegistered,
    guard: (guarded) => {
      resource = guarded;
    },
    unavailable: (path, times, retryAfterSeconds = 1) => {
      outages.push({ path, left: times, retryAfterSeconds });
    },
    async forgetClient(clientId) {
      if (!registered.delete(clientId)) throw new Error(`no client registered itself as ${clientId}`);
      await (provider.Client as unknown as { adapter: { destroy(id: string): Promise<void> } }).adapter.destroy(clientId);
    },
    async endGrantOf(token) {
      const found = (await provider.RefreshToken.find(token)) ?? (await provider.AccessToken.find(token));
      const grantId = found?.grantId;
      if (grantId === undefined) throw new Error('no live token with a grant is known by that text');
      await (await provider.Grant.find(grantId))?.destroy();
      for (const kind of [provider.RefreshToken, provider.AccessToken]) await kind.revokeByGrantId(grantId);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function pairIn({ body, oidc }: KoaContextWithOIDC): GivenOut | undefined {
  const { access_token: access, refresh_token: refresh } = body as Readonly<Record<string, unknown>>;
  if (typeof access !== 'string') return undefined;
  return { clientId: String(oidc.client?.clientId), access, refresh: typeof refresh === 'string' ? refresh : undefined };
}

async function formOf(request: AsyncIterable<Buffer>): Promise<URLSearchParams> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}

/** What oidc-provider answers always, taken out where the shape says so. */
function reshape(context: KoaContextWithOIDC, shape: Shape): void {
  const body = context.body as Record<string, unknown> | undefined;
  if (!shape.issParameter) {
    if (context.path.startsWith('/.well-known/')) delete body?.['authorization_response_iss_parameter_supported'];
    const location = context.response.get('location');
    if (URL.canParse(location)) {
      const address = new URL(location);
      if (address.searchParams.has('iss')) {
        address.searchParams.delete('iss');
        context.set('location', address.href);
      }
    }
  }
  if (context.path === paths.registration && context.status === 201) {
    if (shape.registration === 'answers-200') context.status = 200;
    // Without management oidc-provider 9.13.3 still hands both out.
    if (shape.registrationManagement === 'absent') {
      delete body?.['registration_access_token'];
      delete body?.['registration_client_uri'];
    }
  }
}

function seen(context: KoaContextWithOIDC, form: URLSearchParams | undefined): Seen {
  const oidc = context.oidc as KoaContextWithOIDC['oidc'] | undefined;
  const parameter = (name: string): string | undefined => {
    const value = form?.get(name) ?? oidc?.params?.[name];
    return typeof value === 'string' ? value : undefined;
  };
  const clientId = oidc?.client?.clientId ?? parameter('client_id');
  const grantType = parameter('grant_type');
  const tokenHint = parameter('token_type_hint');
  const token = parameter('token') ?? parameter('refresh_token');
  const error = context.status >= 400 ? (context.body as { error?: unknown } | undefined)?.error : undefined;
  return {
    method: context.method,
    path: context.path.replace(/^(\/interaction|\/auth|\/device)\/(?!auth$)[^/]+/, '$1/…'),
    status: context.status,
    ...(clientId === undefined ? {} : { clientId }),
    ...(grantType === undefined ? {} : { grantType }),
    ...(tokenHint === undefined ? {} : { tokenHint }),
    ...(token === undefined ? {} : { token: fingerprintOf(token) }),
    ...(typeof error === 'string' ? { error } : {}),
  };
}
