/**
 * Goal: a person is asked before a credential goes to a host that only a project names; `--yes` is no answer to that, and
 * without a terminal only the flag that names the host is.
 * Method: the commands over an engine that refuses until the options name its host.
 */
import { describe, expect, it } from 'vitest';
import { about, runCommand, type WorldOptions } from '../../../test/cli/world.ts';
import { samplePlan } from '../../../test/kits/journal-samples.ts';
import { HostNotAgreed } from '../../rotation/hosts.ts';
import type { Plan, RotateOptions } from '../../rotation/rotation.ts';

const host = 'Keys.Example';
const file = '/code/p/.mcp.json';

async function command(words: readonly string[], options: WorldOptions = {}) {
  const asked: RotateOptions[] = [];
  const started: Plan[] = [];
  const plan = async (id: string, given: RotateOptions): Promise<Plan> => {
    asked.push(given);
    if (!given.allowHosts?.includes(host.toLowerCase())) throw new HostNotAgreed(id, [{ host, file }]);
    return { ...samplePlan, projectHosts: [{ host, file }], options: given };
  };
  const start = async (planned: Plan) => {
    started.push(planned);
    return 'r-1';
  };
  const advance = async () => ({ ...about, state: 'complete' }) as const;
  const ran = await runCommand(words, { ...options, rotations: { plan, start, advance } });
  return { ...ran, started, asked: asked.map(({ allowHosts }) => allowHosts) };
}

describe.each([[['plan', 'postgresql-7c1e']], [['rotate', 'postgresql-7c1e', '--yes']]])('%j', (words) => {
  it('asks at the terminal, naming host and file', async () => {
    const { status, questions, asked, started, out, err } = await command(words, { answers: ['yes'] });
    expect(status).toBe(0);
    expect(questions).toEqual([`Send postgresql-7c1e to ${host}, a host that only ${file} names?`]);
    expect(asked).toEqual([undefined, ['keys.example']]);
    expect((out + err).replace(/\s+/g, ' ')).toContain(`sent to ${host}, which only ${file} names`);
    for (const plan of started) expect(plan.options.allowHosts).toEqual(['keys.example']);
  });

  it('starts nothing after "no", nor without a terminal', async () => {
    for (const options of [{ answers: ['no'] }, {}]) {
      const { status, asked, started, out, err } = await command(words, options);
      expect(status).toBe(4);
      expect([asked, started, out]).toEqual([[undefined], [], '']);
      expect(err).toContain('[rotation/host-not-agreed]');
      expect(err).toContain(`--allow-host ${host}`);
    }
  });

  it('takes the flag that names the host, in any case of letters, and no other', async () => {
    const { status, questions } = await command([...words, '--allow-host', 'KEYS.example', 'b.example']);
    expect([status, questions]).toEqual([0, []]);
    expect((await command([...words, '--allow-host', 'b.example'])).status).toBe(4);
  });
});

it.each(['https://keys.example', 'keys.example:443', 'a@keys.example'])('%s is no name of a host', async (text) => {
  const { status, err } = await command(['plan', 'postgresql-7c1e', '--allow-host', text]);
  expect(status).toBe(2);
  expect(err).toContain('--allow-host takes names of hosts');
});

it('a plan that was agreed to says how to carry it out', async () => {
  const { out } = await command(['plan', 'postgresql-7c1e', '--allow-host', host]);
  expect(out).toContain('next: mcp-rotate rotate postgresql-7c1e --because leak --allow-host keys.example');
});
