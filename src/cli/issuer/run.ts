/** Adds, lists and removes issuing credentials. The text of one is read hidden or from standard input, never from a word. */
import { Problem } from '../../base/problem.ts';
import { Secret } from '../../base/secret.ts';
import type { Terminal } from '../../ports/terminal.ts';
import type { UseCases } from '../context.ts';
import type { IssuerRow } from './issuers.ts';

export interface AddOptions {
  readonly stdin: boolean;
  readonly borrow: string | undefined;
  readonly withoutKeyring: boolean;
}

export async function add(useCases: UseCases, terminal: Terminal, provider: string, options: AddOptions): Promise<IssuerRow> {
  const { stdin, borrow, withoutKeyring } = options;
  if (borrow !== undefined && (stdin || withoutKeyring)) {
    throw new Problem('usage/wrong', { what: '--borrow keeps nothing, so --stdin and --without-keyring do not go with it' });
  }
  const issuers = await useCases.issuers();
  if (borrow !== undefined) return issuers.borrow(provider, borrow);
  const what = await issuers.accepts(provider);
  const text = stdin ? await fromInput(terminal) : await fromPerson(terminal, provider, what);
  return issuers.add(provider, text, { withoutKeyring });
}

async function fromInput(terminal: Terminal): Promise<Secret> {
  const text = (await terminal.readInput()).trim();
  if (text === '') throw new Problem('usage/wrong', { what: 'standard input is empty', next: 'pipe the issuing credential in' });
  return new Secret(text);
}

async function fromPerson({ ask }: Terminal, provider: string, what: string): Promise<Secret> {
  if (!ask) {
    throw new Problem('usage/wrong', {
      what: 'there is no terminal to ask at',
      state: 'nothing was added',
      next: `pipe it in: mcp-rotate issuer add ${provider} --stdin`,
    });
  }
  return ask.hidden(`Paste ${what}`);
}

export async function list(useCases: UseCases): Promise<readonly IssuerRow[]> {
  return (await useCases.issuers()).list();
}

export async function remove(useCases: UseCases, id: string): Promise<IssuerRow> {
  const issuers = await useCases.issuers();
  const row = (await issuers.list()).find((each) => each.id === id);
  if (!row) throw new Problem('usage/wrong', { what: `there is no issuing credential ${id}`, next: 'mcp-rotate issuer list' });
  await issuers.remove(id);
  return row;
}
