/** Formats of keys of models, of search for them, and of what agents call. Sources and dates as in formats-code.ts. */
import { isMixed, named, prefixed, type Rule } from './formats-rule.ts';

const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';

export const modelRules: readonly Rule[] = [
  // All carry `T3BlbkFJ` ("OpenAI" in base 64): trufflesecurity/trufflehog detectors/openai, github/docs secret-scanning 2026-11.
  prefixed('openai-key', 'openai', 'OpenAI API key', {
    prefix: ['sk-proj-', 'sk-svcacct-', 'sk-service-', 'sk-admin-', 'sk-None-'],
    body: '[\\w-]{20,100}T3BlbkFJ[\\w-]{20,100}',
    end: '\\w-',
  }),
  prefixed('openai-old-key', 'openai', 'OpenAI API key (first form)', {
    prefix: 'sk-',
    body: '[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}',
    end: '\\w-',
  }),
  // Anthropic: 93 characters and `AA` (mongodb/kingfisher, betterleaks 2026-11). Sign-in tokens of Claude Code have the same body.
  prefixed('anthropic-key', 'anthropic', 'Anthropic API key', {
    prefix: ['sk-ant-api03-', 'sk-ant-admin01-'],
    body: '[\\w-]{93}AA',
    end: '\\w-',
  }),
  prefixed('anthropic-sign-in', 'anthropic', 'Anthropic sign-in token', {
    prefix: ['sk-ant-oat01-', 'sk-ant-ort01-', 'sk-ant-sid01-'],
    body: '[\\w-]{80,140}',
    end: '\\w-',
    holds: isMixed,
  }),
  // Google: 39 characters; bound keys `AQ.` since 2026 (github/docs secret-scanning 2026-11).
  prefixed('google-api-key', 'google', 'Google API key', {
    prefix: 'AIza',
    body: '[\\w-]{35}',
    end: '\\w-',
    holds: (body) => /[a-z]/.test(body) && /[A-Z]/.test(body),
  }),
  prefixed('google-bound-key', 'google', 'Google API key (bound)', { prefix: 'AQ.Ab8RN6', body: '[\\w-]{44}', end: '\\w-' }),
  prefixed('google-client-secret', 'google', 'Google OAuth client secret', {
    prefix: 'GOCSPX-',
    body: '[\\w-]{28}',
    end: '\\w-',
  }),
  prefixed('openrouter-key', 'openrouter', 'OpenRouter API key', { prefix: 'sk-or-v1-', body: '[0-9a-f]{64}' }),
  prefixed('perplexity-key', 'perplexity', 'Perplexity API key', { prefix: 'pplx-', body: '[A-Za-z0-9]{48}', holds: isMixed }),
  prefixed('xai-key', 'xai', 'xAI API key', { prefix: 'xai-', body: '[0-9A-Za-z_]{80}', holds: isMixed }),
  prefixed('groq-key', 'groq', 'Groq API key', { prefix: 'gsk_', body: '[A-Za-z0-9]{52}', holds: isMixed }),
  // Letters only: huggingface/hub-docs (2026-11), mongodb/kingfisher.
  prefixed('huggingface-token', 'huggingface', 'Hugging Face access token', {
    prefix: ['hf_', 'api_org_'],
    next: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz',
    body: '[A-Za-z]{34}',
    holds: (body) => /[a-z]/.test(body) && /[A-Z]/.test(body) && !looksLikeName(body),
  }),
  prefixed('replicate-token', 'replicate', 'Replicate API token', {
    prefix: 'r8_',
    body: '[\\w-]{37}',
    end: '\\w-',
    holds: isMixed,
  }),
  prefixed('elevenlabs-key', 'elevenlabs', 'ElevenLabs API key', {
    prefix: 'sk_',
    next: '0123456789abcdef',
    body: '[a-f0-9]{48}',
  }),
  named('elevenlabs-old-key', 'elevenlabs', 'ElevenLabs API key (first form)', {
    names: ['ELEVENLABS_API_KEY', 'ELEVEN_API_KEY', 'XI_API_KEY'],
    value: '[a-f0-9]{32}',
  }),
  prefixed('nvidia-key', 'nvidia', 'NVIDIA API key', { prefix: 'nvapi-', body: '[\\w-]{60,70}', end: '\\w-', holds: isMixed }),
  named('exa-key', 'exa', 'Exa API key', { names: ['EXA_API_KEY'], value: uuid, end: '\\w-' }),
  prefixed('tavily-key', 'tavily', 'Tavily API key', {
    prefix: 'tvly-',
    body: '(?:dev-|prod-)?[A-Za-z0-9-]{20,60}',
    end: '\\w-',
    holds: (body) => /\d/.test(body) && /[A-Za-z]/.test(body) && isDense(body),
  }),
  // `BSA` and 24 to 40 more (betterleaks 2026-11): short, so it must look made by chance all through.
  prefixed('brave-key', 'brave', 'Brave Search API key', {
    prefix: 'BSA',
    next: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-',
    body: '[\\w-]{24,40}',
    end: '\\w-+/=',
    holds: (body) => isMixed(body) && isDense(body),
  }),
  prefixed('firecrawl-key', 'firecrawl', 'Firecrawl API key', { prefix: 'fc-', next: '0123456789abcdef', body: '[0-9a-f]{32}' }),
  prefixed('context7-key', 'context7', 'Context7 API key', { prefix: 'ctx7sk-', body: uuid, end: '\\w-' }),
  prefixed('apify-token', 'apify', 'Apify API token', { prefix: 'apify_api_', body: '[A-Za-z0-9]{34,38}', holds: isMixed }),
  prefixed('browserbase-key', 'browserbase', 'Browserbase API key', {
    prefix: 'bb_live_',
    body: '[\\w-]{20,60}',
    end: '\\w-',
    holds: (body) => /\d/.test(body) && isDense(body),
  }),
  prefixed('langsmith-key', 'langsmith', 'LangSmith API key', {
    prefix: ['lsv2_pt_', 'lsv2_sk_'],
    body: '[0-9a-f]{32}_[0-9a-f]{10}',
  }),
  prefixed('langfuse-key', 'langfuse', 'Langfuse secret key', { prefix: 'sk-lf-', body: uuid, end: '\\w-' }),
  prefixed('pinecone-key', 'pinecone', 'Pinecone API key', {
    prefix: 'pcsk_',
    body: '[A-Za-z0-9]{5,6}_[A-Za-z0-9]{63}',
    holds: isMixed,
  }),
  prefixed('e2b-key', 'e2b', 'E2B API key', { prefix: 'e2b_', body: '[0-9a-f]{40}' }),
  prefixed('jina-key', 'jina', 'Jina API key', { prefix: 'jina_', body: '[A-Za-z0-9_-]{60}', end: '\\w-', holds: isMixed }),
  // Connection addresses of Zapier MCP are keys themselves (docs.zapier.com/mcp/authentication 2026-11).
  prefixed('zapier-mcp-address', 'zapier', 'Zapier MCP address with its key', {
    prefix: 'mcp.zapier.com/api/mcp/',
    body: '(?:s|a)/[\\w=+%-]{24,200}',
    end: '\\w=',
    holds: (body) => /\d/.test(body) && isDense(body.slice(2)),
  }),
];

/** No parts that are words: between `-` and `_` stand stretches with a digit or with both cases. */
function isDense(body: string): boolean {
  const parts = body.split(/[-_]/).filter((part) => part.length >= 4);
  return (
    parts.length === 0 || parts.filter((part) => /\d/.test(part) || /[a-z][A-Z].*[A-Z]/.test(part)).length * 2 > parts.length
  );
}

/** `getTheThingThatIsWantedHereByYouNow`: words, each with one capital. */
function looksLikeName(body: string): boolean {
  return (body.match(/[A-Z]?[a-z]{3,}/g) ?? []).join('').length > 0.75 * body.length;
}
