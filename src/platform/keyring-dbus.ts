/**
 * Asking the Secret Service over D-Bus by the programs that Linux systems have for it, and reading what they print.
 *
 * Only names are asked for: no call here opens a session or reads a secret. Each program prints in a notation of its own; a
 * text that is not wholly in that notation is not read at all, for half a list would pass for a whole one.
 * Seen on 2026-11-23 with gdbus 2.74, dbus-send 1.14 and busctl 252 against gnome-keyring 42.1.
 */

/** Arrays, dictionaries (as Map), texts, truth values and numbers, whatever carried them. */
export type Value = string | number | boolean | readonly Value[] | ReadonlyMap<string, Value>;

export interface BusTool {
  readonly program: string;
  /** Arguments for the search by service; undefined when the program cannot take such a service. */
  search(service: string): readonly string[] | undefined;
  property(object: string, owner: 'Service' | 'Collection' | 'Item', name: string): readonly string[];
  /** The values that a call answered; undefined when the text is not in the program's notation. */
  read(text: string): readonly Value[] | undefined;
}

const bus = 'org.freedesktop.secrets';
export const root = '/org/freedesktop/secrets';
const secret = 'org.freedesktop.Secret';
const properties = 'org.freedesktop.DBus.Properties';

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

export const busTools: readonly BusTool[] = [
  {
    program: 'gdbus',
    search: (service) => [...gdbus(root, `${secret}.Service.SearchItems`), `{'service': ${quoted(service)}}`],
    property: (object, owner, name) => [...gdbus(object, `${properties}.Get`), `${secret}.${owner}`, name],
    read: readVariantText,
  },
  {
    program: 'dbus-send',
    // A comma would end the text.
    search: (service) =>
      service.includes(',')
        ? undefined
        : [...dbusSend(root, `${secret}.Service.SearchItems`), `dict:string:string:service,${service}`],
    property: (object, owner, name) => [...dbusSend(object, `${properties}.Get`), `string:${secret}.${owner}`, `string:${name}`],
    read: readDbusSend,
  },
  {
    program: 'busctl',
    search: (service) => [...busctl, 'call', bus, root, `${secret}.Service`, 'SearchItems', 'a{ss}', '1', 'service', service],
    property: (object, owner, name) => [...busctl, 'get-property', bus, object, `${secret}.${owner}`, name],
    read: readBusctl,
  },
];

function gdbus(object: string, method: string): readonly string[] {
  return ['call', '--session', '--timeout', '5', '--dest', bus, '--object-path', object, '--method', method];
}

function dbusSend(object: string, method: string): readonly string[] {
  return ['--session', '--print-reply', '--reply-timeout=5000', `--dest=${bus}`, object, method];
}

const busctl = ['--user', '--json=short', '--timeout=5'];

