/**
 * What the last look at this machine told, kept for as long as nothing that it saw has changed.
 *
 * A look sees the machine through ports alone. So here everything that it asks of the disk is noted with what tells whether
 * the answer would be the same again, and every variable that it reads; the answer is told again while all of these are as they were. What was seen in
 * any other way (a program was run, the network asked) is not remembered, nor what is too young for its mark to be proof.
 * A keyring that was open is known by its file, for a while (docs/decisions/0012).
 * Only looks are remembered: a rotation never acts on a memory. Nothing secret is kept: the caller's answer holds none,
 * and of a variable only a keyed hash is written.
 */
import { Problem } from '../base/problem.ts';
import { type Instant, type Milliseconds, minute } from '../base/time.ts';
import type { Disk, FilePath } from '../ports/disk.ts';
import { journalFile } from '../ports/journal-store.ts';
import type { Keyring } from '../ports/keyring.ts';
import type { Ports } from '../ports/ports.ts';
import { fingerprintKey } from '../providers/fingerprint.ts';

const schema = 'mcp-rotate/look@1';
/** The coarsest grain of a file system's clock (FAT). */
const grain = 2000;
/**
 * What an open keyring told is believed while gnome-keyring's files are as they were; another Secret Service would keep its
 * items elsewhere, unseen, so no longer than this.
 */
const keyringHolds: Milliseconds = 10 * minute;
/** Names of folders and sockets, no secrets: kept as they are, since hashing takes longer than all else. */
const isPlain = (name: string): boolean => /^(?:XDG_[A-Z_]+|DBUS_SESSION_BUS_ADDRESS)$/.test(name);

export interface Question {
  /** What was asked: another text for whatever gives another answer on an unchanged machine. */
  readonly text: string;
  /** File of the running program: another version may answer otherwise. */
  readonly program: FilePath;
  /** Name of the file that the answer is kept in, so that two who ask do not push each other out. Default `look.json`. */
  readonly file?: string;
}

export interface Told<Answer> {
  /** JSON, without a secret. */
  readonly answer: Answer;
  readonly until: Instant;
  readonly problems: readonly Problem[];
}

/** What was asked of the disk: the bytes of a file (of a database's log, if any), the names in a folder, or what stands there. */
type Asked = 'bytes' | 'log' | 'names' | 'kind';

interface Fact {
  readonly asked: Asked;
  readonly path: FilePath;
  /** Another text when the answer would be another. */
  readonly text: string;
  /** Of a text that is a mark. */
  readonly changedAt: Instant | undefined;
}

interface Memory<Answer> {
  readonly schema: typeof schema;
  readonly question: string;
  readonly from: Instant;
  readonly until: Instant;
  readonly facts: readonly (readonly [Asked, FilePath, string])[];
  readonly variables: readonly (readonly [string, string | null])[];
  readonly answer: Answer;
}

