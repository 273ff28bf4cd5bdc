/**
 * Goal: a hidden question shows nothing of what is typed or pasted, Ctrl-C at any question is an interruption, the first
 * Ctrl-C at work asks to stop and the second stops; without a terminal nobody is asked.
 * Method: the key reader as a function; the rest in a real process behind a real pseudo-terminal, made by `script`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { describeWith, partPath } from '../../test/parts.ts';
import { typed } from './terminal-prompts.ts';

describe('the hidden line', () => {
  it.each([
    ['plain', 'abc\r', 'abc', 'enter'],
    ['a paste with its marks', '\u001b[200~tok-en_1\u001b[201~\r', 'tok-en_1', 'enter'],
    ['a paste of several lines', 'one\ntwo\n', 'one', 'enter'],
    ['rubbed out', 'abx\u007f\bc\r', 'ac', 'enter'],
    ['killed', 'wrong\u0015right\r', 'right', 'enter'],
    ['arrows and function keys', 'a\u001b[A\u001bOPb\u001b[3~\r', 'ab', 'enter'],
    ['Ctrl-C', 'abc\u0003', 'abc', 'interrupt'],
    ['Ctrl-D on nothing', '\u0004', '', 'interrupt'],
    ['unfinished', 'abc', 'abc', undefined],
    ['wide letters', 'é名🔑\u007f\r', 'é名', 'enter'],
  ])('%s', (_title, keys, text, ended) => {
    expect(typed('', keys)).toEqual({ text, ended });
  });
});

const here = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);

/** `use` runs with `terminal`; what it returns is printed as `[result]`. */
const program = (use: string): string => `
  const { createTerminal } = await import(${here('./terminal.ts')});
  const terminal = createTerminal();
  try {
    const result = await (async () => { ${use} })();
    console.log('[' + result + ']');
    process.exit(0);
  } catch (error) {
    console.log('[' + error.code + ']');
    process.exit(9);
  }`;

const answersWithinMs = 10_000;

interface Ended {
  readonly text: string;
  readonly status: number | null;
}

/** Runs behind a pseudo-terminal; each key is typed when the text before it has appeared. */
async function behindTerminal(
  use: string,
  keys: readonly (readonly [after: string, key: string])[],
  env: NodeJS.ProcessEnv = {},
): Promise<Ended> {
  const child = spawn(
    partPath('script') ?? 'script',
    ['-qec', `stty cols 80 rows 24; exec "$NODE" --input-type=module --eval "$PROGRAM"`, '/dev/null'],
    {
      env: { PATH: process.env['PATH'], TERM: 'xterm', NODE: process.execPath, PROGRAM: program(use), SHELL: '/bin/sh', ...env },
    },
  );
  return type(child, keys);
}

function type(child: ChildProcess, keys: readonly (readonly [after: string, key: string])[]): Promise<Ended> {
  const left = [...keys];
  let text = '';
  let from = 0;
  child.stdout?.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8');
    const [next] = left;
    if (!next) return;
    const at = text.indexOf(next[0], from);
    if (at === -1) return;
    from = at + next[0].length;
    left.shift();
    child.stdin?.write(next[1]);
  });
  return new Promise((done, fail) => {
    const late = setTimeout(() => child.kill('SIGKILL'), answersWithinMs);
    child.once('error', fail);
    child.once('close', (status) => {
      clearTimeout(late);
      if (left.length === 0 && status !== null) done({ text, status });
      else fail(new Error(`ended with ${status}, waiting for: ${left[0]?.[0]}, after: ${JSON.stringify(text)}`));
    });
  });
}

