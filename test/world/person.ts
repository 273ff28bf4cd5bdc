/** What a person does when the tool asks: honest, able, and careful with keys that are not of this rotation. */
import { Secret } from '../../src/base/secret.ts';
import type { Need, PersonAnswer } from '../../src/rotation/rotation.ts';
import { toyText } from './toy-providers.ts';
import type { World } from './world.ts';

export function answerOf(world: World, need: Need, asked: number): PersonAnswer {
  const { upstream } = world;
  switch (need.kind) {
    case 'new-credential': {
      const key = upstream.add({ text: toyText(world.random), label: 'by hand', madeBy: 'person' });
      world.handedOver.add(key.text);
      return { kind: 'new-credential', parts: { token: new Secret(key.text) } };
    }
    case 'revoke-by-hand':
      for (const key of upstream.keys) if (need.page.steps.includes(`Revoke the key ${key.id}.`)) upstream.revoke(key, 'person');
      return { kind: 'done' };
    case 'restart-by-hand':
      world.restartPrograms();
      // A clock that was set back makes every program look older than the write: after a while a person says so.
      return { kind: asked < 3 ? 'done' : 'accept' };
    case 'edit-by-hand':
      return { kind: 'done' };
    case 'confirm-strays': {
      const shown = upstream.keys.filter((key) => need.strays.some((stray) => stray.upstreamId === key.id));
      if (shown.length > 0 && shown.every((key) => key.madeBy === 'us')) return { kind: 'accept' };
      // Not all of them are ours, or the tool cannot list them: the person looks at the provider's page.
      const used = new Set([...world.configKeys(), world.old.text]);
      for (const key of upstream.keys) if (key.madeBy === 'us' && !used.has(key.text)) upstream.revoke(key, 'person');
      return { kind: shown.length > 0 ? 'refuse' : 'done' };
    }
    case 'accept-unproven':
      return { kind: 'accept' };
    case 'recognise-activity':
      return { kind: 'recognised', verdicts: [] };
    case 'stop-by-hand':
    case 'clear-by-hand':
    case 'sign-in':
      throw new Error('no key needs a sign-in');
  }
}
