/** A plan as text. The plan holds no secret: the engine has put `[secret]` in their place. Pure. */
import { duration } from '../../base/time.ts';
import type { RedactedEdit } from '../../inventory/redact.ts';
import type { Plan, PlannedGrant, PlannedRestart } from '../../rotation/rotation.ts';
import { spotsOf } from '../need.ts';
import { count, field, lines, name, paint, type Style, truncateMiddle, wrap } from '../text.ts';

const labelWidth = 12;

export function render(plan: Plan, style: Style): string {
  const about = (label: string, text: string): string[] => field(label, name(text), style, labelWidth);
  const { options, steps, pointOfNoReturn } = plan;
  return lines([
    ...wrap(`plan: ${plan.because} rotation of ${name(plan.credential)}`, style.width).map((line) => paint(style, 'bold', line)),
    ...about('method', `${plan.provider}, ${plan.method}`),
    ...about('overlap', overlapOf(plan)),
    ...about('downtime', plan.downtime),
    ...(options.soakMs > 0 && steps.includes('soak')
      ? about('soak', `${duration(options.soakMs)} with both credentials alive`)
      : []),
    ...about('steps', steps.map((step) => (step === pointOfNoReturn ? `*${step}*` : step)).join(' > ')),
    ...about('', `*${pointOfNoReturn}* is the point of no return: ${before(plan)}`),
    ...plan.calls.flatMap((call, index) => about(index === 0 ? 'calls' : '', call)),
    ...(plan.projectHosts ?? []).flatMap(({ host, file }) => about('sent to', `${host}, which only ${file} names`)),
    ...(plan.grant ? clears(plan.grant, style) : []),
    ...(plan.grant ? [] : heading('edits', `${count(plan.edits.length, 'file')}, nothing else in them changes`, style)),
    ...plan.edits.flatMap((edit) => renderEdit(edit, style)),
    ...(plan.byHand.length > 0 ? heading('by hand', 'places that only a person can change', style) : []),
    ...spotsOf(plan.byHand).flatMap(({ who, where, todo }) => [
      ...indented(`${where} (${who})`, 2, style),
      ...indented(todo, 4, style),
    ]),
    ...(plan.restarts.length > 0 ? heading('restarts', '', style) : []),
    ...plan.restarts.flatMap((restart) => indented(restartWords(restart), 2, style)),
    ...plan.warnings.flatMap((warning) =>
      field('warning', name(warning), style, labelWidth).map((line) => paint(style, 'yellow', line)),
    ),
  ]);
}

/** Stands under a plan that nobody is asked about: `rotate` asks instead. */
export function renderNext({ credential, because, options: { allowHosts = [], signIn } }: Plan): string {
  const words = [
    ...(because === 'routine' ? [] : ['--because', because]),
    ...(signIn === undefined ? [] : ['--sign-in', signIn]),
    ...(allowHosts.length === 0 ? [] : ['--allow-host', ...allowHosts.map((host) => name(host))]),
  ];
  return `next: ${['mcp-rotate rotate', name(credential), ...words].join(' ')}\n`;
}

/** In a leak the old credential dies before the new one is in any place, whatever the provider could do. */
function overlapOf({ because, overlap, steps, grant }: Plan): string {
  if (grant) return 'none: the old grant is revoked before a new one is asked for';
  if (because !== 'leak' || overlap === 'none') return overlapWords[overlap];
  return steps.indexOf('revoke') < steps.indexOf('issue')
    ? 'none: the leaked credential dies first'
    : 'seconds: the leaked credential dies right after the new one is made';
}

/** What becomes of a rotation that fails before the point of no return. */
function before({ because }: Plan): string {
  return because === 'leak'
    ? 'until then the old one is not touched, after it there is only forwards'
    : 'before it, anything wrong rolls back by itself';
}

const overlapWords: Record<Plan['overlap'], string> = {
  many: 'the old and the new credential live side by side',
  'two at most': 'the old and the new credential live side by side; the provider allows two',
  none: 'none: the old credential dies as the new one is made',
};

function clears({ clears: all }: PlannedGrant, style: Style): string[] {
  return [
    ...heading('clears', `${count(all.length, 'entry', 'entries')}, and nothing beside them`, style),
    ...all.flatMap(({ client, where, stale, byHand }) => [
      ...indented(`${where} (${client}${stale === undefined ? '' : `, ${stale}`})`, 2, style),
      ...(byHand === undefined ? [] : indented(byHand, 4, style)),
    ]),
  ];
}

function heading(label: string, text: string, style: Style): string[] {
  return text === '' ? [paint(style, 'dim', label)] : field(label, text, style, labelWidth);
}

function indented(text: string, by: number, style: Style): string[] {
  const indent = ' '.repeat(by);
  return wrap(name(text), style.width - by).map((line) => indent + line);
}

function renderEdit({ file, gitTracked, changes }: RedactedEdit, style: Style): string[] {
  return [
    `  ${truncateMiddle(name(file), style.width - 2)}`,
    ...(gitTracked
      ? indented('tracked by git: the new secret would be committed with it', 4, style).map((line) =>
          paint(style, 'yellow', line),
        )
      : []),
    ...changes.flatMap(({ pointer, before, after }) => [
      ...indented(pointer, 4, style).map((line) => paint(style, 'dim', line)),
      ...changed('-', before, style).map((line) => paint(style, 'red', line)),
      ...changed('+', after, style).map((line) => paint(style, 'green', line)),
    ]),
  ];
}

function changed(sign: '-' | '+', value: string, style: Style): string[] {
  return wrap(name(value), style.width - 6).map((line, index) => `    ${index === 0 ? sign : ' '} ${line}`);
}

function restartWords({ client, how, byHand, running }: PlannedRestart): string {
  if (how === 'by itself') return `${client}: none, it picks the change up by itself`;
  if (running.length === 0) return `${client}: none, it is not running`;
  const processes = running.map(({ pid, name: program }) => `${program} ${pid}`).join(', ');
  return `${client} (running: ${processes}): ${how === 'by --restart' ? 'quit and started again' : byHand}`;
}