/** Notation of GLib's GVariant: `([objectpath '/a'], @ao [])`, `(<{'k': 'v'}>,)`. */
export function readVariantText(text: string): readonly Value[] | undefined {
  const reader = new Reader(text.trim());
  const value = reader.variant();
  return value !== undefined && reader.atEnd && Array.isArray(value) ? value : undefined;
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v' };

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get atEnd(): boolean {
    return this.#at === this.#text.length;
  }

  variant(): Value | undefined {
    // A type in front, where the value alone would not tell it.
    this.#match(/@[a-z(){}]+ |(?:objectpath|signature|byte|u?int(?:16|32|64)|handle|double) /y);
    if (this.#match(/\(/y)) return this.#list(')');
    if (this.#match(/\[/y)) return this.#list(']');
    if (this.#match(/\{/y)) return this.#dictionary();
    if (this.#match(/</y)) {
      const inner = this.variant();
      return inner !== undefined && this.#match(/>/y) ? inner : undefined;
    }
    if (this.#match(/true\b/y)) return true;
    if (this.#match(/false\b/y)) return false;
    const number = this.#match(/-?\d+(?:\.\d+)?\b/y);
    return number === undefined ? this.#string() : Number(number);
  }

  #list(end: ')' | ']'): Value | undefined {
    const values: Value[] = [];
    for (;;) {
      // A tuple of one has a comma behind it.
      if (this.#match(end === ')' ? /\)/y : /\]/y)) return values;
      const value = this.variant();
      if (value === undefined) return undefined;
      values.push(value);
      if (this.#match(/, ?/y) === undefined) return this.#match(end === ')' ? /\)/y : /\]/y) ? values : undefined;
    }
  }

  #dictionary(): Value | undefined {
    const entries = new Map<string, Value>();
    if (this.#match(/\}/y)) return entries;
    for (;;) {
      const key = this.#string();
      if (key === undefined || !this.#match(/: /y)) return undefined;
      const value = this.variant();
      if (value === undefined) return undefined;
      entries.set(key, value);
      if (this.#match(/\}/y)) return entries;
      if (!this.#match(/, /y)) return undefined;
    }
  }

  #string(): string | undefined {
    const text = this.#match(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/sy);
    if (text === undefined) return undefined;
    return text
      .slice(1, -1)
      .replace(/\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))/gs, (_all, short?: string, long?: string, one?: string) =>
        one === undefined ? String.fromCodePoint(Number.parseInt(short ?? long ?? '', 16)) : (escapes[one] ?? one),
      );
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }
}

/**
 * Notation of dbus-send: one thing a line, indented. It escapes nothing, so a text with a line break in it is not readable
 * here (its lines fit no form).
 */
export function readDbusSend(text: string): readonly Value[] | undefined {
  const [head, ...lines] = text.trimEnd().split('\n');
  if (!/^method return /.test(head ?? '')) return undefined;
  const left = lines.map((line) => line.trim().replace(/^variant\s+/, ''));
  const value = (): Value | undefined => {
    const line = left.shift();
    if (line === undefined) return undefined;
    const string = /^(?:object path|string) "(.*)"$/.exec(line)?.[1];
    if (string !== undefined) return string;
    const truth = /^boolean (true|false)$/.exec(line)?.[1];
    if (truth !== undefined) return truth === 'true';
    const number = /^u?int(?:16|32|64) (-?\d+)$/.exec(line)?.[1];
    if (number !== undefined) return Number(number);
    return line === 'array [' ? array() : undefined;
  };
  const array = (): Value | undefined => {
    const values: Value[] = [];
    const entries = new Map<string, Value>();
    for (;;) {
      if (left[0] === ']') {
        left.shift();
        if (values.length > 0 && entries.size > 0) return undefined;
        return entries.size > 0 ? entries : values;
      }
      if (left[0] === 'dict entry(') {
        left.shift();
        const key = value();
        const held = value();
        if (typeof key !== 'string' || held === undefined || left.shift() !== ')') return undefined;
        entries.set(key, held);
      } else {
        const each = value();
        if (each === undefined) return undefined;
        values.push(each);
      }
    }
  };
  const all: Value[] = [];
  while (left.length > 0) {
    const each = value();
    if (each === undefined) return undefined;
    all.push(each);
  }
  return all;
}

/** `{"type":"aoao","data":[[…],[…]]}` of a call, `{"type":"a{ss}","data":{…}}` of a property. */
export function readBusctl(text: string): readonly Value[] | undefined {
  try {
    const { type, data } = JSON.parse(text) as { type?: unknown; data?: unknown };
    if (typeof type !== 'string' || data === undefined) return undefined;
    const value = ofJson(data);
    if (value === undefined) return undefined;
    return type === 'aoao' && Array.isArray(value) ? value : [value];
  } catch {
    return undefined;
  }
}

function ofJson(json: unknown): Value | undefined {
  if (typeof json === 'string' || typeof json === 'number' || typeof json === 'boolean') return json;
  if (typeof json !== 'object' || json === null) return undefined;
  if (Array.isArray(json)) {
    const values = json.map(ofJson);
    return values.every((value) => value !== undefined) ? values : undefined;
  }
  const entries = Object.entries(json).map(([key, value]) => [key, ofJson(value)] as const);
  return entries.every((entry): entry is readonly [string, Value] => entry[1] !== undefined) ? new Map(entries) : undefined;
}
