import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asksForResourceTags, requestKeys, type RequestFacts } from './request-keys.ts'

const facts: RequestFacts = {
  caller: {
    partition: 'aws',
    region: 'eu-west-1',
    accountId: '123456789012',
    arn: 'arn:aws:iam::123456789012:user/alice',
    accessKeyId: 'AKIDEXAMPLE',
    userName: 'alice',
    policies: [],
  },
  now: new Date('2026-11-25T12:00:00.750Z'),
  sourceIp: '192.0.2.1',
  resourceAccount: '999999999999',
  resourceTags: new Map([
    ['Env', 'live'],
    ['cost centre', ''],
  ]),
  operation: new Map([
    ['acm-pca:templatearn', ['arn:aws:acm-pca:::template/EndEntityCertificate/V1']],
    ['aws:tagkeys', ['Env', 'Team']],
    ['aws:requesttag/env', ['test']],
    ['aws:username', ['mallory']],
  ]),
}

const get = (key: string, more: Partial<RequestFacts> = {}) =>
  requestKeys({ ...facts, ...more }).get(key)

test('global keys say who asks, when, from where and for what', () => {
  const expected: Record<string, string> = {
    'aws:principalarn': 'arn:aws:iam::123456789012:user/alice',
    'aws:principalaccount': '123456789012',
    'aws:principaltype': 'User',
    'aws:username': 'alice',
    'aws:sourceip': '192.0.2.1',
    'aws:currenttime': '2026-11-25T12:00:00.750Z',
    'aws:epochtime': '1795608000',
    'aws:requestedregion': 'eu-west-1',
    'aws:resourceaccount': '999999999999',
    'aws:securetransport': 'false',
  }
  for (const [key, value] of Object.entries(expected)) assert.deepEqual(get(key), [value], key)
})

test('keys of the operation are given as they are, and cannot stand in for global ones', () => {
  assert.deepEqual(get('aws:tagkeys'), ['Env', 'Team'])
  assert.deepEqual(get('aws:requesttag/env'), ['test'])
  assert.equal(get('acm-pca:templatearn')?.length, 1)
  assert.deepEqual(get('aws:username'), ['alice'])
})

test('a key that the request does not have is absent', () => {
  for (const key of [
    'aws:userid',
    'aws:mfa',
    'aws:requesttag/team',
    'constructor',
    'aws:sourcevpc',
  ])
    assert.equal(get(key), undefined, key)
  assert.equal(get('aws:sourceip', { sourceIp: undefined }), undefined)
})

test('tags of the CA are found by their key without regard to case', () => {
  assert.deepEqual(get('aws:resourcetag/env'), ['live'])
  assert.deepEqual(get('aws:resourcetag/cost centre'), [''])
  assert.equal(get('aws:resourcetag/team'), undefined)
  assert.equal(get('aws:resourcetag/'), undefined)
  const operation = new Map([['aws:resourcetag/team', ['x']]])
  assert.equal(get('aws:resourcetag/team', { operation }), undefined)
})

test('tags whose keys differ in case only are several values of one key', () => {
  const resourceTags = new Map([
    ['ENV', 'x'],
    ['env', 'live'],
  ])
  assert.deepEqual(get('aws:resourcetag/env', { resourceTags }), ['x', 'live'])
})

test('a policy asks for tags with a key of its own', () => {
  for (const keys of [['aws:resourcetag/env'], ['aws:username', 'aws:resourcetag/cost centre']])
    assert.equal(asksForResourceTags(new Set(keys)), true, keys.join())
  for (const keys of [[], ['aws:requesttag/env'], ['aws:username', 'aws:tagkeys']])
    assert.equal(asksForResourceTags(new Set(keys)), false, keys.join())
})
