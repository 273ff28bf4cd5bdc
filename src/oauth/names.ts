/**
 * Names of sign-ins that an Electron client keeps for itself: keys stand in clear in its SQLite file, beside values that only
 * the client can open. The bytes are searched for the keys; no value is looked at.
 *
 * Forms seen in the clients' sources: VS Code `secret://{"isDynamicAuthProvider":true,"authProviderId":"<issuer> <server>",…}`;
 * Cursor `secret://{"extensionId":"anysphere.cursor-mcp","key":"[<id>] mcp_tokens"}`; Windsurf `…"key":"mcp_token_<server>"}`.
 * A row that was deleted may leave its key in a free page, so a name tells of a sign-in that there is or was.
 */
import { Problem } from '../base/problem.ts';
import type { FilePath } from '../ports/disk.ts';
import type { Ports } from '../ports/ports.ts';

/** Editors keep chats in the same file, which then takes gigabytes. */
const mostBytes = 32 * 1024 * 1024;
const mostNames = 200;

/** Each name once, in order. Problems: those of Disk.read. */
export async function namesIn({ disk }: Pick<Ports, 'disk'>, path: FilePath): Promise<readonly string[] | 'too large'> {
  try {
    const { bytes } = await disk.read(path, mostBytes);
    return namesInText(new TextDecoder('latin1').decode(bytes));
  } catch (error) {
    if (error instanceof Problem && error.code === 'file/too-large') return 'too large';
    if (error instanceof Problem && error.code === 'file/absent') return [];
    throw error;
  }
}

export function namesInText(text: string): readonly string[] {
  const names = new Set<string>();
  for (const [, json = ''] of text.matchAll(/secret:\/\/(\{[^{}\0-\x1f\x7f-\xff]{1,600}\})/g)) {
    const name = nameOf(json);
    if (name !== undefined) names.add(withoutQuery(name));
    if (names.size === mostNames) break;
  }
  return [...names].sort();
}

function nameOf(json: string): string | undefined {
  let key: unknown;
  try {
    key = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (typeof key !== 'object' || key === null) return undefined;
  if ('isDynamicAuthProvider' in key && 'authProviderId' in key) return text(key.authProviderId);
  const own = 'extensionId' in key && 'key' in key ? text(key.key) : undefined;
  const [, bracketed, suffixed] = /^(?:\[(.+)\] mcp_tokens|mcp_token_(.+))$/.exec(own ?? '') ?? [];
  return bracketed ?? suffixed;
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** An address may hold a key in its query. */
const withoutQuery = (name: string): string => name.replace(/[?#][^\s"]*/g, '');
