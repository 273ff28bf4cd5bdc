/**
 * The new grant works: the server takes its access token as read from the store, and the client itself gets through with it.
 *
 * 'no' stops here; 'could not tell' of the client's own way is for a person to accept, by name.
 */
import { Problem } from '../../../base/problem.ts';
import { accessStanding } from '../../../oauth/standing.ts';
import type { ServerRef } from '../../../stores/store.ts';
import { done, type Outcome, type Step } from '../../step.ts';
import { commandFor } from '../command.ts';
import type { GrantRun } from '../grant-run.ts';
import { followed, isOver, refreshed } from '../kept.ts';

export const verify: Step<GrantRun> = {
  name: 'verify',
  async settle(run) {
    return run.known.doneSinceIssued.has('verify');
  },
  async run(run): Promise<Outcome> {
    const { client, server } = run.planned;
    let holding = await followed(run);
    if (holding?.entry.tokens && isOver(run, holding.entry.tokens) && (await refreshed(run, holding)))
      holding = await followed(run);
    const access = holding?.entry.tokens?.access;
    if (!access) throw new Problem('rotation/not-proven', { what: `${client} does not keep the new tokens any more` });
    const discovery = await run.discovery();
    const standing = await run.patiently('verify', () => accessStanding(run.wire, discovery, access));
    await run.prove({ kind: 'authenticated', answer: standing.alive, client, server, how: standing.how, at: run.now });
    if (standing.alive === 'no') {
      throw new Problem('rotation/new-does-not-work', { what: `the server refuses the new access token: ${standing.how}` });
    }
    if (standing.alive === 'unknown') {
      throw new Problem('rotation/not-proven', { what: `could not tell whether the new access token works: ${standing.how}` });
    }
    return throughClient(run);
  },
};

async function throughClient(run: GrantRun): Promise<Outcome> {
  const { connects } = run.store;
  const { client, server, url } = run.planned;
  if (!connects) return { state: 'done', note: `${client} has no way of its own to try it from outside` };
  const ref: ServerRef = { server, url, headers: {}, transport: 'http' };
  const { input: lines, timeoutMs, says, ...command } = connects;
  const ran = await commandFor(run, { ...command, ...(lines ? { input: lines(ref) } : {}) }, timeoutMs);
  const answer = ran ? says(`${ran.output}\n${ran.errors}`, ref) : 'unknown';
  const how = ran
    ? `${connects.program} ${connects.args.join(' ')}`
    : run.subject.folder === ''
      ? `only a project names the server, so ${connects.program} is not run`
      : `${connects.program} is not on the PATH, or could not be run`;
  await run.prove({ kind: 'connects', answer, client, server, how, at: run.now });
  if (answer === 'yes') return done;
  if (answer === 'no') throw new Problem('rotation/new-does-not-work', { what: `${client} does not get through to ${server}` });
  if (run.takeAnswer('accept-unproven', 'accept') || run.known.accepted.has('accept-unproven')) {
    return { state: 'done', note: `not tried through ${client}, accepted by a person` };
  }
  return { state: 'needs', need: { kind: 'accept-unproven', what: [`${server} through ${client}: ${how}`] } };
}
