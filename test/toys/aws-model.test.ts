/**
 * Goal: the checker of AWS requests refuses what AWS' own models do not allow; what it lets through it knows.
 * Method: one wrong request for each rule, and a right one.
 */
import { describe, expect, it } from 'vitest';
import { accessKeyId } from './aws.ts';
import { checkAwsRequest } from './aws-model.ts';

const id = accessKeyId(1);

describe('the checker', () => {
  it.each([
    ['an unknown operation', 'Action=MakeTea&Version=2010-05-08'],
    ['another version', 'Action=CreateAccessKey&Version=2011-06-15'],
    ['an unknown parameter', 'Action=CreateAccessKey&Version=2010-05-08&User=x'],
    ['a missing parameter', 'Action=DeleteAccessKey&Version=2010-05-08'],
    ['a short id', 'Action=DeleteAccessKey&Version=2010-05-08&AccessKeyId=AKIA'],
    ['letters that a user name never has', 'Action=CreateAccessKey&Version=2010-05-08&UserName=a%20b'],
    ['a status that there is not', `Action=UpdateAccessKey&Version=2010-05-08&AccessKeyId=${id}&Status=Gone`],
  ])('refuses %s', (_what, body) => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    expect(() => checkAwsRequest('iam', { method: 'POST', path: '/', headers, body })).toThrow();
  });

  it('takes a right request', () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const body = `Action=DeleteAccessKey&Version=2010-05-08&AccessKeyId=${id}`;
    const call = checkAwsRequest('iam', { method: 'POST', path: '/', headers, body });
    expect(call).toEqual({ service: 'iam', operation: 'DeleteAccessKey', input: { AccessKeyId: id } });
  });

  it.each([
    ['a key of a lookup that there is not', { LookupAttributes: [{ AttributeKey: 'Colour', AttributeValue: 'x' }] }],
    ['a lookup without a value', { LookupAttributes: [{ AttributeKey: 'EventName' }] }],
    ['more than fifty events', { MaxResults: 51 }],
    ['a time as text', { StartTime: '2026-11-22' }],
    ['an unknown member', { Since: 1 }],
  ])('refuses %s', (_what, input) => {
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'CloudTrail_20131101.LookupEvents' };
    expect(() => checkAwsRequest('cloudtrail', { method: 'POST', path: '/', headers, body: JSON.stringify(input) })).toThrow();
  });
});
