/**
 * Every adapter there is. Written by `npm run registry` from the folders of src/clients, src/providers and src/stores: do
 * not edit.
 */
import type { Client } from './clients/client.ts';
import { client as claudeCodeClient } from './clients/claude-code/client.ts';
import { client as claudeDesktopClient } from './clients/claude-desktop/client.ts';
import { client as codexClient } from './clients/codex/client.ts';
import { client as cursorClient } from './clients/cursor/client.ts';
import { client as geminiCliClient } from './clients/gemini-cli/client.ts';
import { client as opencodeClient } from './clients/opencode/client.ts';
import { client as vscodeClient } from './clients/vscode/client.ts';
import { client as windsurfClient } from './clients/windsurf/client.ts';
import type { Provider } from './providers/provider.ts';
import { provider as awsIamProvider } from './providers/aws-iam/provider.ts';
import { provider as githubProvider } from './providers/github/provider.ts';
import { provider as gitlabProvider } from './providers/gitlab/provider.ts';
import { provider as mysqlProvider } from './providers/mysql/provider.ts';
import { provider as postgresqlProvider } from './providers/postgresql/provider.ts';
import { provider as redisProvider } from './providers/redis/provider.ts';
import { provider as stripeProvider } from './providers/stripe/provider.ts';
import type { TokenStore } from './stores/store.ts';
import { store as amazonQTokenStore } from './stores/amazon-q/store.ts';
import { store as antigravityTokenStore } from './stores/antigravity/store.ts';
import { store as claudeCodeTokenStore } from './stores/claude-code/store.ts';
import { store as claudeDesktopTokenStore } from './stores/claude-desktop/store.ts';
import { store as clineTokenStore } from './stores/cline/store.ts';
import { store as codexTokenStore } from './stores/codex/store.ts';
import { store as continueTokenStore } from './stores/continue/store.ts';
import { store as copilotCliTokenStore } from './stores/copilot-cli/store.ts';
import { store as crushTokenStore } from './stores/crush/store.ts';
import { store as cursorTokenStore } from './stores/cursor/store.ts';
import { store as cursorAgentTokenStore } from './stores/cursor-agent/store.ts';
import { store as geminiCliTokenStore } from './stores/gemini-cli/store.ts';
import { store as gooseTokenStore } from './stores/goose/store.ts';
import { store as inspectorTokenStore } from './stores/inspector/store.ts';
import { store as mcpRemoteTokenStore } from './stores/mcp-remote/store.ts';
import { store as opencodeTokenStore } from './stores/opencode/store.ts';
import { store as qwenCodeTokenStore } from './stores/qwen-code/store.ts';
import { store as vscodeTokenStore } from './stores/vscode/store.ts';
import { store as warpTokenStore } from './stores/warp/store.ts';
import { store as windsurfTokenStore } from './stores/windsurf/store.ts';
import { store as zedTokenStore } from './stores/zed/store.ts';

export const clients: readonly Client[] = [
  claudeCodeClient,
  claudeDesktopClient,
  codexClient,
  cursorClient,
  geminiCliClient,
  opencodeClient,
  vscodeClient,
  windsurfClient,
];

export const providers: readonly Provider[] = [
  awsIamProvider,
  githubProvider,
  gitlabProvider,
  mysqlProvider,
  postgresqlProvider,
  redisProvider,
  stripeProvider,
];

export const stores: readonly TokenStore[] = [
  amazonQTokenStore,
  antigravityTokenStore,
  claudeCodeTokenStore,
  claudeDesktopTokenStore,
  clineTokenStore,
  codexTokenStore,
  continueTokenStore,
  copilotCliTokenStore,
  crushTokenStore,
  cursorTokenStore,
  cursorAgentTokenStore,
  geminiCliTokenStore,
  gooseTokenStore,
  inspectorTokenStore,
  mcpRemoteTokenStore,
  opencodeTokenStore,
  qwenCodeTokenStore,
  vscodeTokenStore,
  warpTokenStore,
  windsurfTokenStore,
  zedTokenStore,
];
