/**
 * Goal: a client's own command runs as the person would run it, at the person's terminal when it needs one, and when it is
 * ended nothing else is.
 * Method: real programs; a real pseudo-terminal, made by `script`; helpers whose life is looked at by their process id.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { describeWith, partPath } from '../../test/parts.ts';
import { runAsPerson } from './processes-run.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'as-person-')));
afterAll(() => rmSync(folder, { recursive: true }));

const helpers: number[] = [];
afterEach(() => {
  for (const pid of helpers.splice(0)) if (runs(pid)) process.kill(pid, 'SIGKILL');
});
/** A process that has ended counts as that also while nobody has asked for its status. */
function runs(pid: number): boolean {
  const ran = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return ran.status === 0 && !ran.stdout.startsWith('Z');
}

const sh = (script: string, more: Partial<Parameters<typeof runAsPerson>[2]> = {}) =>
  runAsPerson('sh', ['-c', script], { timeoutMs: 20_000, ...more });

describe("a client's own command", () => {
  it("has the person's environment, and what is set on top", async () => {
    process.env['AS_PERSON_TEST'] = 'kept';
    process.env['AS_PERSON_OTHER'] = 'theirs';
    try {
      const script = 'printf "%s %s %s" "$AS_PERSON_TEST" "$AS_PERSON_OTHER" "$PWD"; echo oops >&2; exit 3';
      expect(await sh(script, { env: { AS_PERSON_OTHER: 'ours' }, folder })).toEqual({
        status: 3,
        output: `kept ours ${folder}`,
        errors: 'oops\n',
      });
    } finally {
      delete process.env['AS_PERSON_TEST'];
      delete process.env['AS_PERSON_OTHER'];
    }
  });

  it('is given its input, no shell reads its arguments, and its output is bounded', async () => {
    expect((await sh('cat', { input: 'typed' })).output).toBe('typed');
    const echo = await runAsPerson('printf', ['%s', '$(id) `id` "; true'], { timeoutMs: 20_000 });
    expect(echo.output).toBe('$(id) `id` "; true');
    expect((await sh('head -c 5000000 /dev/zero | tr "\\0" x', { mostOutput: 1000 })).output).toBe('x'.repeat(1000));
  });

  it('keeps its input until a text has come: in two pieces, or behind what is kept; on the other output it does not count', async () => {
    const waits = (script: string, more = {}) => sh(`${script}; cat >/dev/null; printf end`, { inputUntil: 'id":2,', ...more });
    expect((await waits(`printf '"id"'; sleep 0.2; printf ':2,'`)).output).toBe('"id":2,end');
    expect((await waits(`head -c 3000 /dev/zero | tr "\\0" x; printf 'id":2,'`, { mostOutput: 5 })).output).toBe('xxxxx');
    expect(await waits(`printf 'id":2' ; printf 'id":2,' >&2`, { timeoutMs: 400 })).toEqual({
      status: null,
      output: 'id":2',
      errors: 'id":2,',
    });
    // Nothing more can come: it would wait for us, and we for it.
    expect((await sh('exec >&-; cat >/dev/null; exit 7', { inputUntil: 'never' })).status).toBe(7);
  });

  it.each(['signal', 'time'] as const)('is ended by %s, and what it started (a browser) goes on', async (how) => {
    const file = join(folder, `started-${how}`);
    const stop = new AbortController();
    const reason = new Error('enough');
    const running = sh(`sleep 60 & echo "$$ $!" > ${file}; wait`, {
      timeoutMs: how === 'time' ? 700 : 20_000,
      signal: stop.signal,
    });
    const settled = running.then(
      (result) => result.status,
      (error: unknown) => error,
    );
    await expect.poll(() => existsSync(file), { timeout: 5000 }).toBe(true);
    await expect.poll(() => readFileSync(file, 'utf8')).toMatch(/^\d+ \d+\n$/);
    const [own = 0, helper = 0] = readFileSync(file, 'utf8').split(' ').map(Number);
    helpers.push(helper);
    if (how === 'signal') stop.abort(reason);
    expect(await settled).toBe(how === 'signal' ? reason : null);
    await expect.poll(() => runs(own)).toBe(false);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(runs(helper)).toBe(true);
  });

  it('is not started when the signal has fired already', async () => {
    const file = join(folder, 'never');
    await expect(sh(`touch ${file}`, { signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow('before');
    expect(existsSync(file)).toBe(false);
  });

  it('that does not end when asked is killed after a while', async () => {
    const begun = performance.now();
    expect((await sh('trap "" TERM; while :; do sleep 0.1; done', { timeoutMs: 200 })).status).toBeNull();
    expect(performance.now() - begun).toBeGreaterThan(2000);
  });
});

/** Behind a pseudo-terminal: runs `use` with runAsPerson at hand; types `keys` when `ask?` appears. */
function atTerminal(use: string, keys: string): Promise<string> {
  const program = `
    import { runAsPerson } from ${JSON.stringify(new URL('./processes-run.ts', import.meta.url).href)};
    ${use}`;
  const child = spawn(
    partPath('script') ?? 'script',
    ['-qec', 'exec "$NODE" --no-warnings --input-type=module --eval "$PROGRAM"', '/dev/null'],
    { env: { PATH: process.env['PATH'], TERM: 'xterm', NODE: process.execPath, PROGRAM: program, SHELL: '/bin/sh' } },
  );
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    if (!text.includes('ask?') && (text + chunk).includes('ask?')) child.stdin.write(keys);
    text += chunk;
  });
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => child.kill('SIGKILL'), 20_000);
    child.once('close', (status) => {
      clearTimeout(late);
      if (status === 0) resolve(text.replaceAll('\r\n', '\n'));
      else reject(new Error(`ended with ${status}: ${text}`));
    });
  });
}

