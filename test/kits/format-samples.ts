/**
 * Made-up keys of every format, with the checksums that real ones have, and the texts they stand in.
 *
 * Each is made by chance out of the alphabet that its provider uses, so a format that finds all of a thousand samples finds
 * real keys too. None was ever issued by anybody.
 */
import { generateKeyPairSync } from 'node:crypto';
import { crcBase36, crcBase62, crcHexLittleEndian } from '../../src/search/checksums.ts';

/** A whole number from 0 up to (not with) `below`. */
export type Chance = (below: number) => number;

export interface Sample {
  /** Id of the format. */
  readonly format: string;
  /** The secret part. */
  readonly key: string;
  /** What must stand around it to be known: an address, a variable with its value, an id beside it. */
  readonly text: string;
  /** Set where the format is told by a variable's name. */
  readonly variable?: string;
}

const upper = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const lower = upper.toLowerCase();
const digit = '0123456789';
const A = upper + lower + digit;
const W = `${A}-_`;
const H = `${digit}abcdef`;
const B = `${A}+/`;

/** Numbers from a seed, the same in every run. */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below);
  };
}

type KeyKind = 'rsa' | 'ec' | 'ed25519';

/** One key of each kind serves: making one takes longer than all else. */
const pems = new Map<KeyKind, string>();
function pem(kind: KeyKind): string {
  const text = pems.get(kind) ?? freshPem(kind);
  pems.set(kind, text);
  return text;
}

const freshPem = (type: KeyKind): string =>
  type === 'rsa'
    ? generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ type: 'pkcs1', format: 'pem' }).toString().trim()
    : type === 'ec'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'sec1', format: 'pem' }).toString().trim()
      : generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString().trim();

