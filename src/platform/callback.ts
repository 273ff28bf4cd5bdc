/**
 * The listener for a browser's answer: Node's own HTTP server, bound to 127.0.0.1 alone.
 *
 * - A page on the web can make a browser call this port under a name of its own (DNS rebinding): a request whose Host is not
 *   this machine's is treated like any other wrong path.
 * - What a browser or a virus scanner asks besides (HEAD, the icon) is no answer, and must not be taken for one.
 * - Pages are fixed texts: nothing of a request is repeated, and no page is kept or names this address to another site.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Problem } from '../base/problem.ts';
import type { Callback, CallbackOptions, Callbacks } from '../ports/callback.ts';

type Answer = NonNullable<Awaited<ReturnType<Callback['next']>>>;
type Verdict = Parameters<Answer['answer']>[0];

/** More than any browser sends at once; a flood is turned away, and memory stays bounded. */
const mostHeld = 32;
const closesWithinMs = 500;

const pages: Readonly<Record<Verdict | 'nothing' | 'busy', readonly [status: number, title: string, text: string]>> = {
  'signed-in': [200, 'Signed in', 'mcp-rotate has what it needs. You can close this page and go back to the terminal.'],
  refused: [
    200,
    'Not signed in',
    'The sign-in was refused or did not end well. The terminal says more; you can close this page.',
  ],
  'not-ours': [400, 'Not this sign-in', 'This answer does not belong to the sign-in that mcp-rotate waits for. Close this page.'],
  nothing: [404, 'Nothing here', 'There is nothing at this address.'],
  busy: [503, 'Busy', 'Too many requests at once.'],
};

export function createCallbacks(): Callbacks {
  return {
    async listen(options) {
      if (!options.path.startsWith('/')) throw new Error('the path of a redirect address starts with a slash');
      const server = createServer();
      // a request that is sent slowly, or never whole, is not waited for
      server.requestTimeout = 10_000;
      server.headersTimeout = 5_000;
      const port = await listening(server, options.port ?? 0);
      return new Listener(server, port, options);
    },
  };
}

class Listener implements Callback {
  readonly address: string;
  readonly #server: Server;
  readonly #path: string;
  readonly #hosts: ReadonlySet<string>;
  readonly #held: Answer[] = [];
  readonly #waiting: ((answer: Answer | undefined) => void)[] = [];
  #open = 0;
  #closed: Promise<void> | undefined;

  constructor(server: Server, port: number, { path }: CallbackOptions) {
    this.#server = server;
    this.#path = path;
    this.address = `http://127.0.0.1:${port}${path}`;
    this.#hosts = new Set(
      ['127.0.0.1', 'localhost'].flatMap((host) => (port === 80 ? [host, `${host}:80`] : [`${host}:${port}`])),
    );
    server.on('request', (request, response) => this.#take(request, response));
  }

  async next({ withinMs, signal }: Parameters<Callback['next']>[0]): Promise<Answer | undefined> {
    signal?.throwIfAborted();
    const held = this.#held.shift();
    if (held !== undefined || this.#closed !== undefined) return held;
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        const at = this.#waiting.indexOf(take);
        if (at >= 0) this.#waiting.splice(at, 1);
      };
      const take = (answer: Answer | undefined): void => {
        leave();
        resolve(answer);
      };
      const abort = (): void => {
        leave();
        reject(signal?.reason);
      };
      const timer = setTimeout(() => take(undefined), withinMs);
      signal?.addEventListener('abort', abort, { once: true });
      this.#waiting.push(take);
    });
  }

  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async #end(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const take of [...this.#waiting]) take(undefined);
    for (const held of this.#held.splice(0)) void held.answer('not-ours');
    this.#server.closeIdleConnections();
    // A page that is on its way gets a moment to arrive.
    const timer = setTimeout(() => this.#server.closeAllConnections(), this.#open === 0 ? 0 : closesWithinMs);
    await closed;
    clearTimeout(timer);
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const [path, query] = cut(request.url ?? '');
    const ours = request.method === 'GET' && path === this.#path && this.#hosts.has((request.headers.host ?? '').toLowerCase());
    if (!ours) return void send(response, 'nothing');
    if (this.#open >= mostHeld) return void send(response, 'busy');
    this.#open++;
    let sent: Promise<void> | undefined;
    const answer: Answer = {
      parameters: new URLSearchParams(query),
      answer: (verdict) => {
        sent ??= send(response, verdict);
        return sent;
      },
    };
    response.once('close', () => this.#open--);
    const take = this.#waiting[0];
    if (take === undefined) this.#held.push(answer);
    else take(answer);
  }
}

function cut(target: string): [path: string, query: string] {
  const at = target.indexOf('?');
  return at < 0 ? [target, ''] : [target.slice(0, at), target.slice(at + 1)];
}

/** Until the page has gone out, or the browser has. */
function send(response: ServerResponse, page: keyof typeof pages): Promise<void> {
  if (response.destroyed) return Promise.resolve();
  const [status, title, text] = pages[page];
  const body = `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><h1>${title}</h1><p>${text}</p></html>\n`;
  return new Promise((resolve) => {
    response.once('close', resolve);
    response.writeHead(status, {
      'content-type': 'text/html; charset=utf-8',
      'content-length': Buffer.byteLength(body),
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'content-security-policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      connection: 'close',
    });
    response.end(body);
  });
}

function listening(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      // Windows says EACCES of a port that it has set aside.
      if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') return reject(error);
      reject(
        new Problem('oauth/port-busy', {
          what: `port ${port} of this machine, to which the browser is to bring the answer, is in use`,
          next: 'end the program that listens there (perhaps another sign-in that waits), then try again',
        }),
      );
    });
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address();
      if (typeof address === 'object' && address !== null) resolve(address.port);
      else reject(new Error('no port was given'));
    });
  });
}