const interactive = 'test -t 0 && test -t 1 && test -t 2 && printf \'ask? \' && read x && echo "got $x"';

describeWith(['script'], 'a command that needs the terminal', () => {
  it('has it: it asks and is answered there, and nothing is kept', async () => {
    const text = await atTerminal(
      `const ran = await runAsPerson('sh', ['-c', ${JSON.stringify(interactive)}], { timeoutMs: 15000, attended: true });
       console.log('ran', JSON.stringify(ran));`,
      'hello\r',
    );
    expect(text).toContain('got hello\n');
    expect(text).toContain('ran {"status":0,"output":"","errors":""}');
  });

  it('has it also when our own output goes into a file', async () => {
    const file = join(folder, 'output');
    const nested = `
      import { runAsPerson } from ${JSON.stringify(new URL('./processes-run.ts', import.meta.url).href)};
      await runAsPerson('sh', ['-c', ${JSON.stringify(interactive)}], { timeoutMs: 15000, attended: true });
      console.log('ours');`;
    const text = await atTerminal(
      `import { spawnSync } from 'node:child_process';
       import { openSync } from 'node:fs';
       const args = ['--no-warnings', '--input-type=module', '--eval', ${JSON.stringify(nested)}];
       spawnSync(process.execPath, args, { stdio: [0, openSync(${JSON.stringify(file)}, 'w'), 2] });`,
      'hello\r',
    );
    expect(text).toContain('got hello\n');
    expect(readFileSync(file, 'utf8')).toBe('ours\n');
  });

  it('is ended by a signal there too', async () => {
    const text = await atTerminal(
      `const started = Date.now();
       await runAsPerson('sh', ['-c', 'exec sleep 60'], { timeoutMs: 60000, attended: true, signal: AbortSignal.timeout(300) })
         .catch((error) => console.log(error.name, String(Date.now() - started < 10000)));`,
      '',
    );
    expect(text).toContain('TimeoutError true');
  });
});

describe('without a terminal', () => {
  it('a command that needs one is not started', async () => {
    const file = join(folder, 'attended');
    const script = `
      import { runAsPerson } from ${JSON.stringify(new URL('./processes-run.ts', import.meta.url).href)};
      await runAsPerson('touch', [${JSON.stringify(file)}], { timeoutMs: 5000, attended: true })
        .catch(({ code, what, next }) => console.log(code, what, next));`;
    const child = spawn(process.execPath, ['--no-warnings', '--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk));
    await new Promise((resolve) => child.once('close', resolve));
    expect(text).toBe('rotation/needs-person touch needs a terminal with a person at it run the command in a terminal\n');
    expect(existsSync(file)).toBe(false);
  });

  it('input and the terminal exclude each other', async () => {
    await expect(sh('true', { attended: true, input: 'x' })).rejects.not.toHaveProperty('code');
    await expect(sh('true', { attended: true, inputUntil: 'x' })).rejects.not.toHaveProperty('code');
  });
});
