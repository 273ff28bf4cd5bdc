/** Secrets written in every way that is looked through, each in a file of its own: coded, in archives, in two halves. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { tar, zip } from './archives.ts';

/** Letters and digits that look like a key. */
export function madeUpSecret(seed: string, place: string): string {
  const digest = createHash('sha512')
    .update(`${seed} ${place}`)
    .digest('base64')
    .replace(/[^A-Za-z0-9]/g, '');
  return `k${digest.slice(0, 31)}`;
}

/** With characters that some writings have to change. */
export function specialSecret(seed: string, place: string, middle: string): string {
  const secret = madeUpSecret(seed, place);
  return secret.slice(0, 18) + middle + secret.slice(18);
}

/** `plant` notes a secret and answers its text; the files are to be put below `b` and `c`. */
export function plantWritings(
  seed: string,
  plant: (place: string, more: { readonly tier: 'B' | 'C' | 'X'; readonly secret?: string }) => string,
  write: (path: string, bytes: string | Uint8Array) => void,
): void {
  const env = (text: string): string => `# settings\nAPI_KEY=${text}\n`;
  const b = (place: string, secret = madeUpSecret(seed, place)) => plant(place, { tier: 'B', secret });
  const c = (place: string) => plant(place, { tier: 'C' });
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const wide = (text: string) => Buffer.from(text, 'utf16le');
  write('b/base64.yaml', `data:\n  key: ${base64(b('base64'))}\n`);
  write('b/basic.txt', `Authorization: Basic ${base64(`ada:${b('base64 behind a user name')}`)}\n`);
  write('b/url.txt', Buffer.from(`?${b('base64url', specialSecret(seed, 'base64url', '>>??'))}`).toString('base64url'));
  write('b/wrapped.txt', base64(`${'before '.repeat(15)}${b('wrapped base64')} after`).replace(/.{76}/g, '$&\n'));
  write('b/hex.txt', `0x${Buffer.from(b('hex')).toString('hex')}`);
  write('b/percent.txt', `https://x.example/?k=${encodeURIComponent(b('percent', specialSecret(seed, 'percent', '/+=&')))}`);
  write('b/escaped.json', JSON.stringify({ key: b('json', specialSecret(seed, 'json', '"\\\n')) }));
  write(
    'b/slash.json',
    JSON.stringify({ key: b('json with slashes', specialSecret(seed, 'json with slashes', '/a/')) }).replaceAll('/', '\\/'),
  );
  write(
    'b/twice.json',
    JSON.stringify({ log: JSON.stringify({ key: b('json in json', specialSecret(seed, 'json in json', '"')) }) }),
  );
  write('b/le.txt', Buffer.concat([Buffer.from([0xff, 0xfe]), wide(env(b('utf-16le')))]));
  write('b/be.txt', Buffer.concat([Buffer.from([0xfe, 0xff]), wide(env(b('utf-16be'))).swap16()]));
  const output = {
    cells: [
      { outputs: [{ text: [`key: ${b('an output of a notebook', specialSecret(seed, 'an output of a notebook', '"'))}\n`] }] },
    ],
  };
  write('b/notebook.ipynb', JSON.stringify(output, undefined, 1));
  write('c/a.gz', gzipSync(env(c('gzip'))));
  write('c/a.zip', zip({ 'docs/a.txt': env(c('zip')) }));
  write('c/a.tar', tar({ 'a.txt': env(c('tar')) }));
  write('c/a.tgz', gzipSync(tar({ 'deep/a.txt': env(c('tar in gzip')) })));
  write('c/a.xlsx', zip({ 'xl/sharedStrings.xml': `<sst><si><t>${c('xlsx')}</t></si></sst>` }));
  write('c/a.docx', zip({ 'word/document.xml': `<w:t>${c('docx')}</w:t>` }));
  write('c/a.jar', zip({ 'lib/inner.jar': zip({ 'application.properties': env(c('zip in zip')) }) }));
  const halves = plant('two halves', { tier: 'X' });
  write('b/halves.js', `const key = '${halves.slice(0, 16)}' +\n  '${halves.slice(16)}';\n`);
}
