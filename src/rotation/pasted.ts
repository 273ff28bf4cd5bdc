/**
 * What a person hands over, looked at before it is sent anywhere: something else that was on the clipboard (a password, a
 * key of another service) must not reach the provider. Pure.
 *
 * The provider's own recogniser decides. Where it does not know the old credential by its text alone, the text is free (a
 * password of a database): nobody can tell from outside, and the provider's answer counts.
 */
import type { Held, Provider, Slot } from '../providers/provider.ts';

/** Why it is not sent, in words that hold nothing of it; undefined: it may be tried. */
export function notSent(provider: Provider, old: Held, pasted: Held): string | undefined {
  if (isOld(provider, old, pasted)) return 'that is the old key, and was not sent: make a new one';
  if (!isWhole(provider, old) || isWhole(provider, pasted)) return undefined;
  const article = /^[aeiou]/i.test(provider.name) ? 'an' : 'a';
  return `that does not look like ${article} ${provider.name} credential, and was not sent: copy the whole of it and nothing else`;
}

function isOld(provider: Provider, old: Held, pasted: Held): boolean {
  const secrets = provider.parts.filter(({ name, secret }) => secret && pasted.parts[name] !== undefined);
  const same = secrets.filter(({ name }) => {
    const before = old.parts[name];
    return before !== undefined && pasted.parts[name]?.equals(before) === true;
  });
  return secrets.length > 0 && same.length === secrets.length;
}

/** The parts stand in slots of the provider's name, each whole: what stands around a key is as wrong as another key. */
function isWhole(provider: Provider, held: Held): boolean {
  const parts = provider.parts.flatMap(({ name }) => {
    const value = held.parts[name]?.reveal();
    return value === undefined ? [] : [{ name, value }];
  });
  const slots = parts.map(({ name, value }): Slot => ({ where: 'field', name: `${provider.id} ${name}`, value }));
  return provider
    .recognise(slots)
    .some((found) =>
      parts.every(({ name, value }, index) =>
        found.parts.some((span) => span.part === name && span.slot === index && span.start === 0 && span.end === value.length),
      ),
    );
}
