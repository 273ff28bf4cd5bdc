/**
 * Goal: what became of a history is told in full, with commands that can be copied; nothing is said to have been pushed.
 * Method: the whole program over a rewriting made of values.
 */
import { describe, expect, it } from 'vitest';
import { runCommand } from '../../../../test/cli/world.ts';
import { Problem } from '../../../base/problem.ts';
import type { Rewritten } from '../../../leaks/rewrite.ts';
import type { RewriteInput } from '../repositories.ts';

const push = `git -C '/here/clean.git' push --force 'https://git.example.com/a/b.git' 'refs/heads/*:refs/heads/*' 'refs/tags/*:refs/tags/*'`;
const done: Rewritten = {
  clone: '/here/clean.git',
  commits: { all: 120, changed: 80, gone: 2 },
  refs: ['refs/heads/main', 'refs/tags/v1'],
  tags: 1,
  signaturesLost: 3,
  filesRemoved: 1,
  contributors: ['Ada', 'Grace'],
  push: [push],
  openPullRequests: 4,
  pieces: ['d'.repeat(40)],
  notSearched: [],
};

async function rewrite(told: Partial<Rewritten>, args: readonly string[] = []) {
  const asked: RewriteInput[] = [];
  const repositories = {
    rewrite: async (input: RewriteInput) => {
      asked.push(input);
      return { ...done, ...told };
    },
  };
  return { asked, ...(await runCommand(['leak', 'rewrite', 'repo', ...args], { repositories })) };
}

describe('leak rewrite', () => {
  it('tells what changed, what is lost, who must clone anew, and how it is pushed', async () => {
    const { status, out } = await rewrite({});
    expect(status).toBe(0);
    const flat = out.replace(/\s+/g, ' ');
    for (const told of [
      'finds nothing of it',
      '80 of 120 have a new id; 2 held nothing else',
      '1 tag among them',
      '3 of commits and tags are lost',
      'pieces of it stand in dddddddddddd',
      '4 open ones must be made anew',
      'among them Ada, Grace',
      'nothing was pushed',
    ])
      expect(flat).toContain(told);
    expect(out.split('\n')).toContain(`  ${push}`);
  });

  it('has nothing to say of pushing where there is no remote', async () => {
    const { out } = await rewrite({ push: [] });
    expect(out).toContain('it has no remote');
    expect(out).not.toContain('ask the host');
  });

  it('prints JSON, and hands its options on', async () => {
    const { out, asked } = await rewrite({}, ['--json', '--key', 'github-9a40', '--to', 'clean.git', '--ask-remotes']);
    expect(JSON.parse(out)).toMatchObject({ schema: 'mcp-rotate/leak-rewrite@1', commits: { changed: 80 }, push: [push] });
    expect(asked[0]).toMatchObject({
      path: '/here/repo',
      ids: ['github-9a40'],
      to: '/here/clean.git',
      askRemotes: true,
      also: [],
    });
  });

  it('tells what still holds when it fails', async () => {
    const problem = new Problem('leak/still-there', {
      what: '2 objects of the clone still hold it',
      state: 'the repository is as it was',
    });
    const { status, err } = await runCommand(['leak', 'rewrite', 'repo'], {
      repositories: { rewrite: () => Promise.reject(problem) },
    });
    expect(status).toBe(6);
    expect(err).toContain('the repository is as it was');
  });
});
