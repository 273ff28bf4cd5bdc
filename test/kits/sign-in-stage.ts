/**
 * The stage for commands that sign in: the real registry of clients and stores over a scratch home, a real authorization server
 * with an MCP server behind it, and a person who walks the pages. Every token that is handed out is noted; none may be told.
 */
import { afterEach, expect } from 'vitest';
import { Problem } from '../../src/base/problem.ts';
import { Secret } from '../../src/base/secret.ts';
import { run, type SignInOptions, type SignInResult } from '../../src/cli/oauth/sign-in/run.ts';
import type { Adapters } from '../../src/inventory/adapters.ts';
import { createMcp } from '../../src/platform/mcp.ts';
import type { Net } from '../../src/ports/net.ts';
import type { Ports } from '../../src/ports/ports.ts';
import * as registry from '../../src/registry.ts';
import type { Shape } from '../toys/authorization-server.ts';
import { type Lab, startLab } from '../toys/remote-mcp.ts';
import { keyringMemory, twinKeyring } from '../twins/keyring.ts';
import { type Machine, scratchMachine } from './machine.ts';
import { type Seat, type SeatOptions, seat } from './sign-in.ts';
import { findSpill } from './spills.ts';

const started: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of started.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

export interface Stage {
  readonly lab: Lab;
  readonly machine: Machine;
  readonly at: Seat;
  readonly ports: Ports;
  readonly memory: ReturnType<typeof keyringMemory>;
  /** Every token that the authorization server handed out. */
  readonly tokens: Secret[];
  signIn(options?: Partial<SignInOptions>, adapters?: Adapters): Promise<SignInResult | Problem>;
}

export async function stage(
  options: { shape?: Partial<Shape>; seat?: SeatOptions; net?: (net: Net) => Net } = {},
): Promise<Stage> {
  const lab = await startLab(options.shape);
  const machine = await scratchMachine();
  started.push(lab, machine);
  const memory = keyringMemory();
  const at = seat(options.seat);
  const tokens: Secret[] = [];
  const noted: Net = {
    send: async (request) => {
      const answer = await at.ports.net.send(request);
      for (const [, token] of answer.body.matchAll(/"(?:access|refresh)_token":"([^"]+)"/g)) tokens.push(new Secret(token ?? ''));
      return answer;
    },
  };
  const ports = {
    ...machine.ports,
    ...at.ports,
    net: options.net?.(noted) ?? noted,
    keyring: twinKeyring(memory),
    mcp: createMcp(),
  } as Ports;
  return {
    lab,
    machine,
    at,
    ports,
    memory,
    tokens,
    async signIn(more = {}, adapters = registry) {
      const all: SignInOptions = {
        server: lab.remote.url,
        client: undefined,
        scopes: undefined,
        clientId: undefined,
        noBrowser: false,
        withinMs: 15_000,
        signal: new AbortController().signal,
        ...more,
      };
      const ended = await run(ports, adapters, all, at.talk).catch((error: unknown) => {
        if (error instanceof Problem) return error;
        throw error;
      });
      const said = ended instanceof Problem ? [ended.what, ended.state, ended.next] : ended;
      expect(findSpill([said, at.told], tokens)).toBeUndefined();
      return ended;
    },
  };
}

export const codexConfig = (url: string): string => `[mcp_servers.lab]\nurl = "${url}"\n`;