describeWith(['script'], 'behind a pseudo-terminal', () => {
  it('a hidden answer is not shown, not even its length', async () => {
    const secret = 'pl4nted-s3cret';
    const use = `const secret = await terminal.ask.hidden('New token'); return secret.reveal() === '${secret}' ? 'same ' + secret : 'other';`;
    const { text, status } = await behindTerminal(use, [['New token (hidden): ', `\u001b[200~${secret}\u001b[201~\r`]]);
    expect(status).toBe(0);
    expect(text).toContain('[same [secret]]');
    expect(text.slice(0, text.indexOf('['))).toBe('New token (hidden): \r\n');
    expect(text).not.toContain(secret);
  });

  it('a hidden question is taken back when its signal fires, and the terminal shows keys again', async () => {
    const use = `
      const stop = new AbortController();
      setTimeout(() => stop.abort(new Error('answered another way')), 300);
      const why = await terminal.ask.hidden('Paste it', stop.signal).catch((error) => error.message);
      return why + (process.stdin.isRaw ? ', raw' : ', as it was');`;
    const { text, status } = await behindTerminal(use, []);
    expect(status).toBe(0);
    expect(text).toContain('Paste it (hidden): \r\n');
    expect(text).toContain('[answered another way, as it was]');
  });

  it('an empty hidden answer is asked again', async () => {
    const { text } = await behindTerminal(`await terminal.ask.hidden('Q'); return 'done';`, [
      ['Q (hidden): ', '\r'],
      ['Q (hidden): ', 'x\r'],
    ]);
    expect(text).toContain('[done]');
  });

  it('the terminal is as before after a hidden question', async () => {
    const use = `await terminal.ask.hidden('Q'); return process.stdin.isRaw;`;
    expect((await behindTerminal(use, [['Q (hidden): ', 'x\r']])).text).toContain('[false]');
  });

  it.each([
    ['hidden', `terminal.ask.hidden('Question')`],
    ['confirm', `terminal.ask.confirm('Question')`],
    ['choose', `terminal.ask.choose('Question', [{ value: 'a', label: 'A' }])`],
    ['line', `terminal.ask.line('Question')`],
  ])('Ctrl-C at a question (%s) is an interruption', async (_kind, question) => {
    const { text, status } = await behindTerminal(`return ${question};`, [['Question', '\u0003']]);
    expect(text).toContain('[rotation/interrupted]');
    expect(status).toBe(9);
  });

  it('confirm is "no" unless a person says yes', async () => {
    expect((await behindTerminal(`return terminal.ask.confirm('Sure?');`, [['Sure?', '\r']])).text).toContain('[false]');
    expect((await behindTerminal(`return terminal.ask.confirm('Sure?');`, [['Sure?', 'y']])).text).toContain('[true]');
  });

  it('choose and line give what was chosen and typed', async () => {
    const choose = `return terminal.ask.choose('Which?', [{ value: 'a', label: 'first' }, { value: 'b', label: 'second' }]);`;
    expect((await behindTerminal(choose, [['second', '\u001b[B\r']])).text).toContain('[b]');
    expect((await behindTerminal(`return terminal.ask.line('Key id');`, [['Key id', 'AKIA1\r']])).text).toContain('[AKIA1]');
  });

  const work = `
    const interrupts = terminal.catchInterrupts(() => console.log('stopping'));
    console.log('working');
    return await new Promise((done) => {
      const timer = setInterval(() => {}, 1000);
      interrupts.signal.addEventListener('abort', () => { if (process.env.POLITE) { clearInterval(timer); done(interrupts.signal.reason.code); } });
    });`;

  it('the first Ctrl-C asks to stop', async () => {
    const { text, status } = await behindTerminal(work, [['working', '\u0003']], { POLITE: '1' });
    expect(text).toContain('stopping');
    expect(text).toContain('[rotation/interrupted]');
    expect(status).toBe(0);
  });

  it('the second one stops at once with 130', async () => {
    const { status } = await behindTerminal(work, [
      ['working', '\u0003'],
      ['stopping', '\u0003'],
    ]);
    expect(status).toBe(130);
  });

  it('colour follows NO_COLOR and TERM', async () => {
    const use = `return [terminal.out.isScreen, terminal.out.isTerminal, terminal.out.color].join();`;
    expect((await behindTerminal(use, [])).text).toContain('[true,true,true]');
    expect((await behindTerminal(use, [], { NO_COLOR: '1' })).text).toContain('[true,true,false]');
    expect((await behindTerminal(use, [], { NO_COLOR: '' })).text).toContain('[true,true,true]');
    expect((await behindTerminal(use, [], { TERM: 'dumb' })).text).toContain('[true,false,false]');
  });
});

describe('without a terminal', () => {
  /** In a session of its own, so that the terminal of whoever runs the tests is out of reach. */
  const alone = (use: string, input = '') =>
    new Promise<Ended>((done, fail) => {
      const child = spawn(process.execPath, ['--input-type=module', '--eval', program(use)], {
        detached: true,
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      let text = '';
      child.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString('utf8');
      });
      child.stdin.end(input);
      child.once('error', fail).once('close', (status) => done({ text, status }));
    });

  it('nobody is asked, lines are 80 wide and plain', async () => {
    const { text } = await alone(
      `return [terminal.ask, terminal.out.width, terminal.out.color, terminal.err.isTerminal].join();`,
    );
    expect(text).toBe('[,80,false,true]\n'.replace('true', String(process.stderr.isTTY === true)));
  });

  it('standard input is read to its end, and no further than 1 MiB', async () => {
    expect((await alone(`return terminal.readInput();`, 'tok-é\n')).text).toBe('[tok-é\n]\n');
    expect((await alone(`return terminal.readInput();`, 'x'.repeat(1024 * 1024 + 1))).text).toBe('[usage/wrong]\n');
  });
});
