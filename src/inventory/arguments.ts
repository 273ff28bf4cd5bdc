/**
 * Arguments as slots: which flag, variable or header an argument gives a value to. Pure.
 *
 * Programs differ in how they read their arguments; this reads what most of them mean. A wrong name does no harm beyond a
 * guess at an unknown key: the value and the trace to its literal are the same.
 */
import type { ResolvedSlot } from './resolved.ts';
import { cut, type Traced } from './traced.ts';

const flagWithValue = /^(--?[A-Za-z][\w.-]*)=/;
const assignment = /^([A-Za-z_]\w*)=/;
const headerLine = /^([A-Za-z0-9-]+):[ \t]*/;
const envFlags = new Set(['-e', '--env', '--environment']);
const headerFlags = new Set(['-H', '--header', '--headers']);

export function argumentSlots(args: readonly Traced[]): readonly ResolvedSlot[] {
  const slots: ResolvedSlot[] = [];
  let flag = '';
  for (const arg of args) {
    const isFlag = /^--?[A-Za-z]/.test(arg.value);
    const withValue = flagWithValue.exec(arg.value);
    if (isFlag && !withValue) {
      slots.push(slot('', arg));
      flag = arg.value;
      continue;
    }
    const name = withValue ? (withValue[1] ?? '') : flag;
    slots.push(named(name, withValue ? cut(arg, withValue[0].length) : arg));
    flag = '';
  }
  return slots;
}

function named(flag: string, text: Traced): ResolvedSlot {
  const inside =
    envFlags.has(flag) || flag === '' ? assignment.exec(text.value) : headerFlags.has(flag) ? headerLine.exec(text.value) : null;
  return inside ? slot(inside[1] ?? '', cut(text, inside[0].length)) : slot(flag, text);
}

const slot = (name: string, { value, pieces }: Traced): ResolvedSlot => ({ where: 'arg', name, value, pieces });
