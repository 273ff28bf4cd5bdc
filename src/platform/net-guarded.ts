/**
 * Requests that must not reach some addresses: those that come from the metadata of a server that we do not know.
 *
 * The addresses that a name has are judged where the connection takes them, so that the name cannot mean another address by
 * then; one forbidden address among several is enough. An address given as a number is judged before (URLs give all its
 * notations one form). No proxy is used: nobody could say what it connects to.
 */
import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { pipeline } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { Problem } from '../base/problem.ts';
import type { HttpRequest } from '../ports/net.ts';
import type { Incoming } from './net.ts';
import { reachOf } from './net-addresses.ts';

type Never = NonNullable<HttpRequest['never']>;

/** All addresses of a name, or the system's error. */
export type Lookup = (
  name: string,
  done: (error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[]) => void,
) => void;

const bySystem: Lookup = (name, done) =>
  systemLookup(name, { all: true, verbatim: true }, (error, all) => done(error, error ? [] : all));

/** Rejects with a Problem for a forbidden address, with Node's own errors otherwise: the caller knows what they mean. */
export async function sendGuarded(
  prepared: Request,
  { body, never = [] }: HttpRequest,
  signal: AbortSignal,
  lookup: Lookup = bySystem,
): Promise<Incoming> {
  const url = new URL(prepared.url);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const here = /(^|\.)localhost\.?$/.test(host) && never.includes('loopback');
  if (here || (isIP(host) !== 0 && forbidden(host, never))) throw unsafe(url.host);
  const { request } = url.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    const outgoing = request(url, {
      method: prepared.method,
      headers: { accept: '*/*', ...Object.fromEntries(prepared.headers) },
      // One of its own, so that no connection is kept and no proxy of the environment is taken.
      agent: false,
      lookup: judged(lookup, never, url.host),
      signal,
    });
    outgoing.once('error', reject);
    outgoing.once('response', (answer) => {
      const headers = Object.fromEntries(
        Object.entries(answer.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : String(value)]),
      );
      resolve({ status: answer.statusCode ?? 0, headers, body: unpacked(answer) });
    });
    outgoing.end(body);
  });
}

function judged(lookup: Lookup, never: Never, host: string): LookupFunction {
  return (name, options, done) =>
    lookup(name, (error, addresses) => {
      const first = addresses[0];
      if (error !== null || first === undefined) {
        done(error ?? Object.assign(new Error(), { code: 'ENOTFOUND' }), '');
      } else if (addresses.some(({ address }) => forbidden(address, never))) {
        done(unsafe(host), '');
      } else if (options.all) {
        done(null, [...addresses]);
      } else {
        done(null, first.address, first.family);
      }
    });
}

function forbidden(address: string, never: Never): boolean {
  const reach = reachOf(address);
  // 0.0.0.0 and [::] are ways to say "this machine" that nobody needs: refused with either.
  return reach !== 'public' && (never.includes(reach) || /^(0\.|::$)/.test(address));
}

function unsafe(host: string): Problem {
  return new Problem('oauth/unsafe-address', {
    what: `${host} leads to this machine or to a private network, and another server named it`,
    next: 'look at what the MCP server and its authorization server publish; if that network is meant, allow it by name',
  });
}

function unpacked(answer: http.IncomingMessage): AsyncIterable<Uint8Array> {
  const unpackers = { gzip: createGunzip, 'x-gzip': createGunzip, deflate: createInflate, br: createBrotliDecompress };
  const name = (answer.headers['content-encoding'] ?? '').trim().toLowerCase();
  const unpacker = Object.hasOwn(unpackers, name) ? unpackers[name as keyof typeof unpackers]() : undefined;
  // An error of either ends both, and comes to whoever reads.
  return unpacker === undefined ? answer : pipeline(answer, unpacker, () => undefined);
}
