/**
 * Goal: a key that only a person can end leads to a page that the browser may open, and says what to do there; where none is
 * known, that is said and nothing is opened.
 * Method: every row, every format of src/search.
 */
import { expect, it } from 'vitest';
import { mayOpen } from '../platform/browser.ts';
import { formats } from '../search/formats.ts';
import { paged, revocationPage } from './pages.ts';

it.each(paged)('%s has a page over https, and steps', (provider) => {
  const { name, page } = revocationPage(provider, 'some key');
  expect(mayOpen(page.url)).toBe(true);
  expect(new URL(page.url).protocol).toBe('https:');
  expect(name.length).toBeGreaterThan(1);
  expect(page.steps.join(' ')).toContain('some key');
});

it('every page is of a provider whose keys are known by their format', () => {
  const providers = new Set(formats.map(({ provider }) => provider));
  expect(paged.filter((provider) => !providers.has(provider))).toEqual([]);
});

it('most formats lead to a page', () => {
  const providers = [...new Set(formats.map(({ provider }) => provider))];
  expect(providers.filter((provider) => paged.includes(provider)).length).toBeGreaterThan(providers.length / 2);
});

it('without a page says where to look, or follows who told of it', () => {
  expect(revocationPage('nobody', 'Acme\u001b[2J key').page).toMatchObject({
    url: '',
    steps: [expect.stringContaining('\\u{1b}'), expect.any(String)],
  });
  expect(revocationPage('nobody', 'key', 'https://github.com/a/b/1').page.url).toBe('https://github.com/a/b/1');
});
