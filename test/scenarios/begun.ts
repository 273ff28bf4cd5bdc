/** A rotation in the failing world that has been started, to be taken forward by hand. */
import type { Event, Need, PersonAnswer, Progress } from '../../src/rotation/rotation.ts';
import type { World } from '../world/world.ts';

export interface Begun {
  readonly rotation: string;
  readonly events: readonly Event[];
  /** Goes on; needs of the kind `meets` are met by the person, others are the answer. */
  advance(meets?: Need['kind'], answer?: PersonAnswer): Promise<Progress>;
}

export async function begun(world: World): Promise<Begun> {
  const { because, soakMs = 0 } = world.options;
  const options = { because, soakMs, restart: false, leaveRunning: [], folders: [] };
  const engine = world.engine();
  const rotation = await engine.start(await engine.plan(await world.credentialId(engine), options));
  const events: Event[] = [];
  const onEvent = (event: Event): void => void events.push(event);
  return {
    rotation,
    events,
    async advance(meets, answer) {
      let progress = await world.engine().advance(rotation, { onEvent, ...(answer ? { answer } : {}) });
      for (let times = 0; progress.state === 'waiting' && progress.need.kind === meets && times < 5; times++) {
        progress = await world.engine().advance(rotation, { onEvent, answer: await world.person(progress.need) });
      }
      return progress;
    },
  };
}
