/**
 * A person without a screen: walks the sign-in and consent forms of an authorization server, as a browser would.
 *
 * Used from tests (`consent`), and by programs that open a browser (`browserScript`: an executable for `$BROWSER` or under
 * the name of an opener on PATH, which also follows the redirect to the listener of whoever asked).
 */
import { appendFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Person {
  /** Account to sign in with; any is known. */
  readonly account?: string;
  /** Turns the request down where consent is asked, or at sign-in. */
  readonly deny?: boolean;
  /** Cookies of a browser that stays open: whoever signed in once is not asked again. Absent: a fresh one. */
  readonly jar?: Map<string, string>;
}

/** Forms and redirects of one sign-in; more would be a loop. */
const mostSteps = 30;

/**
 * From the address that a client opens to the redirect address that carries its answer, which is not visited. A device's
 * verification address ends on the page of the authorization server that says so, and that is answered.
 */
export async function consent(address: string, { account = 'ann', deny = false, jar = new Map() }: Person = {}): Promise<string> {
  const { origin } = new URL(address);
  let at = address;
  let body: URLSearchParams | undefined;
  let aborted = false;
  for (let step = 0; step < mostSteps; step++) {
    if (new URL(at).origin !== origin) return at;
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { accept: 'text/html', ...(cookie === '' ? {} : { cookie }) };
    const response = await fetch(at, { redirect: 'manual', headers, ...(body === undefined ? {} : { method: 'POST', body }) });
    keep(jar, response.headers.getSetCookie());
    body = undefined;
    const location = response.headers.get('location');
    if (location !== null) {
      at = new URL(location, at).href;
      continue;
    }
    const page = await response.text();
    const form = /<form[^>]*action="([^"]+)"[^>]*>([\s\S]*?)<\/form>/.exec(page);
    if (aborted || form === null) {
      if (aborted || response.ok) return at;
      throw new Error(`the authorization server answered ${response.status}: ${wordsOf(page)}`);
    }
    const abort = /href="([^"]*\/abort)"/.exec(page)?.[1];
    if (deny && abort !== undefined) {
      at = new URL(abort, at).href;
      continue;
    }
    body = fields(form[2] ?? '');
    if (body.has('login')) {
      body.set('login', account);
      body.set('password', 'any');
    }
    aborted = deny && abort === undefined && body.has('xsrf');
    if (aborted) body.set('abort', 'yes');
    at = new URL((form[1] ?? '').replaceAll('&amp;', '&'), at).href;
  }
  throw new Error(`the sign-in did not end within ${mostSteps} steps`);
}

function keep(jar: Map<string, string>, cookies: readonly string[]): void {
  for (const cookie of cookies) {
    const [pair = ''] = cookie.split(';');
    const [name = '', ...value] = pair.split('=');
    if (value.join('=') === '' || /expires=Thu, 01 Jan 1970/i.test(cookie)) jar.delete(name);
    else jar.set(name, value.join('='));
  }
}

function fields(form: string): URLSearchParams {
  const values = new URLSearchParams();
  for (const [tag] of form.matchAll(/<input[^>]*>/g)) {
    const name = /name="([^"]+)"/.exec(tag)?.[1];
    if (name !== undefined) values.set(name, /value="([^"]*)"/.exec(tag)?.[1] ?? '');
  }
  return values;
}

const wordsOf = (page: string): string =>
  page
    .replace(/<style[\s\S]*?<\/style>/g, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ')
    .slice(0, 300);

/** What the script writes, one line of JSON for each address that it was given. */
export interface Opened {
  /** Without its parameters. */
  readonly address: string;
  readonly parameters: Readonly<Record<'redirect_uri' | 'scope' | 'resource' | 'prompt' | 'client_id', string | null>>;
  /** Status of the listener's answer to the redirect, or what went wrong. */
  readonly ended: number | string;
}

/**
 * Writes an executable into the folder that does what a person in a browser does, up to the listener's page. It is there
 * under every name by which the clients look for a browser on PATH; the path of it is answered, for `$BROWSER`. What it
 * opened is noted in `opened.jsonl` beside it.
 */
export async function browserScript(folder: string, person: Omit<Person, 'jar'> = {}): Promise<string> {
  await mkdir(folder, { recursive: true });
  const script = join(folder, 'xdg-open');
  const options = JSON.stringify(person).replaceAll("'", "'\\''");
  await writeFile(script, `#!/bin/sh\nexec '${process.execPath}' '${import.meta.filename}' '${folder}' '${options}' "$@"\n`, {
    mode: 0o755,
  });
  for (const name of ['x-www-browser', 'www-browser', 'sensible-browser']) await symlink(script, join(folder, name));
  return script;
}

async function main([folder = '.', options = '{}', ...args]: readonly string[]): Promise<void> {
  const address = args.find((each) => /^https?:/.test(each));
  if (address === undefined) throw new Error('no address was given');
  const { searchParams, origin, pathname } = new URL(address);
  const value = (name: string): string | null => searchParams.get(name);
  const end = async (ended: number | string): Promise<void> => {
    const parameters = Object.fromEntries(
      ['redirect_uri', 'scope', 'resource', 'prompt', 'client_id'].map((name) => [name, value(name)]),
    ) as Opened['parameters'];
    const opened: Opened = { address: origin + pathname, parameters, ended };
    await appendFile(join(folder, 'opened.jsonl'), `${JSON.stringify(opened)}\n`);
  };
  try {
    const redirect = await consent(address, JSON.parse(options) as Person);
    const { status } = await fetch(redirect, { redirect: 'manual' });
    await end(status);
  } catch (error) {
    await end((error as Error).message);
    process.exitCode = 1;
  }
}

if (process.argv[1] === import.meta.filename) await main(process.argv.slice(2));
