/**
 * Goal: no text of a value that is shown holds a sought secret in any writing; everything else stays.
 * Method: values of every shape with secrets in texts, names and lists.
 */
import { expect, it } from 'vitest';
import { Secret } from '../base/secret.ts';
import { hiddenIn } from './hide.ts';
import { Needles } from './needles.ts';

const text = 'ghp_madeUp/Zk3vQ9xW7mB2tR5yU8pL1';
const needles = [new Needles([{ id: 'a', secret: new Secret(text) }])];

it.each([
  [text, '[secret]'],
  [`refs/heads/try-${text}-2`, 'refs/heads/try-[secret]-2'],
  [
    { list: [{ file: `/home/${text}` }, 3, undefined, null, true] },
    { list: [{ file: '/home/[secret]' }, 3, undefined, null, true] },
  ],
  [{ [text]: 1 }, { '[secret]': 1 }],
  [encodeURIComponent(text), '[secret]'],
  [Buffer.from(text).toString('hex'), '[secret]'],
  ['nothing of it', 'nothing of it'],
  [7, 7],
])('%j', (value, shown) => expect(hiddenIn(value, needles)).toEqual(shown));

it('leaves what is not a plain value as it is', () => {
  const secret = new Secret(text);
  expect(hiddenIn({ secret }, needles).secret).toBe(secret);
});

it('takes the longest of two that begin alike, and each of several in a row', () => {
  const both = [
    new Needles([
      { id: 'a', secret: new Secret('made-up-secret') },
      { id: 'b', secret: new Secret('made-up-secret-2') },
    ]),
  ];
  expect(hiddenIn('x made-up-secret-2made-up-secret y', both)).toBe('x [secret][secret] y');
  expect(hiddenIn('😀😀', [new Needles([{ id: 'c', secret: new Secret('😀😀') }])])).toBe('[secret]');
});
