/**
 * Shell profiles: `NAME=value`, `export NAME=value` and their like, alone on a command. An assignment in front of a
 * command (`NAME=value npm start`) holds for that command only and is none of ours.
 *
 * New text is quoted so that no shell expands it: in a quoted piece by that quoting's own means; otherwise, unless it
 * is made of harmless characters, the whole word is put in single quotes. A carriage return is a character like any
 * other to a shell, and so it is here: in a file with CRLF it belongs to a bare value.
 */
import { type Assignment, AssignmentsReading } from './assignments.ts';
import type { Change } from './cells.ts';
import type { Scalar } from './reading.ts';
import { ShellScan, type Word } from './shell-scan.ts';

export class ShellReading extends AssignmentsReading {
  constructor(text: string) {
    super('shell', text, assignments(text));
  }
}

const declaring = new Set(['export', 'declare', 'typeset', 'readonly', 'local']);
/** Words behind which a command begins. */
const opening = new Set(['if', 'then', 'else', 'elif', 'while', 'until', 'do', '{', '!', 'time', '}', 'fi', 'done', 'esac']);

/** A command as far as it has been read. */
interface Command {
  kind: 'empty' | 'assigning' | 'declaring' | 'other';
  found: Assignment[];
}

function assignments(text: string): Assignment[] {
  const scan = new ShellScan(text);
  const all: Assignment[] = [];
  const waiting: { end: string; tabs: boolean }[] = [];
  let command: Command = { kind: 'empty', found: [] };
  const endCommand = (): void => {
    if (command.kind !== 'other') all.push(...command.found);
    command = { kind: 'empty', found: [] };
  };
  let at = text.startsWith('\ufeff') ? 1 : 0;
  while (at < text.length) {
    const c = text[at] as string;
    if (c === ' ' || c === '\t') at++;
    else if (c === '\\' && text[at + 1] === '\n') at += 2;
    else if (c === '#') at = scan.lineEnd(at);
    else if (c === '\n') {
      endCommand();
      at = scan.hereDocuments(at + 1, waiting.splice(0));
    } else if (c === '(' && text[at + 1] === '(') at = scan.group(at, ')', false);
    else if (';&|()'.includes(c)) {
      endCommand();
      at++;
    } else if (text.startsWith('<<', at) && text[at + 2] !== '<') {
      const tabs = text[at + 2] === '-';
      const word = scan.word(skipBlanks(text, at + (tabs ? 3 : 2)));
      waiting.push({ end: word.cells.value, tabs });
      at = word.end;
    } else if (c === '<' || c === '>') {
      // The word behind it is a file's name, never a command.
      let name = at + 1;
      while ('<>&|-'.includes(text[name] ?? ' ')) name++;
      at = scan.word(skipBlanks(text, name)).end;
    } else at = readWord(scan, at, command);
  }
  endCommand();
  return all;
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ' || text[at] === '\t') at++;
  return at;
}

/** Takes one word into the command; answers where it ends. */
function readWord(scan: ShellScan, at: number, command: Command): number {
  const target = command.kind === 'other' ? undefined : scan.assignment(at);
  if (target) {
    if (command.kind === 'empty') command.kind = 'assigning';
    if (scan.text[target.value] === '(') {
      command.found.push({ name: target.name, scalar: undefined });
      return scan.group(target.value, ')', false);
    }
    const word = scan.word(target.value, true);
    const scalar = word.literal && !target.appends ? scalarOf(scan.text, word) : undefined;
    command.found.push({ name: target.name, scalar });
    return word.end;
  }
  const word = scan.word(at);
  const text = scan.text.slice(word.start, word.end);
  if (command.kind === 'declaring' || (command.kind === 'empty' && opening.has(text))) return word.end;
  command.kind = command.kind === 'empty' && declaring.has(text) ? 'declaring' : 'other';
  return Math.max(word.end, at + 1);
}

function scalarOf(text: string, word: Word): Scalar {
  const raw = text.slice(word.start, word.end);
  return {
    value: word.cells.value,
    start: word.start,
    end: word.end,
    spell: (changes, wanted) => spell(raw, word, changes, wanted),
  };
}

const harmless = /^[\w.,:/@%+=-]*$/;

function spell(raw: string, word: Word, changes: readonly Change[], wanted: string): string[] {
  if (wanted.includes('\0')) return [];
  const kept = word.cells.spell(raw, changes, (text, at) => {
    switch (word.quoted.findLast(({ from, to }) => from <= at && at <= to)?.kind) {
      case 'single':
        return text.replaceAll("'", "'\\''");
      case 'double':
        return text.replace(/[$`"\\]/g, '\\$&');
      default:
        return harmless.test(text) ? text : undefined;
    }
  });
  const anew = `'${wanted.replaceAll("'", "'\\''")}'`;
  return kept === undefined ? [anew] : [kept, anew];
}
