/**
 * Goal: our lines get into any hook and out of it again without another byte changed, and never where they would not be run.
 * Method: property tests over made-up scripts and lists; the shapes that husky, lefthook and pre-commit write.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import {
  hasLines,
  isShellScript,
  shellLines,
  withLefthook,
  withLines,
  withoutLines,
  withoutYaml,
  withPreCommitRepo,
} from './guard-hook-text.ts';

const lines = shellLines({ node: "/opt/it's/node", file: '/a b/mcp-rotate.js' });

describe('scripts', () => {
  it('come back as they were', () => {
    const script = fc
      .tuple(fc.constantFrom('', '#!/bin/sh\n', '#!/usr/bin/env bash\r\n'), fc.string({ unit: 'binary' }))
      .map((all) => all.join(''));
    fc.assert(
      fc.property(script, (text) => {
        const ours = withLines(text, lines);
        expect(withoutLines(ours)).toBe(text);
        expect(withLines(ours, lines)).toBe(ours);
        expect(hasLines(ours)).toBe(true);
      }),
    );
  });

  it('run ours first, behind the line that names the shell', () => {
    expect(withLines('#!/bin/bash\nexec theirs\n', lines)).toBe(`#!/bin/bash\n${lines}exec theirs\n`);
    expect(lines).toContain(`if [ -x '/opt/it'\\''s/node' ] && [ -f '/a b/mcp-rotate.js' ]; then`);
  });

  it.each([
    ['#!/bin/sh\n', true],
    ['#!/usr/bin/env bash\n', true],
    ['#!/usr/bin/zsh -f\n', true],
    ['npx lint-staged\n', true],
    ['#!/usr/bin/env python3\n', false],
    ['#!/usr/bin/env node\n', false],
    ['\u007fELF\u0000\u0000', false],
  ])('%j is one for a shell: %s', (text, is) => {
    expect(isShellScript(text)).toBe(is);
  });
});

describe('lists', () => {
  const hook = (text: string): unknown => (parse(text) as { repos: { hooks: { id: string }[] }[] }).repos.at(-1)?.hooks[0]?.id;

  it.each([
    ['usual', 'repos:\n  - repo: https://example.com/a\n    rev: v1\n    hooks:\n      - id: a\n'],
    ['not indented', '# ours\nrepos:\n- repo: https://example.com/a\n  rev: v1\n  hooks:\n  - id: a\n'],
    ['other keys behind', 'repos:\n  - repo: local\n    hooks:\n      - id: a\n\n# about\nexclude: ^x\n'],
    ['no line end', 'repos:\n  - repo: local\n    hooks:\n      - id: a'],
  ])('of the pre-commit framework, %s', (_what, theirs) => {
    const ours = withPreCommitRepo(theirs) ?? '';
    expect(hook(ours)).toBe('mcp-rotate-guard');
    expect((parse(ours) as { repos: unknown[] }).repos.slice(0, -1)).toEqual((parse(theirs) as { repos: unknown[] }).repos);
    expect(withoutYaml(ours)).toBe(theirs);
    expect(withPreCommitRepo(ours)).toBe(ours);
  });

  it('are left alone in a shape that is not known', () => {
    expect(withPreCommitRepo('repos: [{repo: local}]\n')).toBeUndefined();
    expect(withLefthook('pre-commit:\n  parallel: true\n')).toBeUndefined();
  });

  it('of lefthook get a command beside what is there', () => {
    const ours = withLefthook('colors: false') ?? '';
    expect(Object.keys((parse(ours) as { 'pre-commit': { commands: object } })['pre-commit'].commands)).toEqual([
      'mcp-rotate-guard',
    ]);
    expect((parse(ours) as { colors: boolean }).colors).toBe(false);
    expect(withoutYaml(ours)).toBe('colors: false');
    expect(withoutYaml(withLefthook('colors: false\n') ?? '')).toBe('colors: false\n');
  });
});
