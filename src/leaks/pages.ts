/**
 * Where a person ends a key of a provider that no folder knows.
 *
 * Each address is a provider's own page, as its documentation or dashboard had it in November 2026; a page that names an
 * organisation or a site leads through the part that everybody shares. A provider that is not here has none that is sure.
 */
import { printable } from '../base/ids.ts';
import type { Page } from '../providers/provider.ts';

interface Row {
  readonly name: string;
  readonly url: string;
  /** Where on the page, when its name does not say it. */
  readonly find?: string;
}

const rows: Readonly<Record<string, Row>> = {
  airtable: { name: 'Airtable', url: 'https://airtable.com/create/tokens' },
  anthropic: { name: 'Anthropic', url: 'https://platform.claude.com/settings/keys' },
  apify: { name: 'Apify', url: 'https://console.apify.com/settings/integrations' },
  'aws-iam': {
    name: 'AWS',
    url: 'https://console.aws.amazon.com/iam/home#/security_credentials',
    find: 'A key of another user is on the page of that user',
  },
  asana: { name: 'Asana', url: 'https://app.asana.com/0/my-apps' },
  atlassian: { name: 'Atlassian', url: 'https://id.atlassian.com/manage-profile/security/api-tokens' },
  azure: {
    name: 'Microsoft Entra',
    url: 'https://entra.microsoft.com/#view/Microsoft_AAD_RegisteredApps/ApplicationsListBlade',
    find: 'Open the application, then "Certificates & secrets"',
  },
  brave: { name: 'Brave Search', url: 'https://api-dashboard.search.brave.com/app/keys' },
  browserbase: { name: 'Browserbase', url: 'https://www.browserbase.com/settings' },
  buildkite: { name: 'Buildkite', url: 'https://buildkite.com/user/api-access-tokens' },
  cloudflare: { name: 'Cloudflare', url: 'https://dash.cloudflare.com/profile/api-tokens' },
  datadog: { name: 'Datadog', url: 'https://app.datadoghq.com/organization-settings/api-keys' },
  digitalocean: { name: 'DigitalOcean', url: 'https://cloud.digitalocean.com/account/api/tokens' },
  discord: {
    name: 'Discord',
    url: 'https://discord.com/developers/applications',
    find: 'Open the application, then "Bot", and choose "Reset Token"; a webhook is deleted in the settings of its channel',
  },
  docker: { name: 'Docker Hub', url: 'https://app.docker.com/settings/personal-access-tokens' },
  elevenlabs: { name: 'ElevenLabs', url: 'https://elevenlabs.io/app/settings/api-keys' },
  exa: { name: 'Exa', url: 'https://dashboard.exa.ai/api-keys' },
  figma: { name: 'Figma', url: 'https://www.figma.com/settings', find: 'Open "Security", then "Personal access tokens"' },
  firecrawl: { name: 'Firecrawl', url: 'https://www.firecrawl.dev/app/api-keys' },
  github: {
    name: 'GitHub',
    url: 'https://github.com/settings/applications',
    find: 'A token of an app is under "Authorized OAuth Apps" or "Authorized GitHub Apps"',
  },
  gitlab: {
    name: 'GitLab',
    url: 'https://gitlab.com/-/user_settings/personal_access_tokens',
    find: 'A deploy token is under "Settings", "Repository" of its project',
  },
  google: {
    name: 'Google Cloud',
    url: 'https://console.cloud.google.com/apis/credentials',
    find: 'Choose the project; keys of AI Studio are at https://aistudio.google.com/apikey',
  },
  hubspot: { name: 'HubSpot', url: 'https://app.hubspot.com/l/private-apps' },
  huggingface: { name: 'Hugging Face', url: 'https://huggingface.co/settings/tokens' },
  launchdarkly: { name: 'LaunchDarkly', url: 'https://app.launchdarkly.com/settings/authorization' },
  linear: { name: 'Linear', url: 'https://linear.app/settings/account/security' },
  mailgun: { name: 'Mailgun', url: 'https://app.mailgun.com/settings/api_security' },
  mongodb: {
    name: 'MongoDB Atlas',
    url: 'https://cloud.mongodb.com/v2#/org',
    find: 'Choose the organisation, then "Access Manager" and "Service Accounts"',
  },
  neon: { name: 'Neon', url: 'https://console.neon.tech/app/settings/api-keys' },
  netlify: { name: 'Netlify', url: 'https://app.netlify.com/user/applications#personal-access-tokens' },
  notion: { name: 'Notion', url: 'https://www.notion.so/profile/integrations' },
  npm: { name: 'npm', url: 'https://www.npmjs.com', find: 'Sign in, and open "Access Tokens" in the menu of your picture' },
  openai: { name: 'OpenAI', url: 'https://platform.openai.com/api-keys' },
  openrouter: { name: 'OpenRouter', url: 'https://openrouter.ai/settings/keys' },
  pagerduty: { name: 'PagerDuty', url: 'https://app.pagerduty.com', find: 'Open "Integrations", then "API Access Keys"' },
  perplexity: { name: 'Perplexity', url: 'https://www.perplexity.ai/account/api/keys' },
  pinecone: { name: 'Pinecone', url: 'https://app.pinecone.io/organizations/-/projects/-/keys' },
  qdrant: { name: 'Qdrant Cloud', url: 'https://cloud.qdrant.io', find: 'Open the cluster, then "API keys"' },
  replicate: { name: 'Replicate', url: 'https://replicate.com/account/api-tokens' },
  resend: { name: 'Resend', url: 'https://resend.com/api-keys' },
  sendgrid: { name: 'SendGrid', url: 'https://app.sendgrid.com/settings/api_keys' },
  sentry: { name: 'Sentry', url: 'https://sentry.io/settings/account/api/auth-tokens/' },
  shopify: { name: 'Shopify', url: 'https://dev.shopify.com/dashboard' },
  slack: {
    name: 'Slack',
    url: 'https://api.slack.com/apps',
    find: 'Open the app, then "OAuth & Permissions" and "Revoke Tokens"',
  },
  stripe: {
    name: 'Stripe',
    url: 'https://dashboard.stripe.com/apikeys',
    find: 'The secret of a webhook is under "Developers", "Webhooks"',
  },
  supabase: {
    name: 'Supabase',
    url: 'https://supabase.com/dashboard/account/tokens',
    find: 'A key of a project is under its "Settings", "API Keys"',
  },
  tavily: { name: 'Tavily', url: 'https://app.tavily.com/home' },
  telegram: { name: 'Telegram', url: 'https://t.me/BotFather', find: 'Send /revoke to BotFather and choose the bot' },
  twilio: { name: 'Twilio', url: 'https://console.twilio.com/us1/account/keys-credentials/api-keys' },
  vercel: { name: 'Vercel', url: 'https://vercel.com/account/settings/tokens' },
  xai: { name: 'xAI', url: 'https://console.x.ai' },
  zapier: { name: 'Zapier MCP', url: 'https://mcp.zapier.com', find: 'Open the server, then "Connect" and "Rotate token"' },
};

/** Names of providers with a page, for tests. */
export const paged: readonly string[] = Object.keys(rows);

/** `what`: the kind of key, for people. `told`: a page that the one who found it names, such as an alert's. */
export function revocationPage(provider: string, what: string, told?: string): { readonly name: string; readonly page: Page } {
  const row = rows[provider];
  const kind = printable(what, 100);
  if (!row) {
    const url = told ?? '';
    const first = told ? 'Follow what it says of the key' : 'Sign in where the key was made, and open the page that lists keys';
    return { name: kind, page: { url, steps: [`${first} (${kind})`, 'Revoke or delete it there, and look that it is gone'] } };
  }
  const steps = [
    ...(row.find === undefined ? [] : [row.find]),
    `Find the leaked key (${kind}) by its name, its end or its last use`,
    'Revoke or delete it, and look that it is gone',
  ];
  return { name: row.name, page: { url: row.url, steps } };
}
