import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serviceCaller, sessionCaller, userCaller } from '../../test/support/callers.ts'
import { requestKeys, type RequestFacts } from './request-keys.ts'

const facts: RequestFacts = {
  caller: userCaller({ region: 'eu-west-1' }),
  now: new Date('2026-11-25T12:00:00.750Z'),
  sourceIp: '192.0.2.1',
  isSecure: false,
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

test('global condition keys describe the caller, the time, the source and the resource', () => {
  const expected: Record<string, string> = {
    'aws:principalarn': 'arn:aws:iam::123456789012:user/alice',
    'aws:principalaccount': '123456789012',
    'aws:principaltype': 'User',
    'aws:username': 'alice',
    'aws:userid': 'AIDAEXAMPLE',
    'aws:principalisawsservice': 'false',
    'aws:sourceip': '192.0.2.1',
    'aws:currenttime': '2026-11-25T12:00:00.750Z',
    'aws:epochtime': '1795608000',
    'aws:requestedregion': 'eu-west-1',
    'aws:resourceaccount': '999999999999',
    'aws:securetransport': 'false',
  }
  for (const [key, value] of Object.entries(expected)) assert.deepEqual(get(key), [value], key)
})

test('condition keys of the operation cannot replace global condition keys', () => {
  assert.deepEqual(get('aws:tagkeys'), ['Env', 'Team'])
  assert.deepEqual(get('aws:requesttag/env'), ['test'])
  assert.equal(get('acm-pca:templatearn')?.length, 1)
  assert.deepEqual(get('aws:username'), ['alice'])
})

test('a condition key without a value in the request is absent', () => {
  for (const key of [
    'aws:principalorgid',
    'aws:tokenissuetime',
    'aws:sourceaccount',
    'aws:mfa',
    'aws:requesttag/team',
    'constructor',
    'aws:sourcevpc',
  ])
    assert.equal(get(key), undefined, key)
  assert.equal(get('aws:sourceip', { sourceIp: undefined }), undefined)
})

test('tag keys of the CA are compared without regard to case', () => {
  assert.deepEqual(get('aws:resourcetag/env'), ['live'])
  assert.deepEqual(get('aws:resourcetag/cost centre'), [''])
  assert.equal(get('aws:resourcetag/team'), undefined)
  assert.equal(get('aws:resourcetag/'), undefined)
  const operation = new Map([['aws:resourcetag/team', ['x']]])
  assert.equal(get('aws:resourcetag/team', { operation }), undefined)
})

test('tag keys that differ only in case are several values of one condition key', () => {
  const resourceTags = new Map([
    ['ENV', 'x'],
    ['env', 'live'],
  ])
  assert.deepEqual(get('aws:resourcetag/env', { resourceTags }), ['x', 'live'])
})

test('the condition keys of a session contain its account and role', () => {
  const caller = sessionCaller({ organizationId: 'o-exampleorgid' })
  const expected: Record<string, string | undefined> = {
    'aws:principalarn': 'arn:aws:iam::123456789012:role/issuer',
    'aws:principaltype': 'AssumedRole',
    'aws:principalorgid': 'o-exampleorgid',
    'aws:userid': 'AROAEXAMPLE:job-1',
    'aws:tokenissuetime': '2026-11-25T11:00:00.000Z',
    'aws:principaltag/team': 'web',
    'aws:principaltag/other': undefined,
    'aws:federatedprovider': undefined,
  }
  for (const [key, value] of Object.entries(expected))
    assert.deepEqual(get(key, { caller })?.[0], value, key)
  // An operation's condition key cannot replace a global condition key.
  assert.deepEqual(get('aws:username', { caller, operation: new Map() }), undefined)
})

test('the condition keys of a service principal contain the source account, but no user of that account', () => {
  const caller = serviceCaller({
    principal: { kind: 'service', name: 'acm.amazonaws.com', sourceArn: 'arn:aws:acm:x' },
  })
  assert.deepEqual(get('aws:principalisawsservice', { caller }), ['true'])
  assert.deepEqual(get('aws:principalservicename', { caller }), ['acm.amazonaws.com'])
  assert.deepEqual(get('aws:sourceaccount', { caller }), ['123456789012'])
  assert.deepEqual(get('aws:sourcearn', { caller }), ['arn:aws:acm:x'])
  for (const key of ['aws:principalarn', 'aws:principalaccount', 'aws:principaltag/team'])
    assert.equal(get(key, { caller, operation: new Map() }), undefined, key)
})

test('a caller with a web identity token has no principal keys', () => {
  const operation = new Map([['token.example.com:sub', ['x']]])
  for (const key of ['aws:principalarn', 'aws:userid', 'aws:requestedregion', 'aws:username'])
    assert.equal(get(key, { caller: undefined, operation }), undefined, key)
  assert.deepEqual(get('token.example.com:sub', { caller: undefined, operation }), ['x'])
  assert.deepEqual(get('aws:sourceip', { caller: undefined, operation }), ['192.0.2.1'])
})