/** The answer to the question, from memory while that is good, else by `look`, which must see through the ports it is given. */
export async function remembered<Answer>(
  ports: Ports,
  question: Question,
  look: (ports: Ports) => Promise<Told<Answer>>,
): Promise<Answer> {
  const { host, clock, disk } = ports;
  // First the program: what another one wrote may have another form.
  const { text: program, changedAt } = await disk.mark(question.program);
  const text = JSON.stringify([
    program,
    question.text,
    host.os,
    host.home,
    host.folder,
    host.stateFolder,
    host.userName,
    host.userId,
  ]);
  const path = host.join(host.stateFolder, question.file ?? 'look.json');
  const kept = await recall();
  if (kept && kept.question === text && (await holds(ports, kept))) return kept.answer;
  const from = clock.now();
  const seen = new Seen(ports);
  const { answer, until, problems } = await look(seen.ports);
  const settled = from - grain;
  if (
    (changedAt ?? from) < settled &&
    seen.before(settled) &&
    problems.every(({ code }) => /^(?:document|inventory)\//.test(code))
  ) {
    const facts = seen.facts.map(({ asked, path, text }) => [asked, path, text] as const);
    const variables = await hashed(ports, seen.variables);
    const most = seen.askedKeyring ? Math.min(until, from + keyringHolds) : until;
    if (variables) await keep({ schema, question: text, from, until: most, facts, variables, answer });
  }
  return answer;

  async function recall(): Promise<Memory<Answer> | undefined> {
    try {
      const value: unknown = JSON.parse(new TextDecoder().decode((await disk.read(path)).bytes));
      return isMemory<Answer>(value) ? value : undefined;
    } catch {
      // None yet, or not ours: the look is made, and writes a new one.
      return undefined;
    }
  }

  /** A memory that cannot be kept fails nothing. */
  async function keep(memory: Memory<Answer>): Promise<void> {
    try {
      await disk.makeFolder(host.stateFolder);
      const version = (await disk.kind(path)) === undefined ? 'absent' : (await disk.read(path)).version;
      await disk.replace(path, version, new TextEncoder().encode(JSON.stringify(memory)), { mode: 0o600 });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
    }
  }
}

function isMemory<Answer>(value: unknown): value is Memory<Answer> {
  if (typeof value !== 'object' || value === null || !('schema' in value) || value.schema !== schema) return false;
  const { facts, variables } = value as Partial<Memory<Answer>>;
  return isRows(facts) && isRows(variables);
}

function isRows(value: unknown): boolean {
  return (
    Array.isArray(value) && value.every((row) => Array.isArray(row) && row.every((each) => typeof (each ?? '') === 'string'))
  );
}

async function holds(ports: Ports, { from, until, facts, variables }: Memory<unknown>): Promise<boolean> {
  const now = ports.clock.now();
  // A clock that was set back leaves ages wrong.
  if (now < from || now >= until) return false;
  const same = await Promise.all(facts.map(async ([asked, path, text]) => (await factOf(ports.disk, asked, path)).text === text));
  if (same.includes(false)) return false;
  const current = await hashed(ports, new Set(variables.map(([name]) => name)));
  return current !== undefined && JSON.stringify(current) === JSON.stringify(variables);
}

/** Folders that many files come and go in, such as a home, would soon have another mark; their names are few. */
const mostNames = 1000;

async function factOf(disk: Disk, asked: Asked, path: FilePath): Promise<Fact> {
  if (asked === 'kind') return { asked, path, text: (await disk.kind(path)) ?? '', changedAt: undefined };
  if (asked === 'names') {
    const names = await disk.list(path).catch(() => undefined);
    if (names && names.length <= mostNames) {
      return { asked, path, text: names.map(({ name, kind }) => `${name}/${kind[0]}`).join('/'), changedAt: undefined };
    }
  }
  const { text, size, changedAt } = await disk.mark(path);
  // Opening a database makes its log anew, and an empty one says nothing.
  return asked === 'log' && size === 0 ? { asked, path, text: '', changedAt: undefined } : { asked, path, text, changedAt };
}

/** undefined when this machine has no lasting key to hash with. */
async function hashed(ports: Ports, names: ReadonlySet<string>): Promise<Memory<unknown>['variables'] | undefined> {
  const values = [...names].map((name) => [name, ports.host.env(name)] as const);
  if (values.every(([name, value]) => value === undefined || isPlain(name)))
    return values.map(([name, value]) => [name, value ?? null]);
  const { key, problem } = await fingerprintKey(ports);
  if (problem) return undefined;
  const told = (name: string, value: string): string =>
    isPlain(name) ? value : ports.random.hmacSha256(key, `${name}\0${value}`);
  return values.map(([name, value]) => [name, value === undefined ? null : told(name, value)]);
}

/** Ports through which nothing is seen without being noted. */
class Seen {
  readonly #facts = new Map<string, Fact>();
  readonly variables = new Set<string>();
  readonly ports: Ports;
  readonly #real: Ports;
  askedKeyring = false;
  #elsewhere = false;

  constructor(real: Ports) {
    this.#real = real;
    const { host, disk } = real;
    const noted =
      <Rest extends unknown[], Answer>(asked: Asked, call: (path: FilePath, ...rest: Rest) => Promise<Answer>) =>
      async (path: FilePath, ...rest: Rest): Promise<Answer> => {
        await this.note(asked, path);
        return call(path, ...rest);
      };
    this.ports = {
      ...real,
      host: {
        ...host,
        env: (name) => {
          this.variables.add(name);
          return host.env(name);
        },
      },
      disk: {
        read: noted('bytes', (path, most?: number) => disk.read(path, most)),
        mark: noted('bytes', (path) => disk.mark(path)),
        list: noted('names', (path) => disk.list(path)),
        kind: noted('kind', (path) => disk.kind(path)),
        replace: (...given) => disk.replace(...given),
        withLock: (...given) => disk.withLock(...given),
        freeLocks: () => disk.freeLocks(),
        remove: (path) => disk.remove(path),
        tidy: (path) => disk.tidy(path),
        makeFolder: (path) => disk.makeFolder(path),
      },
      processes: this.#noting(real.processes),
      keyring: this.#keyring(real.keyring),
      net: this.#noting(real.net),
      databases: this.#noting(real.databases),
      mcp: this.#noting(real.mcp),
      journal: async () => {
        // What the journal holds lies in its file and, until that is brought in, in its log.
        await this.note('bytes', journalFile(host));
        await this.note('log', `${journalFile(host)}-wal`);
        return real.journal();
      },
    };
  }

  /** Noted before the call itself: what changes in between is another fact by the next look. */
  async note(asked: Asked, path: FilePath): Promise<void> {
    const key = `${asked} ${path}`;
    if (!this.#facts.has(key)) this.#facts.set(key, await factOf(this.#real.disk, asked, path));
  }

  get facts(): readonly Fact[] {
    return [...this.#facts.values()];
  }

  /** Nothing was seen but facts and variables, and no mark among them is of a later change. */
  before(instant: Instant): boolean {
    return !this.#elsewhere && this.facts.every(({ changedAt }) => changedAt === undefined || changedAt < instant);
  }

  #keyring(keyring: Keyring): Keyring {
    const told = <Answer>(answer: Answer | 'locked' | 'unavailable'): Answer | 'locked' | 'unavailable' => {
      if (answer === 'locked' || answer === 'unavailable') this.#elsewhere = true;
      return answer;
    };
    return {
      list: async (...given) => {
        await this.#noteKeyring();
        return told(await keyring.list(...given));
      },
      get: async (...given) => {
        await this.#noteKeyring();
        return told(await keyring.get(...given));
      },
      set: (...given) => {
        this.#elsewhere = true;
        return keyring.set(...given);
      },
      remove: (...given) => {
        this.#elsewhere = true;
        return keyring.remove(...given);
      },
    };
  }

  /** The files of gnome-keyring: every change of an item is written there at once. Where there are none, nothing tells. */
  async #noteKeyring(): Promise<void> {
    if (this.askedKeyring) return;
    this.askedKeyring = true;
    const { host, disk } = this.ports;
    const folder = host.join(host.env('XDG_DATA_HOME') ?? host.join(host.home, '.local', 'share'), 'keyrings');
    const files = host.os === 'linux' ? (await disk.list(folder)).filter(({ name }) => name.endsWith('.keyring')) : [];
    if (files.length === 0) this.#elsewhere = true;
    for (const { name } of files) await this.note('bytes', host.join(folder, name));
  }

  #noting<Port extends object>(port: Port): Port {
    return new Proxy(port, {
      get: (target, name) => {
        this.#elsewhere = true;
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }
}
