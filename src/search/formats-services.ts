/** Formats of keys of cloud, data, work and mail services. Sources and dates as in formats-code.ts. */
import { endsInCrcBase62 } from './checksums.ts';
import { digits, isMixed, named, prefixed, type Rule } from './formats-rule.ts';

const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';

export const serviceRules: readonly Rule[] = [
  // developers.cloudflare.com fundamentals/api/get-started/token-formats (2026-11): 40 and eight hex digits.
  prefixed('cloudflare-token', 'cloudflare', 'Cloudflare API token or key', {
    prefix: ['cfut_', 'cfat_', 'cfk_'],
    body: '[A-Za-z0-9]{40}[a-f0-9]{8}',
  }),
  named('cloudflare-old-token', 'cloudflare', 'Cloudflare API token (first form)', {
    names: ['CLOUDFLARE_API_TOKEN', 'CF_API_TOKEN'],
    value: '[\\w-]{40}',
    end: '\\w-',
    holds: isMixed,
  }),
  named('cloudflare-global-key', 'cloudflare', 'Cloudflare global API key', {
    names: ['CLOUDFLARE_API_KEY', 'CF_API_KEY'],
    value: '[a-f0-9]{37}',
  }),
  prefixed('mongodb-service-secret', 'mongodb', 'MongoDB Atlas service account secret', {
    prefix: 'mdb_sa_sk_',
    body: '[\\w-]{40}',
    end: '\\w-',
  }),
  prefixed('digitalocean-token', 'digitalocean', 'DigitalOcean token', {
    prefix: ['dop_v1_', 'doo_v1_', 'dor_v1_'],
    body: '[a-f0-9]{64}',
  }),
  named('digitalocean-spaces-secret', 'digitalocean', 'DigitalOcean Spaces secret key', {
    names: ['SPACES_SECRET_ACCESS_KEY', 'SPACES_SECRET_KEY', 'SPACES_SECRET', 'DO_SPACES_SECRET'],
    value: '[A-Za-z0-9+/]{43}',
    end: 'A-Za-z0-9+/=',
    holds: isMixed,
  }),
  // Vercel: six last characters as GitHub's, for personal tokens. Checked 2026-11; of the others the checksum is not known.
  prefixed('vercel-token', 'vercel', 'Vercel token', {
    prefix: 'vcp_',
    body: '[\\w-]{50}[A-Za-z0-9]{6}',
    end: '\\w-',
    holds: endsInCrcBase62,
  }),
  prefixed('vercel-app-token', 'vercel', 'Vercel integration or app token', {
    prefix: ['vci_', 'vca_', 'vcr_', 'vck_'],
    body: '[\\w-]{56}',
    end: '\\w-',
    holds: isMixed,
  }),
  named('vercel-old-token', 'vercel', 'Vercel token (first form)', {
    names: ['VERCEL_TOKEN', 'VERCEL_API_TOKEN', 'VERCEL_ACCESS_TOKEN'],
    value: '[A-Za-z0-9]{24}',
    holds: isMixed,
  }),
  prefixed('netlify-token', 'netlify', 'Netlify access token', { prefix: 'nfp_', body: '[A-Za-z0-9_]{36,48}', holds: isMixed }),
  prefixed('supabase-secret-key', 'supabase', 'Supabase secret key', {
    prefix: 'sb_secret_',
    body: '[\\w-]{31}',
    end: '\\w-',
    holds: isMixed,
  }),
  prefixed('supabase-access-token', 'supabase', 'Supabase access token', { prefix: 'sbp_', body: '(?:v0_)?[a-f0-9]{40}' }),
  prefixed('neon-key', 'neon', 'Neon API key', { prefix: 'napi_', body: '[a-z0-9]{64}' }),
  prefixed('planetscale-token', 'planetscale', 'PlanetScale token or password', {
    prefix: ['pscale_tkn_', 'pscale_pw_', 'pscale_oauth_'],
    body: '[\\w=.-]{32,64}',
    end: '\\w=',
    holds: isMixed,
  }),
  prefixed('databricks-token', 'databricks', 'Databricks access token', { prefix: 'dapi', body: '[a-f0-9]{32}(?:-\\d)?' }),
  prefixed('elastic-cloud-key', 'elastic', 'Elastic Cloud API key', {
    prefix: 'essu_',
    body: '[\\w-]{60,200}={0,2}',
    end: '\\w-=',
    holds: isMixed,
  }),
  named('elastic-key', 'elastic', 'Elasticsearch API key', {
    names: ['ES_API_KEY', 'ELASTICSEARCH_API_KEY', 'ELASTIC_API_KEY'],
    value: '[A-Za-z0-9+/]{56,64}={0,2}',
    end: 'A-Za-z0-9+/=',
    holds: isMixed,
  }),
  named('snowflake-token', 'snowflake', 'Snowflake programmatic access token', {
    names: ['SNOWFLAKE_PAT', 'SNOWFLAKE_TOKEN'],
    value: '[\\w.-]{100,1000}',
    end: '\\w.-',
    most: 1200,
    holds: isMixed,
  }),
  named('qdrant-key', 'qdrant', 'Qdrant API key', {
    names: ['QDRANT_API_KEY'],
    value: 'eyJ[\\w-]{10,}\\.[\\w-]{10,}\\.[\\w-]{10,}|[\\w-]{32,128}(?:\\|[\\w-]{32,128})?',
    end: '\\w-',
    most: 2048,
    holds: isMixed,
  }),
  // Slack: api.slack.com/authentication/token-types (2026-11).
  prefixed('slack-rotating-token', 'slack', 'Slack token that is rotated', {
    prefix: ['xoxe.xoxb-', 'xoxe.xoxp-'],
    body: '\\d-[A-Za-z0-9]{140,180}',
  }),
  prefixed('slack-token', 'slack', 'Slack bot or user token', {
    prefix: ['xoxb-', 'xoxp-', 'xoxe-', 'xoxa-', 'xoxr-', 'xoxs-', 'xoxo-'],
    body: '(?:\\d-)?\\d{8,14}-(?:\\d{8,14}-){0,2}[A-Za-z0-9-]{18,40}|\\d-[A-Za-z0-9]{140,170}',
    end: '\\w-',
    holds: (body) => /[a-zA-Z]/.test(body.slice(-18)) && /\d/.test(body),
  }),
  prefixed('slack-app-token', 'slack', 'Slack app-level token', {
    prefix: 'xapp-',
    body: '\\d-[A-Z0-9]{9,14}-\\d{9,15}-[a-z0-9]{60,70}',
    end: '\\w-',
  }),
  prefixed('slack-browser-token', 'slack', 'Slack browser session', {
    prefix: ['xoxc-', 'xoxd-'],
    body: '(?:\\d{8,14}-){3}[0-9a-f]{64}|[A-Za-z0-9%+/]{80,300}={0,2}',
    end: '\\w-',
    holds: (body) => /\d/.test(body) && /[a-zA-Z]/.test(body),
  }),
  prefixed('slack-webhook', 'slack', 'Slack webhook address', {
    prefix: 'hooks.slack.com/services/',
    body: 'T[A-Z0-9]{8,11}/B[A-Z0-9]{8,11}/[A-Za-z0-9]{24}',
    holds: (body) => isMixed(body.slice(-24)),
  }),
  prefixed('discord-webhook', 'discord', 'Discord webhook address', {
    prefix: ['discord.com/api/webhooks/', 'discordapp.com/api/webhooks/'],
    body: '\\d{17,20}/[\\w-]{60,72}',
    end: '\\w-',
    holds: isMixed,
  }),
  // docs.stripe.com/keys (2026-11). Clerk and Paystack use the same beginnings.
  prefixed('stripe-key', 'stripe', 'Stripe secret or restricted key', {
    prefix: ['sk_live_', 'sk_test_', 'rk_live_', 'rk_test_', 'sk_prod_', 'rk_prod_'],
    body: '[A-Za-z0-9]{24,247}',
    holds: (body) => /\d/.test(body) && /[A-Za-z]/.test(body),
  }),
  prefixed('stripe-webhook-secret', 'stripe', 'Webhook signing secret (Stripe, Svix)', {
    prefix: 'whsec_',
    body: '[A-Za-z0-9+/]{32,64}={0,2}',
    end: 'A-Za-z0-9+/=_',
    holds: isMixed,
  }),
  prefixed('notion-token', 'notion', 'Notion integration token', {
    prefix: 'ntn_',
    next: digits,
    body: '\\d{11}[A-Za-z0-9]{35}',
  }),
  prefixed('notion-old-token', 'notion', 'Notion integration token (first form)', {
    prefix: 'secret_',
    body: '[A-Za-z0-9]{43}',
    holds: isMixed,
  }),
  prefixed('linear-key', 'linear', 'Linear API key', { prefix: 'lin_api_', body: '[0-9A-Za-z]{40}', holds: isMixed }),
  prefixed('linear-oauth-token', 'linear', 'Linear OAuth token', { prefix: 'lin_oauth_', body: '[0-9a-f]{64}' }),
  // support.atlassian.com (2026-11): ends in eight hex digits; how they are made is not published.
  prefixed('atlassian-token', 'atlassian', 'Atlassian API token', {
    prefix: ['ATATT3', 'ATCTT3'],
    body: '[\\w-]{50,400}(?:=|%3D)[A-F0-9]{8}',
    most: 500,
  }),
  prefixed('bitbucket-app-password', 'atlassian', 'Bitbucket app password', {
    prefix: 'ATBB',
    body: '[A-Za-z0-9]{32}',
    holds: isMixed,
  }),
  named('atlassian-data-center-token', 'atlassian', 'Jira or Confluence Data Center token', {
    names: ['JIRA_PERSONAL_TOKEN', 'CONFLUENCE_PERSONAL_TOKEN', 'JIRA_PAT', 'CONFLUENCE_PAT'],
    value: '[MNO][A-Za-z0-9+/]{15}O[g-v][A-Za-z0-9+/]{26}',
    end: 'A-Za-z0-9+/=',
  }),
  prefixed('figma-token', 'figma', 'Figma token', {
    prefix: ['figd_', 'figu_', 'figp_'],
    body: '[\\w-]{38,42}',
    end: '\\w-',
    holds: isMixed,
  }),
  prefixed('airtable-token', 'airtable', 'Airtable personal access token', {
    prefix: 'pat',
    body: '[A-Za-z0-9]{14}\\.[a-f0-9]{64}',
    mark: { at: 17, is: '.' },
  }),
  prefixed('hubspot-token', 'hubspot', 'HubSpot private app token', {
    prefix: ['pat-na', 'pat-eu', 'pat-ap'],
    body: `\\d-${uuid}`,
    end: '\\w-',
  }),
  prefixed('shopify-token', 'shopify', 'Shopify token or secret', {
    prefix: ['shpat_', 'shpca_', 'shppa_', 'shpss_'],
    body: '[a-fA-F0-9]{32}',
  }),
  prefixed('sendgrid-key', 'sendgrid', 'SendGrid API key', {
    prefix: 'SG.',
    next: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-',
    body: '[\\w-]{22}\\.[\\w-]{43}',
    mark: { at: 25, is: '.' },
    end: '\\w-',
    holds: isMixed,
  }),
  prefixed('resend-key', 'resend', 'Resend API key', {
    prefix: 're_',
    body: '[A-Za-z0-9]{8}_[A-Za-z0-9]{20,28}',
    holds: isMixed,
  }),
  prefixed('mailgun-key', 'mailgun', 'Mailgun API key', { prefix: 'key-', body: '[a-f0-9]{32}', end: '\\w-' }),
  named('mailgun-new-key', 'mailgun', 'Mailgun API key', {
    names: ['MAILGUN_API_KEY'],
    value: '[a-f0-9]{32}-[a-f0-9]{8}-[a-f0-9]{8}',
    end: '\\w-',
  }),
  named('twilio-secret', 'twilio', 'Twilio auth token or API key secret', {
    names: ['TWILIO_AUTH_TOKEN', 'TWILIO_API_SECRET', 'TWILIO_API_KEY_SECRET'],
    value: '[A-Za-z0-9]{32}',
    holds: (value) => /\d/.test(value) && /[A-Za-z]/.test(value),
  }),
];
