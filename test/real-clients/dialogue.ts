/** A conversation with a program that speaks JSON-RPC in lines on its standard input and output. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Machine } from '../kits/machine.ts';
import { clientEnv, programPath } from './parts.ts';

export interface Dialogue extends AsyncDisposable {
  /** Calls one after the other; the answer's result. Rejects on an error, on the end of the program and after 20 s. */
  call(method: string, params: object): Promise<Record<string, unknown>>;
  tell(method: string, params?: object): void;
  /** Everything it wrote to standard error. */
  errors(): string;
}

/** Ended by its own process id. */
export function dialogue(machine: Machine, name: string, args: readonly string[]): Dialogue {
  const child = spawn(programPath(name), [...args], { env: clientEnv(machine), cwd: machine.home });
  const closed = once(child, 'close');
  const waiting = new Map<number, (message: Record<string, unknown>) => void>();
  let errors = '';
  let last = 0;
  child.stderr.on('data', (chunk: Buffer) => {
    errors += String(chunk);
  });
  child.stdin.on('error', () => undefined);
  createInterface({ input: child.stdout }).on('line', (line) => {
    const message = JSON.parse(line) as Record<string, unknown>;
    if (message['method'] === undefined) waiting.get(Number(message['id']))?.(message);
  });
  const send = (message: object): void => {
    child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  };
  return {
    call: (method, params) =>
      new Promise((resolve, reject) => {
        const id = ++last;
        const late = setTimeout(() => reject(new Error(`${name} did not answer ${method}:\n${errors.slice(-800)}`)), 20_000);
        const settle = (end: () => void): void => {
          clearTimeout(late);
          end();
        };
        waiting.set(id, (message) =>
          settle(() =>
            message['error'] === undefined
              ? resolve(message['result'] as Record<string, unknown>)
              : reject(new Error(`${name} answered ${method} with an error: ${JSON.stringify(message['error'])}`)),
          ),
        );
        void closed.then(() => settle(() => reject(new Error(`${name} ended:\n${errors.slice(-800)}`))));
        send({ id, method, params });
      }),
    tell: (method, params = {}) => send({ method, params }),
    errors: () => errors,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      const hard = setTimeout(() => child.kill('SIGKILL'), 3000);
      await closed;
      clearTimeout(hard);
    },
  };
}
