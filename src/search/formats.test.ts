/**
 * Goal: a key of a known format is found wherever MCP users put it, byte for byte, and what is none is left alone.
 * Method: a made-up key of every format, a few hundred of each, in every context; the same shortened, lengthened or with one
 * character changed; placeholders; random bytes and text for the bound "the quick look never misses".
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chanceOf, contexts, type Sample, samples } from '../../test/kits/format-samples.ts';
import { crcBase36, crcBase62, crcHexLittleEndian } from './checksums.ts';
import { findFormats, formats, isPlaceholder, mayHoldFormat } from './formats.ts';

const found = (text: string | Uint8Array): readonly string[] =>
  findFormats(typeof text === 'string' ? Buffer.from(text) : text).map(({ format, secret }) => `${format.id} ${secret.reveal()}`);

const multiline = (sample: Sample): boolean => sample.key.includes('\n') || sample.text.includes('"');

describe('checksums', () => {
  it('are those of expired keys that were published', () => {
    expect(crcBase62('zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ')).toBe('0mLq17');
    expect(crcBase62('UEuirnhN6qyDNigmWWTIEHMNquQHF5')).toBe('4FKSCV');
    expect(crcBase36('glpat-vSY1cyL948aAB440qB6L4zlu9OzsUmEV.01.0w')).toBe('0sfevch');
    expect(crcHexLittleEndian('glsa_59XrtzqaLhSMrlep4eCcGvPsXCaf9xE6')).toBe('b83d1d4f');
  });
});

describe('findFormats', () => {
  it('has a sample of every format', () => {
    expect(new Set(samples(chanceOf(1)).map(({ format }) => format))).toEqual(new Set(formats.map(({ id }) => id)));
  });

  it.each(Object.entries(contexts))('finds every format in: %s', (context, write) => {
    const missed: string[] = [];
    for (let seed = 0; seed < 5; seed++) {
      for (const sample of samples(chanceOf(seed))) {
        if (multiline(sample) && !/env of|JSON within|transcript/.test(context)) continue;
        const bytes = Buffer.from(write(sample));
        const hits = findFormats(bytes);
        const hit = hits.find(({ secret }) => secret.reveal() === sample.key);
        // A variable may be known by another format too, by its own mark.
        if (hit === undefined) missed.push(`${sample.format}: ${bytes.toString()}`);
        else if (hit.format.id !== sample.format) missed.push(`${sample.format} as ${hit.format.id}`);
      }
    }
    expect(missed).toEqual([]);
  });

  it('finds all of many keys of every format by chance, and never takes one for a placeholder', () => {
    const missed: string[] = [];
    for (let seed = 100; seed < 220; seed++) {
      for (const sample of samples(chanceOf(seed)).filter((each) => !each.key.startsWith('-----'))) {
        if (!found(`${sample.text}\n`).includes(`${sample.format} ${sample.key}`)) missed.push(`${sample.format} ${sample.text}`);
      }
    }
    expect(missed).toEqual([]);
  }, 120_000);

  it('answers ranges of the bytes, in order, none overlapping another', () => {
    const all = samples(chanceOf(7)).filter((sample) => !multiline(sample));
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.integer({ min: 0, max: 60 }), fc.string({ unit: 'grapheme', maxLength: 30 })), { maxLength: 12 }),
        (parts) => {
          const text = parts.map((part) => (typeof part === 'string' ? part : (all[part % all.length]?.text ?? ''))).join('\n');
          const bytes = Buffer.from(text);
          let before = 0;
          for (const { start, end, secret, format } of findFormats(bytes)) {
            expect(start).toBeGreaterThanOrEqual(before);
            expect(end).toBeGreaterThan(start);
            before = end;
            if (format.id !== 'password-in-address') expect(bytes.toString('latin1', start, end)).toBe(secret.reveal());
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('does not depend on where in the bytes a key begins', () => {
    const all = samples(chanceOf(3)).filter((sample) => !multiline(sample));
    for (const { text, key } of all) {
      for (const shift of [0, 1, 2, 3]) {
        const bytes = Buffer.concat([Buffer.alloc(shift, 0x20), Buffer.from(text)]);
        const [hit] = findFormats(new Uint8Array(bytes).subarray(0));
        expect(hit?.secret.reveal()).toBe(key);
      }
    }
  });

  it('leaves alone what is longer or shorter than a key of a fixed length', () => {
    const fixed = samples(chanceOf(5)).filter(({ format }) =>
      /github-(?:classic|oauth|fine)|npm|openai-old|anthropic-key|google-api|perplexity|groq|hugging|elevenlabs-key|firecrawl|context7|neon|digitalocean-token|linear|figma|airtable|shopify|sendgrid|grafana-token|sentry-user/.test(
        format,
      ),
    );
    expect(fixed.length).toBeGreaterThan(20);
    const wrong = fixed.flatMap(({ key }) =>
      [`${key}a1B2c3D4`, `a${key}`, `_${key}`, key.slice(0, -6)].filter((text) => found(`x "${text}" y`).length > 0),
    );
    expect(wrong).toEqual([]);
  });

  it('leaves alone keys whose checksum is wrong', () => {
    const checked = samples(chanceOf(5)).filter(({ format }) =>
      /github-(?:classic|oauth|refresh)|npm-token|grafana-token|vercel-token/.test(format),
    );
    expect(checked).toHaveLength(7);
    for (const { key } of checked) {
      const at = 12;
      expect(found(`${key.slice(0, at)}${key[at] === 'a' ? 'b' : 'a'}${key.slice(at + 1)}`)).toEqual([]);
    }
  });

  it.each([
    'ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
    'GITHUB_TOKEN=<your-token>',
    '"OPENAI_API_KEY": "sk-proj-your-key-here"',
    `"STRIPE_SECRET_KEY": "${['sk_test_', '4eC39HqLyjWDarjtT1zdp7dc'].join('')}"`,
    'AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE\nAWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    'postgres://user:password@localhost:5432/db',
    'postgresql://postgres:postgres@db:5432/app',
    'postgres://app:${PGPASSWORD}@db/app',
    'mysql://root:secret123@127.0.0.1/x',
    'redis://:$REDIS_PASSWORD@cache:6379',
    'https://user:p4ssw0rd@example.com/',
    'https://alice:Xk83jfnq2LmA@registry.example.com/',
    'mongodb+srv://<username>:<password>@cluster0.abcde.mongodb.net/',
    'DATABASE_URL=postgres://{user}:{password}@{host}/{db}',
    'sk-ant-api03-XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXAA',
    'fc-00000000000000000000000000000000',
    'fc-0123456789abcdef0123456789abcdef',
    'EXA_API_KEY=00000000-0000-0000-0000-000000000000',
    'tvly-YOUR_API_KEY_GOES_RIGHT_HERE',
    'BRAVE_API_KEY=BSA_your_brave_search_api_key_here',
    '-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA...\n-----END RSA PRIVATE KEY-----',
    '-----BEGIN PRIVATE KEY-----\nYOUR KEY HERE\n-----END PRIVATE KEY-----',
    'import { napi_get_value_string_utf8_and_a_longer_name_of_a_function_than_that } from "x"',
    'const re_something_that_is_a_regular_expression = /x/;',
    'https://registry.npmjs.org/@scope/pkg/-/pkg-1.0.0.tgz',
    '"integrity": "sha512-AKIAabcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuv=="',
    '// see https://user@example.com:8080/a@b',
    'git clone ssh://git:@github.com/x',
  ])('leaves alone %s', (text) => {
    expect(found(text)).toEqual([]);
  });

  it('finds a key behind escapes and colours', () => {
    const key = samples(chanceOf(9)).find(({ format }) => format === 'github-classic-token')?.key ?? '';
    for (const text of [`a\\n${key}`, `Bearer%20${key}%0A`, `\\u0022${key}\\u0022`, `\u001b[31m${key}\u001b[0m`, `\\x22${key}`])
      expect(found(text)).toEqual([`github-classic-token ${key}`]);
    expect(found(`xn${key}`)).toEqual([]);
  });

  it('finds an AWS secret on either side of its id, and not a hash or a path there', () => {
    const { key, text } = samples(chanceOf(2)).find(({ format }) => format === 'aws-access-key') ?? { key: '', text: '' };
    const id = /AKIA\w{16}/.exec(text)?.[0] ?? '';
    expect(found(`${key} ${id}`)).toEqual([`aws-access-key ${key}`]);
    expect(found(`${id}\n${key}`)).toEqual([`aws-access-key ${key}`]);
    expect(found(id)).toEqual([]);
    expect(found(`${id} da39a3ee5e6b4b0d3255bfef95601890afd80709`)).toEqual([]);
    expect(found(`${id} src/components/Button/Button9/index/Wide`)).toEqual([]);
  });

  it('decodes a password that an address encodes', () => {
    const [hit] = findFormats(Buffer.from('x postgres://app:aB3%40%2Fkd9Q%C3%A9@db.corp/x'));
    expect(hit?.secret.reveal()).toBe('aB3@/kd9Qé');
    expect(hit?.format.provider).toBe('postgresql');
  });

  it('is bounded on bytes made to be slow', () => {
    const begun = performance.now();
    for (const piece of [
      '-----BEGIN PRIVATE KEY-----',
      'postgres://a:b',
      'AKIAABCDEFGHIJKLMNOP ',
      'eyJhbGciOiJ',
      'ghp_',
      'SG.aaaaaaaaaaaaaaaaaaaaaa.',
      'MTA0',
      'xoxb-1-',
      'https://:::::',
    ])
      findFormats(Buffer.from(piece.repeat(Math.ceil(2e6 / piece.length))));
    expect(performance.now() - begun).toBeLessThan(30_000);
  });
});

describe('mayHoldFormat', () => {
  it('never misses what findFormats finds', () => {
    const all = samples(chanceOf(11));
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 64 }),
        fc.nat({ max: all.length - 1 }),
        fc.uint8Array({ maxLength: 64 }),
        (before, index, behind) => {
          const bytes = Buffer.concat([before, Buffer.from(all[index]?.text ?? ''), behind]);
          expect(mayHoldFormat(bytes) || findFormats(bytes).length === 0).toBe(true);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('sees the beginning of a key through base64, hex and UTF-16, where four of its characters are fixed', () => {
    const all = samples(chanceOf(13)).filter(
      (sample) => !multiline(sample) && /^[a-z]{2,}[-_][A-Za-z0-9]*[-_]|^(?:ghp_|glpat-|npm_)/.test(sample.key),
    );
    // One is told by the name beside it, the other begins with three fixed characters only.
    const plainOnly = ['launchdarkly-key', 'resend-key'];
    expect(all.length).toBeGreaterThan(20);
    const missed = all
      .filter(({ format }) => !plainOnly.includes(format))
      .flatMap(({ key, format }) => {
        const inBase64 = ['', 'u', 'us', 'user:'].map((before) => Buffer.from(`${before}${key}`).toString('base64'));
        const others = [Buffer.from(key).toString('hex'), Buffer.from(key).toString('hex').toUpperCase()];
        const wide = Buffer.from(key, 'utf16le');
        const bytes = [...inBase64, ...others].map((text) => Buffer.from(`x = ${text}\n`));
        return [...bytes, wide, Buffer.from(wide).swap16()].flatMap((each, index) =>
          mayHoldFormat(each) ? [] : [`${format} ${index}`],
        );
      });
    expect(missed).toEqual([]);
  });

  it('says no to text without any anchor', () => {
    expect(mayHoldFormat(Buffer.from('The quick brown fox jumps over the lazy dog. '.repeat(1000)))).toBe(false);
  });
});

describe('isPlaceholder', () => {
  it.each([
    '<your-key>',
    'YOUR_API_KEY',
    'xxxx',
    'ghp_xxxxxxxxxxxx',
    'changeme',
    'example',
    '${TOKEN}',
    '$TOKEN',
    '{{ token }}',
    'sk-...',
    '********',
    '0000000000',
    '1234567890',
    'AKIAIOSFODNN7EXAMPLE',
    'your-token-here',
    'insert-key',
    'abcdabcdabcdabcd',
  ])('%s is one', (text) => {
    expect(isPlaceholder(text)).toBe(true);
  });

  it('no key made by chance is one', () => {
    const wrong: string[] = [];
    for (let seed = 1000; seed < 1120; seed++)
      for (const { key } of samples(chanceOf(seed)).filter((each) => !each.key.startsWith('-----')))
        if (isPlaceholder(key)) wrong.push(key);
    expect(wrong).toEqual([]);
  }, 120_000);
});
