/**
 * A small checker of requests against AWS' own service models (test/descriptions/aws.*): the operation exists, every parameter
 * is known, required ones are there, and texts keep to pattern, length and enum. Query protocol (IAM, STS) and JSON
 * (CloudTrail).
 */
import { readFileSync } from 'node:fs';
import type { ToyRequest } from './server.ts';

interface Shape {
  readonly type: string;
  readonly members?: Readonly<Record<string, { readonly shape: string }>>;
  readonly member?: { readonly shape: string };
  readonly required?: readonly string[];
  readonly pattern?: string;
  readonly min?: number;
  readonly max?: number;
  readonly enum?: readonly string[];
}

interface Model {
  readonly metadata: { readonly apiVersion: string; readonly protocol: string; readonly targetPrefix?: string };
  readonly operations: Readonly<Record<string, { readonly input?: { readonly shape: string } }>>;
  readonly shapes: Readonly<Record<string, Shape>>;
}

export type AwsService = 'iam' | 'sts' | 'cloudtrail';

const read = (service: AwsService): Model =>
  JSON.parse(readFileSync(new URL(`../descriptions/aws.${service}.service-2.cut.json`, import.meta.url), 'utf8')) as Model;
const models: Readonly<Record<AwsService, Model>> = { iam: read('iam'), sts: read('sts'), cloudtrail: read('cloudtrail') };

export interface AwsCall {
  readonly service: AwsService;
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** Throws with what is wrong. */
export function checkAwsRequest(service: AwsService, request: Pick<ToyRequest, 'method' | 'path' | 'headers' | 'body'>): AwsCall {
  const model = models[service];
  if (request.method !== 'POST' || request.path !== '/') throw new Error(`${request.method} ${request.path} is not POST /`);
  const { operation, input } = model.metadata.protocol === 'query' ? fromQuery(model, request) : fromJson(model, request);
  const described = model.operations[operation];
  if (described === undefined) throw new Error(`${service} has no operation ${operation}`);
  if (described.input !== undefined) checkValue(model, described.input.shape, input, operation);
  else if (Object.keys(input).length > 0) throw new Error(`${operation} takes no parameters`);
  return { service, operation, input };
}

function fromQuery(model: Model, { headers, body }: Pick<ToyRequest, 'headers' | 'body'>) {
  if (!headers['content-type']?.startsWith('application/x-www-form-urlencoded')) throw new Error('not a form');
  const { Action: operation = '', Version: version, ...input } = Object.fromEntries(new URLSearchParams(body));
  if (version !== model.metadata.apiVersion) throw new Error(`version ${version} is not ${model.metadata.apiVersion}`);
  return { operation, input };
}

function fromJson(model: Model, { headers, body }: Pick<ToyRequest, 'headers' | 'body'>) {
  if (headers['content-type'] !== 'application/x-amz-json-1.1') throw new Error('not JSON 1.1');
  const [prefix = '', operation = ''] = (headers['x-amz-target'] ?? '').split('.');
  // The model still names the long prefix; current SDKs send its last part, and AWS takes both.
  if (prefix === '' || !model.metadata.targetPrefix?.endsWith(prefix)) throw new Error(`target ${prefix}`);
  return { operation, input: JSON.parse(body) as Record<string, unknown> };
}

function checkValue(model: Model, name: string, value: unknown, at: string): void {
  const shape = model.shapes[name];
  if (shape === undefined) throw new Error(`${at}: the model has no shape ${name}`);
  const wrong = (why: string): Error => new Error(`${at}: ${why} (${name})`);
  switch (shape.type) {
    case 'structure': {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong('not a structure');
      for (const needed of shape.required ?? []) if (!(needed in value)) throw wrong(`${needed} is missing`);
      for (const [key, item] of Object.entries(value)) {
        const member = shape.members?.[key];
        if (member === undefined) throw wrong(`${key} is unknown`);
        checkValue(model, member.shape, item, `${at}.${key}`);
      }
      return;
    }
    case 'list':
      if (!Array.isArray(value)) throw wrong('not a list');
      checkSize(shape, value.length, wrong);
      for (const [index, item] of value.entries()) checkValue(model, shape.member?.shape ?? '', item, `${at}[${index}]`);
      return;
    case 'string':
      if (typeof value !== 'string') throw wrong('not a text');
      checkSize(shape, value.length, wrong);
      if (shape.enum !== undefined && !shape.enum.includes(value)) throw wrong(`${value} is not one of its values`);
      if (shape.pattern !== undefined && !new RegExp(`^(?:${shape.pattern})$`, 'u').test(value))
        throw wrong('does not fit the pattern');
      return;
    case 'integer':
      if (!Number.isInteger(value)) throw wrong('not a whole number');
      if ((shape.min ?? -Infinity) > Number(value) || (shape.max ?? Infinity) < Number(value)) throw wrong('out of range');
      return;
    case 'timestamp':
      if (typeof value !== 'number') throw wrong('not a time in seconds');
      return;
    default:
      throw wrong(`a ${shape.type} that this checker does not know`);
  }
}

function checkSize({ min = 0, max = Number.POSITIVE_INFINITY }: Shape, length: number, wrong: (why: string) => Error): void {
  if (length < min || length > max) throw wrong(`${length} long, not ${min} to ${max}`);
}
