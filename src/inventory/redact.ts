/**
 * What an edit will change, fit to be shown: every secret is `[secret]`, also those of others that share the value.
 *
 * The spans are known, so nothing is searched for to hide the edited parts; a search only adds to it.
 */
import { printable } from '../base/ids.ts';
import { encodePart } from '../documents/coding.ts';
import { pointer } from '../documents/pointer.ts';
import type { Ports } from '../ports/ports.ts';
import type { Held } from '../providers/provider.ts';
import type { Adapters } from './adapters.ts';
import { byValue, type FileEdit, locate, type PartSpot } from './edit.ts';
import { look } from './files.ts';
import { heldIn } from './recognise.ts';
import { resolveUse } from './resolve.ts';
import { unknownPart, unknownProvider } from './unknown.ts';

/** One file of a plan. `changes`: JSON pointer, the parts' names, and the value with every secret replaced: `postgresql://app:[secret]@db/x`. */
export interface RedactedEdit {
  readonly file: string;
  readonly format: string;
  readonly gitTracked: boolean;
  readonly changes: readonly {
    readonly pointer: string;
    readonly part: string;
    readonly before: string;
    readonly after: string;
  }[];
}

const shown = '[secret]';

/** Problems: as `applyEdit`, so that a plan fails where the edit would. A value that is new already is not among the changes. */
export async function redactedChanges(
  ports: Pick<Ports, 'host' | 'disk'>,
  adapters: Adapters,
  edit: FileEdit,
): Promise<RedactedEdit> {
  const { snapshot, splices, spots } = await locate(ports, adapters, edit);
  const document = await look(snapshot, edit.format);
  const others = await textsToHide(ports, adapters, edit);
  const isSecret = (part: string): boolean => secretParts(adapters, edit.provider).has(part);
  const standing = spots.filter((spot) =>
    splices.some(({ path, start }) => start === spot.start && pointer(path) === pointer(spot.path)),
  );
  const changes = byValue(standing).map((group) => {
    const path = group[0]?.path ?? [];
    const value = document?.get(path);
    const text = typeof value === 'string' ? value : '';
    return {
      pointer: printable(pointer(path)),
      part: [...new Set(group.map(({ part }) => part))].join(', '),
      before: hide(text, group, edit.old),
      after: hide(text, group, edit.next),
    };
  });
  return { file: edit.file, format: edit.format, gitTracked: edit.gitTracked, changes };

  function hide(text: string, group: readonly PartSpot[], held: Held): string {
    let out = '';
    let at = 0;
    for (const { part, start, end, coding } of group) {
      out += without(text.slice(at, start));
      const inHand = held.parts[part];
      out += isSecret(part) || !inHand ? shown : encodePart(inHand.reveal(), coding);
      at = end;
    }
    return printable(out + without(text.slice(at)), 500);
  }

  function without(text: string): string {
    return others.reduce((rest, other) => rest.replaceAll(other, shown), text);
  }
}

/** Every secret of the entries that lead here, and the edited one, in the forms it may have. Longest first. */
async function textsToHide(ports: Pick<Ports, 'host' | 'disk'>, adapters: Adapters, edit: FileEdit): Promise<readonly string[]> {
  const all = new Set<string>();
  const add = (provider: string, held: Held): void => {
    const secret = secretParts(adapters, provider);
    for (const [part, text] of Object.entries(held.parts)) {
      if (!secret.has(part)) continue;
      all.add(text.reveal());
      all.add(encodePart(text.reveal(), 'percent'));
    }
  };
  add(edit.provider, edit.old);
  add(edit.provider, edit.next);
  for (const use of edit.uses) {
    const client = adapters.clients.find(({ id }) => id === use.client);
    if (!client) continue;
    for (const { provider, held } of heldIn(adapters, await resolveUse(ports, client, use))) add(provider, held);
  }
  return [...all].toSorted((a, b) => b.length - a.length);
}

function secretParts(adapters: Adapters, provider: string): ReadonlySet<string> {
  if (provider === unknownProvider) return new Set([unknownPart]);
  const parts = adapters.providers.find(({ id }) => id === provider)?.parts ?? [];
  return new Set(parts.filter(({ secret }) => secret).map(({ name }) => name));
}
