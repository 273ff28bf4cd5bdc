/**
 * A real browser without a screen, driven over the DevTools protocol by Node's own WebSocket: one page, a profile of its own.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { partPath } from '../parts.ts';

export interface Page extends AsyncDisposable {
  open(address: string): Promise<void>;
  /** Value of an expression in the page; undefined where the page is just being replaced. */
  evaluate(expression: string): Promise<unknown>;
  /** Again and again until it is true. Throws after `withinMs`, with the page's text. */
  until(expression: string, withinMs?: number): Promise<void>;
}

const startsWithinMs = 30_000;

interface Answer {
  readonly id?: number;
  readonly result?: { readonly result?: { readonly value?: unknown } };
}

export async function startChromium(): Promise<Page> {
  const profile = await mkdtemp(join(tmpdir(), 'mcp-rotate-chromium-'));
  const child = spawn(
    partPath('chromium') ?? 'chromium',
    [
      '--headless=new',
      // As root, and in containers, its sandbox cannot start; it visits this machine alone.
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--disable-background-networking',
      '--disable-component-update',
      '--no-first-run',
      '--remote-debugging-port=0',
      `--user-data-dir=${profile}`,
      'about:blank',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'], env: { PATH: process.env['PATH'], HOME: profile } },
  );
  const closed = once(child, 'close');
  const end = async (): Promise<void> => {
    child.kill('SIGTERM');
    const hard = setTimeout(() => child.kill('SIGKILL'), 5000);
    await closed;
    clearTimeout(hard);
    // Its helpers end a little later, and write until then.
    await rm(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  };
  try {
    const browser = await listening(child.stderr, closed);
    const targets = (await (await fetch(`http://${new URL(browser).host}/json`)).json()) as {
      type: string;
      webSocketDebuggerUrl: string;
    }[];
    const target = targets.find(({ type }) => type === 'page');
    if (target === undefined) throw new Error('Chromium has no page');
    const socket = new WebSocket(target.webSocketDebuggerUrl);
    await once(socket, 'open');
    return pageOn(socket, end);
  } catch (error) {
    await end();
    throw error;
  }
}

async function listening(errors: NodeJS.ReadableStream, closed: Promise<unknown>): Promise<string> {
  const said: string[] = [];
  const address = new Promise<string>((resolve) => {
    createInterface({ input: errors }).on('line', (line) => {
      said.push(line);
      const found = /DevTools listening on (ws:\S+)/.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
  const ended = closed.then(() => Promise.reject(new Error(`Chromium ended by itself:\n${said.slice(-5).join('\n')}`)));
  const late = new AbortController();
  const tooLate = sleep(startsWithinMs, undefined, { signal: late.signal }).then(() => {
    throw new Error('Chromium did not start');
  });
  try {
    return await Promise.race([address, ended, tooLate]);
  } finally {
    late.abort();
    tooLate.catch(() => undefined);
    ended.catch(() => undefined);
  }
}

function pageOn(socket: WebSocket, end: () => Promise<void>): Page {
  const waiting = new Map<number, (answer: Answer) => void>();
  let last = 0;
  socket.addEventListener('message', ({ data }) => {
    const answer = JSON.parse(String(data)) as Answer;
    if (answer.id !== undefined) waiting.get(answer.id)?.(answer);
  });
  const send = (method: string, params: object): Promise<Answer> =>
    new Promise((resolve) => {
      waiting.set(++last, resolve);
      socket.send(JSON.stringify({ id: last, method, params }));
    });
  const evaluate = async (expression: string): Promise<unknown> =>
    (await send('Runtime.evaluate', { expression, returnByValue: true })).result?.result?.value;
  return {
    async open(address) {
      await send('Page.navigate', { url: address });
    },
    evaluate,
    async until(expression, withinMs = 20_000) {
      const deadline = performance.now() + withinMs;
      while ((await evaluate(expression)) !== true) {
        if (performance.now() > deadline)
          throw new Error(`never true: ${expression}\n${String(await evaluate('document.body?.innerText')).slice(0, 500)}`);
        await sleep(50);
      }
    },
    async [Symbol.asyncDispose]() {
      socket.close();
      await end();
    },
  };
}