const jwt = (claims: object, signature: string): string =>
  [{ alg: 'HS256', typ: 'JWT' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.') +
  `.${signature}`;

/** One sample of every format. */
export function samples(chance: Chance): readonly Sample[] {
  const some = (alphabet: string, length: number): string =>
    Array.from({ length }, () => alphabet[chance(alphabet.length)]).join('');
  /** With at least a digit, a small and a large letter, as nearly every one has. */
  const mixed = (alphabet: string, length: number): string => {
    for (;;) {
      const text = some(alphabet, length);
      if (/\d/.test(text) && /[a-z]/.test(text) && /[A-Z]/.test(text)) return text;
    }
  };
  const uuid = (): string => `${some(H, 8)}-${some(H, 4)}-4${some(H, 3)}-a${some(H, 3)}-${some(H, 12)}`;
  const ends = (body: string): string => body + crcBase62(body);
  const list: Sample[] = [];
  const add = (format: string, ...keys: string[]): void => {
    for (const key of keys) list.push({ format, key, text: key });
  };
  const given = (format: string, variable: string, key: string): void => {
    list.push({ format, key, text: `${variable}=${key}`, variable });
  };

  add('github-classic-token', `ghp_${ends(some(A, 30))}`);
  add('github-oauth-token', `gho_${ends(some(A, 30))}`, `ghu_${ends(some(A, 30))}`);
  add('github-refresh-token', `ghr_${ends(some(A, 70))}`);
  add(
    'github-installation-token',
    `ghs_${mixed(A, 36)}`,
    `ghs_${some(digit, 7)}_${jwt({ iss: some(digit, 6), exp: 1 }, some(W, 43))}`,
  );
  add('github-fine-grained-token', `github_pat_11${mixed(A, 20)}_${some(A, 59)}`);
  const routable = `glpat-${mixed(W, 51)}.01.1f`;
  add('gitlab-token', `glpat-${mixed(W, 20)}`, `glpat-${mixed(W, 27)}.0r${some(H, 7)}`, `${routable}${crcBase36(routable)}`);
  add('gitlab-deploy-token', `gldt-${mixed(W, 20)}`, `glptt-${some(H, 40)}`, `glrt-${mixed(W, 20)}`, `gloas-${mixed(W, 64)}`);
  add('npm-token', `npm_${ends(some(A, 30))}`);
  add('pypi-token', `pypi-AgEIcHlwaS5vcmc${some(W, 120)}`);
  add('docker-token', `dckr_pat_${mixed(W, 27)}`);
  add('buildkite-token', `bkua_${some(H, 40)}`);
  add('sentry-user-token', `sntryu_${some(H, 64)}`);
  const organisation = Buffer.from(
    JSON.stringify({ iat: 1, url: 'https://sentry.io', region_url: 'https://us.sentry.io', org: some(lower, 6) }),
  );
  add('sentry-organisation-token', `sntrys_${organisation.toString('base64')}_${some(B, 43)}`);
  const glsa = `glsa_${some(A, 32)}`;
  add('grafana-token', `${glsa}_${crcHexLittleEndian(glsa)}`);
  add(
    'grafana-cloud-token',
    `glc_${Buffer.from(JSON.stringify({ o: '1', n: some(lower, 20), k: some(A, 24), m: { r: 'us' } })).toString('base64')}`,
  );
  given('datadog-key', 'DD_API_KEY', some(H, 32));
  given('datadog-key', 'DATADOG_APP_KEY', some(H, 40));
  given('pagerduty-key', 'PAGERDUTY_USER_API_KEY', `u+${mixed(A, 18)}`);
  given('launchdarkly-key', 'LAUNCHDARKLY_ACCESS_TOKEN', `api-${uuid()}`);
  add('postman-key', `PMAK-${some(H, 24)}-${some(H, 34)}`);
  add('doppler-token', `dp.pt.${mixed(A, 43)}`);
  add('vault-token', `hvs.${mixed(W, 95)}`);
  add('pulumi-token', `pul-${some(H, 40)}`);

  add('openai-key', `sk-proj-${some(W, 74)}T3BlbkFJ${some(W, 74)}`, `sk-svcacct-${some(W, 58)}T3BlbkFJ${some(W, 58)}`);
  add('openai-old-key', `sk-${some(A, 20)}T3BlbkFJ${some(A, 20)}`);
  add('anthropic-key', `sk-ant-api03-${some(W, 93)}AA`, `sk-ant-admin01-${some(W, 93)}AA`);
  add('anthropic-sign-in', `sk-ant-oat01-${mixed(W, 93)}AA`, `sk-ant-ort01-${mixed(W, 93)}AA`);
  add('google-api-key', `AIza${mixed(W, 35)}`);
  add('google-bound-key', `AQ.Ab8RN6${some(W, 44)}`);
  add('google-client-secret', `GOCSPX-${some(W, 28)}`);
  add('openrouter-key', `sk-or-v1-${some(H, 64)}`);
  add('perplexity-key', `pplx-${mixed(A, 48)}`);
  add('xai-key', `xai-${mixed(A, 80)}`);
  add('groq-key', `gsk_${mixed(A, 52)}`);
  add('huggingface-token', `hf_${some(upper + lower, 34)}`);
  add('replicate-token', `r8_${mixed(A, 37)}`);
  add('elevenlabs-key', `sk_${some(H, 48)}`);
  given('elevenlabs-old-key', 'ELEVENLABS_API_KEY', some(H, 32));
  add('nvidia-key', `nvapi-${mixed(W, 64)}`);
  given('exa-key', 'EXA_API_KEY', uuid());
  add('tavily-key', `tvly-dev-${mixed(A, 32)}`, `tvly-${mixed(A, 32)}`);
  add('brave-key', `BSA${mixed(A, 28)}`);
  add('firecrawl-key', `fc-${some(H, 32)}`);
  add('context7-key', `ctx7sk-${uuid()}`);
  add('apify-token', `apify_api_${mixed(A, 36)}`);
  add('browserbase-key', `bb_live_${mixed(A, 27)}`);
  add('langsmith-key', `lsv2_pt_${some(H, 32)}_${some(H, 10)}`, `lsv2_sk_${some(H, 32)}_${some(H, 10)}`);
  add('langfuse-key', `sk-lf-${uuid()}`);
  add('pinecone-key', `pcsk_${some(A, 5)}_${mixed(A, 63)}`);
  add('e2b-key', `e2b_${some(H, 40)}`);
  add('jina-key', `jina_${mixed(A, 60)}`);
  const zapier = `mcp.zapier.com/api/mcp/s/${mixed(A, 64)}`;
  list.push({ format: 'zapier-mcp-address', key: zapier, text: `https://${zapier}/mcp` });

  add('cloudflare-token', `cfut_${some(A, 40)}${some(H, 8)}`, `cfk_${some(A, 40)}${some(H, 8)}`);
  given('cloudflare-old-token', 'CLOUDFLARE_API_TOKEN', mixed(W, 40));
  given('cloudflare-global-key', 'CLOUDFLARE_API_KEY', some(H, 37));
  add('mongodb-service-secret', `mdb_sa_sk_${some(W, 40)}`);
  add('digitalocean-token', `dop_v1_${some(H, 64)}`, `doo_v1_${some(H, 64)}`);
  given('digitalocean-spaces-secret', 'SPACES_SECRET_ACCESS_KEY', mixed(B, 43));
  add('vercel-token', `vcp_${ends(some(A, 50))}`);
  add('vercel-app-token', `vck_${mixed(A, 56)}`);
  given('vercel-old-token', 'VERCEL_TOKEN', mixed(A, 24));
  add('netlify-token', `nfp_${mixed(A, 40)}`);
  add('supabase-secret-key', `sb_secret_${mixed(W, 31)}`);
  add('supabase-access-token', `sbp_${some(H, 40)}`);
  add('neon-key', `napi_${some(lower + digit, 64)}`);
  add('planetscale-token', `pscale_tkn_${mixed(W, 43)}`);
  add('databricks-token', `dapi${some(H, 32)}`);
  add('elastic-cloud-key', `essu_${mixed(W, 100)}`);
  given('elastic-key', 'ES_API_KEY', `${mixed(A, 58)}==`);
  given('snowflake-token', 'SNOWFLAKE_PAT', mixed(W, 240));
  given('qdrant-key', 'QDRANT_API_KEY', mixed(A, 54));
  add('slack-token', `xoxb-${some('123456789', 12)}-${some('123456789', 13)}-${mixed(A, 24)}`);
  add('slack-token', `xoxp-${some('123456789', 12)}-${some('123456789', 12)}-${some('123456789', 13)}-${some(H, 31)}a`);
  add('slack-rotating-token', `xoxe.xoxb-1-${mixed(A, 165)}`);
  add('slack-app-token', `xapp-1-A${some(upper + digit, 10)}-${some('123456789', 13)}-${some(H, 64)}`);
  add('slack-browser-token', `xoxc-${some('123456789', 12)}-${some('123456789', 12)}-${some('123456789', 13)}-${some(H, 64)}`);
  const slackHook = `hooks.slack.com/services/T${some(upper + digit, 10)}/B${some(upper + digit, 10)}/${mixed(A, 24)}`;
  list.push({ format: 'slack-webhook', key: slackHook, text: `https://${slackHook}` });
  const discordHook = `discord.com/api/webhooks/${some('123456789', 19)}/${mixed(W, 68)}`;
  list.push({ format: 'discord-webhook', key: discordHook, text: `https://${discordHook}` });
  add('stripe-key', `sk_live_51${mixed(A, 97)}`, `rk_test_51${mixed(A, 97)}`, `sk_live_${mixed(A, 24)}`);
  add('stripe-webhook-secret', `whsec_${mixed(A, 32)}`);
  add('notion-token', `ntn_${some('123456789', 11)}${some(A, 35)}`);
  add('notion-old-token', `secret_${mixed(A, 43)}`);
  add('linear-key', `lin_api_${mixed(A, 40)}`);
  add('linear-oauth-token', `lin_oauth_${some(H, 64)}`);
  add('atlassian-token', `ATATT3xFfGF0${some(W, 170)}=${some('0123456789ABCDEF', 8)}`);
  add('bitbucket-app-password', `ATBB${mixed(A, 32)}`);
  given('atlassian-data-center-token', 'JIRA_PERSONAL_TOKEN', `N${some(A, 15)}Oj${some(A, 26)}`);
  add('figma-token', `figd_${mixed(W, 40)}`);
  add('airtable-token', `pat${some(A, 14)}.${some(H, 64)}`);
  add('hubspot-token', `pat-na1-${uuid()}`, `pat-eu1-${uuid()}`);
  add('shopify-token', `shpat_${some(H, 32)}`, `shpss_${some(H, 32)}`);
  add('sendgrid-key', `SG.${mixed(W, 22)}.${some(W, 43)}`);
  add('resend-key', `re_${mixed(A, 8)}_${some(A, 24)}`);
  add('mailgun-key', `key-${some(H, 32)}`);
  given('mailgun-new-key', 'MAILGUN_API_KEY', `${some(H, 32)}-${some(H, 8)}-${some(H, 8)}`);
  given('twilio-secret', 'TWILIO_AUTH_TOKEN', some(H, 32));

  const account = jwt({ iss: 'supabase', ref: some(lower, 20), role: 'service_role', iat: 1, exp: 2 }, some(W, 43));
  add('supabase-service-key', account);
  add('qdrant-signed-key', jwt({ access: 'm' }, some(W, 43)));
  const serviceAccount = pem('rsa').replaceAll('RSA ', '');
  list.push({
    format: 'google-service-account',
    key: serviceAccount,
    text: JSON.stringify({ type: 'service_account', private_key: serviceAccount }),
  });
  add('private-key', pem('rsa'), pem('ec'), pem('ed25519'));
  add('age-identity', `AGE-SECRET-KEY-1${some('QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L', 58)}`);
  add(
    '1password-service-token',
    `ops_${Buffer.from(JSON.stringify({ email: some(lower, 20), secretKey: some(A, 300) })).toString('base64url')}`,
  );
  const awsSecret = mixed(A, 40);
  const awsId = `AKIA${some(`${upper}234567`, 16)}`;
  list.push({ format: 'aws-access-key', key: awsSecret, text: `"id": "${awsId}",\n"secret": "${awsSecret}"` });
  given('aws-secret-key', 'AWS_SECRET_ACCESS_KEY', mixed(A, 40));
  add('azure-client-secret', `${some(A, 3)}8Q~${mixed(`${W}~.`, 33)}x`);
  add('telegram-bot-token', `${some('123456789', 10)}:AA${mixed(W, 33)}`);
  const discordBot = Buffer.from(some('123456789', 18)).toString('base64url');
  add('discord-bot-token', `${discordBot}.${some(A, 6)}.${mixed(W, 38)}`);
  add('asana-token', `2/1${some(digit, 15)}/${some('123456789', 16)}:${some(H, 31)}a`);
  const address = (scheme: string, password: string): void => {
    list.push({
      format: 'password-in-address',
      key: password,
      text: `${scheme}://app:${encodeURIComponent(password)}@db.internal.corp:5432/main`,
    });
  };
  for (const scheme of ['postgres', 'postgresql+asyncpg', 'mysql', 'rediss', 'mongodb+srv', 'amqps', 'https', 'ftp'])
    address(scheme, mixed(A, 16));
  address('postgresql', `${mixed(A, 9)}!@/#%:`);
  return list;
}

/** Where MCP users put keys. `text` stands for the sample's own text where that must stay whole. */
export const contexts: Readonly<Record<string, (sample: Sample) => string>> = {
  'env of a config': ({ key, variable = 'TOKEN', text }) =>
    JSON.stringify(
      { mcpServers: { a: { command: 'npx', env: { [variable]: variable === 'TOKEN' ? text : key } } } },
      undefined,
      2,
    ),
  'arguments of a config': ({ key, variable, text }) =>
    JSON.stringify({
      mcpServers: { a: { command: 'npx', args: ['-y', 'a-server', variable === undefined ? text : `--env=${variable}=${key}`] } },
    }),
  'header of a config': ({ key, variable, text }) =>
    JSON.stringify({
      servers: {
        a: {
          url: 'https://mcp.example.com',
          headers: { [variable ?? 'Authorization']: `Bearer ${variable === undefined ? text : key}` },
        },
      },
    }),
  '.env': ({ key, variable = 'TOKEN', text }) => `A=1\n${variable}=${variable === 'TOKEN' ? text : key}\nB=2\n`,
  'shell command': ({ key, variable = 'TOKEN', text }) =>
    `claude mcp add a -e ${variable}=${variable === 'TOKEN' ? text : key} -- npx -y a-server`,
  toml: ({ key, variable = 'TOKEN', text }) => `[mcp_servers.a.env]\n${variable} = "${variable === 'TOKEN' ? text : key}"\n`,
  yaml: ({ key, variable = 'TOKEN', text }) => `env:\n  ${variable}: ${variable === 'TOKEN' ? text : key}\n`,
  code: ({ key, variable, text }) =>
    variable === undefined ? `const token = '${text}';` : `const token = process.env.${variable} ?? '${key}';`,
  'JSON within JSON': ({ key, variable = 'TOKEN', text }) =>
    JSON.stringify({ input: JSON.stringify({ [variable]: variable === 'TOKEN' ? text : key }) }),
  'line of a transcript': ({ key, variable = 'TOKEN', text }) =>
    JSON.stringify({ output: `line one\n${variable === 'TOKEN' ? text : `${variable}=${key}`}\nnext line` }),
};
