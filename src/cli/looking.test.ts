/**
 * Goal: what takes longer than a second says so on a terminal, takes its line away whatever happens, and is silent elsewhere.
 * Method: a terminal made of values whose seconds pass when the test says so.
 */
import { expect, it } from 'vitest';
import { whileWaiting } from './looking.ts';

function terminal(isTerminal: boolean) {
  let tick = (): void => {};
  let text = '';
  const write = (more: string): void => {
    text += more;
  };
  const err = { width: 80, color: false, isTerminal, isScreen: isTerminal, write };
  const every = (_length: number, call: () => void) => {
    tick = call;
    return () => {
      tick = () => {};
    };
  };
  return { at: { err, every }, second: () => tick(), written: () => text };
}

it('shows what is awaited after a second, and takes it away', async () => {
  const { at, second, written } = terminal(true);
  const work = async () => {
    second();
    second();
    throw new Error('no');
  };
  await expect(whileWaiting(at, 'planning', work)).rejects.toThrow('no');
  second();
  expect(written()).toBe('\r\u001b[2Kplanning: 1 s\r\u001b[2Kplanning: 2 s\r\u001b[2K');
});

it.each([
  [true, 0],
  [false, 3],
])('writes nothing (terminal %s, %i seconds)', async (isTerminal, seconds) => {
  const { at, second, written } = terminal(isTerminal);
  const work = async () => {
    for (let n = 0; n < seconds; n++) second();
    return 'it';
  };
  expect(await whileWaiting(at, 'planning', work)).toBe('it');
  expect(written()).toBe('');
});
