import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Caller } from './caller.ts'
import { personOf, webPerson } from './person.ts'

const caller = {
  accountId: '123456789012',
  principal: { kind: 'user', userId: 'AIDAEXAMPLE', userName: 'alice', tags: {} },
} as Caller

const session = (origin: string | undefined): Caller => ({
  ...caller,
  principal: {
    kind: 'role-session',
    roleName: 'issuer',
    roleId: 'AROAEXAMPLE',
    sessionName: 'job',
    issuedAt: new Date(0),
    tags: {},
    transitiveTags: {},
    sourceIdentity: undefined,
    federatedProvider: undefined,
    origin,
  },
})

test('a session is the person who started it, and unknown for a token of an earlier version', () => {
  assert.equal(personOf(caller), 'AIDAEXAMPLE')
  assert.equal(personOf(session('AIDAEXAMPLE')), 'AIDAEXAMPLE')
  assert.equal(personOf(session(undefined)), undefined)
})

test('a service is one person for each account that it acts for', () => {
  const name = 'acm.amazonaws.com'
  const service = { ...caller, principal: { kind: 'service', name, sourceArn: undefined } } as const
  assert.equal(personOf(service), 'acm.amazonaws.com for 123456789012')
})

test('the person of a web identity depends on provider and subject, and on nothing else', () => {
  const arn = 'arn:aws:iam::123456789012:oidc-provider/issuer.example'
  assert.match(webPerson(arn, 'a'), /^web:[0-9a-f]{64}$/)
  assert.equal(webPerson(arn, 'a'), webPerson(arn, 'a'))
  assert.equal(
    new Set([webPerson(arn, 'a'), webPerson(arn, 'b'), webPerson(`${arn}a`, 'a')]).size,
    3,
  )
})
