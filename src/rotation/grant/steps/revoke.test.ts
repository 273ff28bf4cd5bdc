/**
 * Goal: a person is sent to no page but one that a browser opens over https, whatever the metadata says.
 * Method: the page for metadata with odd texts in it.
 */
import { describe, expect, it } from 'vitest';
import { pageOf } from './revoke.ts';

describe('pageOf', () => {
  it.each([
    'https://a.example/\u001b[2J',
    'https://a.example/ x',
    'https://a.example/\nfake',
    'http://a.example/',
    'javascript:alert(1)',
    'https://',
    `https://a.example/${'x'.repeat(600)}`,
    7,
    null,
  ])('passes over %j', (service_documentation) => {
    expect(pageOf('https://as.example', { service_documentation }).url).toBe('https://as.example');
    const both = { service_documentation, op_policy_uri: 'https://as.example/apps' };
    expect(pageOf('https://as.example', both).url).toBe('https://as.example/apps');
  });
});
