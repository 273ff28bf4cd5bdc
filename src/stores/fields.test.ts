/**
 * Goal: a field of the wrong type is read as absent, and no number of a foreign file becomes a time that nobody can print.
 * Method: each reader against the types and limits that JSON allows.
 */
import { describe, expect, it } from 'vitest';
import { changeOf, fieldsOf, readTree, scopesField, secretField, textField, timeField, withFields } from './fields.ts';

const read = (value: string): ReturnType<typeof fieldsOf> => fieldsOf(readTree(`{"x":${value}}`));

describe('fields', () => {
  it.each([
    ['1795400618246', 1, 1795400618246],
    ['1795400618.246', 1000, 1795400618246],
    ['8.64e15', 1, 8.64e15],
    ['8.65e15', 1, undefined],
    ['8.64e15', 1000, undefined],
    ['1e400', 1, undefined],
    ['0', 1, undefined],
    ['-5', 1, undefined],
    ['"1795400618246"', 1, undefined],
    ['true', 1, undefined],
    ['[1795400618246]', 1, undefined],
    ['null', 1, undefined],
  ])('reads %s in units of %i ms', (value, unit, time) => expect(timeField(read(value), 'x', unit)).toBe(time));

  it.each(['1', 'null', '""', '["t"]', '{"t":1}', 'false'])('takes %s for no text and no secret', (value) => {
    expect(textField(read(value), 'x')).toBeUndefined();
    expect(secretField(read(value), 'x')).toBeUndefined();
    expect(textField(undefined, 'x')).toBeUndefined();
  });

  it('reads scopes of a list or of a text', () => {
    expect(scopesField(read('"a  b "'), 'x')).toEqual(['a', 'b']);
    expect(scopesField(read('["a",1,"",null,"b"]'), 'x')).toEqual(['a', 'b']);
    expect(scopesField(read('[]'), 'x')).toBeUndefined();
    expect(scopesField(read('7'), 'x')).toBeUndefined();
  });

  it('sets fields, takes away those that are not to be there, and leaves the others', () => {
    expect(withFields('{"a":{"x":1,"y":2,"z":3}}', ['a'], { y: undefined, x: 4 })).toBe('{"a":{"x":4,"z":3}}');
    expect(withFields('{"a":[]}', ['a'], { y: undefined, x: 4 })).toBe('{"a":{"x":4}}');
    expect(withFields('', ['__proto__'], { x: 4 })).toBe('{"__proto__":{"x":4}}');
  });

  it('changes nothing of a text that it cannot read', () =>
    expect(changeOf({ name: 'f', text: '{' }, () => 'something')).toEqual([]));
});
