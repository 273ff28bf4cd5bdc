/**
 * A small MCP server for tests, over stdio or HTTP, that misbehaves on demand. Its key comes in TOKEN or as a bearer
 * token; the right one is `right-key-…`. MODE chooses the fault; it tells its process ids in the file PIDS, if given.
 */
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

export const modes = [
  'good',
  'exits',
  'floods-then-exits',
  'exits-at-call',
  'hangs-at-connect',
  'hangs-at-call',
  'refuses-to-end',
  'floods-errors',
  'floods-output',
  'one-huge-line',
  'garbage',
  'error-result',
  'error-text',
  'rpc-error',
  'leaves-a-child',
] as const;
export type Mode = (typeof modes)[number];

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly name?: string; readonly protocolVersion?: string };
}

/** The answer of a well-behaved server with one tool, `whoami`. */
export function answerTo(message: Message, key: string, mode: Mode): object | undefined {
  const { id, method, params } = message;
  if (id === undefined) return undefined;
  const result = (value: object) => ({ jsonrpc: '2.0', id, result: value });
  const error = (code: number, text: string) => ({ jsonrpc: '2.0', id, error: { code, message: text } });
  if (method === 'initialize') {
    const protocolVersion = params?.protocolVersion;
    return result({ protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'fixture', version: '1' } });
  }
  if (method === 'tools/list') return result({ tools: [{ name: 'whoami', inputSchema: { type: 'object' } }] });
  if (method !== 'tools/call') return error(-32601, 'method not found');
  if (params?.name !== 'whoami') return error(-32602, `unknown tool ${params?.name}`);
  if (mode === 'rpc-error') return error(-32603, `authentication failed for ${key}`);
  const text = (value: string, isError: boolean) => result({ content: [{ type: 'text', text: value }], isError });
  if (mode === 'error-result') return text(`Unauthorized: ${key}`, true);
  if (mode === 'error-text') return text(`{"error":"invalid_auth","key":"${key}"}`, false);
  return key.startsWith('right-key') ? text('you are ada', false) : text('Bad credentials', true);
}

function main(): void {
  const mode = (process.env['MODE'] ?? 'good') as Mode;
  const key = process.env['TOKEN'] ?? '';
  const pids = process.env['PIDS'];
  const tell = (pid: number | undefined) => pids !== undefined && appendFileSync(pids, `${pid}\n`);
  tell(process.pid);
  process.stderr.write(`starting with ${key} and ${encodeURIComponent(key)} and ${Buffer.from(key).toString('base64')}\n`);
  if (mode === 'exits') process.exit(1);
  // No length of the key divides that of what is kept: whatever is kept starts in the middle of one.
  if (mode === 'floods-then-exits') process.stderr.write(`${key}${key.slice(0, 5)}`.repeat(3000), () => process.exit(1));
  if (mode === 'refuses-to-end') {
    process.on('SIGTERM', () => {});
    setInterval(() => {}, 1000);
  }
  if (mode === 'leaves-a-child') tell(spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' }).pid);
  if (mode === 'floods-errors') setInterval(() => process.stderr.write(`${'e'.repeat(65_536)}${key}\n`), 1);
  if (mode === 'floods-output') {
    const note = `${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 'x'.repeat(60_000) } })}\n`;
    setInterval(() => process.stdout.write(note.repeat(20)), 1);
  }
  if (mode === 'one-huge-line') setInterval(() => process.stdout.write('x'.repeat(1_000_000)), 1);
  if (mode === 'garbage') process.stdout.write('this is no JSON\n{"jsonrpc":"1.0"}\n[]\nnull\n\u0000\n');
  if (mode === 'floods-then-exits') return;
  createInterface({ input: process.stdin }).on('line', (line) => {
    const message = JSON.parse(line) as Message;
    if (mode === 'hangs-at-connect') return;
    if (message.method === 'tools/call' && mode === 'hangs-at-call') return;
    if (message.method === 'tools/call' && mode === 'exits-at-call') process.exit(3);
    const answer = mode === 'one-huge-line' ? undefined : answerTo(message, key, mode);
    if (answer !== undefined) process.stdout.write(`${JSON.stringify(answer)}\n`);
  });
}

if (process.argv[1] === import.meta.filename) main();
