/** Tests that reading resource policies and tags lazily leads to the same decision as reading everything first. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { sessionCaller, userCaller } from '../../test/support/callers.ts'
import { ServiceError } from '../errors.ts'
import type { Caller } from '../identity/caller.ts'
import { parsePolicy } from '../policy/policy-document.ts'
import type { Database } from '../store/database.ts'
import { authorize } from '../access/authorize.ts'
import { callerPolicies, denialOf, identityOf, type Verdict } from './policy-decision.ts'
import { requestKeys } from './request-keys.ts'

const ca = 'arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/'
const id = '11111111-2222-3333-4444-555555555555'
const now = new Date('2026-11-25T12:00:00Z')
const tags = new Map([['Team', 'web']])
const actions = ['acm-pca:IssueCertificate', 'acm-pca:TagCertificateAuthority']
const template = 'arn:aws:acm-pca:::template/EndEntityCertificate/V1'
const operationKeys = new Map([['acm-pca:templatearn', [template]]])
const connection = { sourceIp: '192.0.2.1', isSecure: true }

const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined })

const common = {
  Effect: fc.constantFrom('Allow', 'Allow', 'Deny'),
  Action: fc.constantFrom<unknown>('*', actions[0], actions, 'acm-pca:Tag*', 's3:*'),
  Resource: fc.constantFrom('*', '*', `${ca}${id}`, `${ca}*`, 'arn:aws:s3:::${aws:username}'),
  Condition: optional(
    fc.constantFrom(
      { StringEquals: { 'aws:ResourceTag/Team': 'web' } },
      { StringEquals: { 'aws:ResourceTag/Team': '${aws:PrincipalTag/Team}' } },
      { StringNotLike: { 'acm-pca:TemplateArn': '*/EndEntity*' } },
      { StringLike: { 'acm-pca:TemplateArn': '*/Root*' } },
      { IpAddress: { 'aws:SourceIp': '192.0.2.0/24' } },
      { Bool: { 'aws:MultiFactorAuthPresent': 'true' } },
    ),
  ),
  Novelty: fc.oneof(
    { weight: 20, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constant(1) },
  ),
}
const principal = fc.constantFrom<unknown>(
  '*',
  { AWS: '123456789012' },
  { AWS: '999999999999' },
  { AWS: 'arn:aws:iam::123456789012:user/alice' },
  { AWS: 'arn:aws:iam::123456789012:role/issuer' },
  { AWS: 'arn:aws:sts::123456789012:assumed-role/issuer/job-1' },
)

function policyOf(statement: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  return fc
    .array(statement, { minLength: 1, maxLength: 3 })
    .map((statements) => JSON.stringify({ Version: '2012-10-17', Statement: statements }))
}

const identityPolicies = fc.array(policyOf(fc.record(common)), { maxLength: 2 })
const resourcePolicies = fc.array(policyOf(fc.record({ ...common, Principal: principal })), {
  maxLength: 2,
})
const anyCaller: fc.Arbitrary<Caller> = fc
  .tuple(fc.boolean(), identityPolicies, optional(identityPolicies))
  .map(([isSession, policies, sessionPolicies]) =>
    isSession ? sessionCaller({ policies, sessionPolicies }) : userCaller({ policies }),
  )
const anyTarget = fc.constantFrom('123456789012', '123456789012', '999999999999')

interface Setting {
  readonly caller: Caller
  readonly accountId: string
  /** The CA's resource policies, as JSON. */
  readonly texts: readonly string[]
}

const anySetting: fc.Arbitrary<Setting> = fc.record({
  caller: anyCaller,
  accountId: anyTarget,
  texts: resourcePolicies,
})
const runs = { seed: 17, numRuns: 3000 }

function arnIn(accountId: string): string {
  return `${ca.replace('123456789012', accountId)}${id}`
}

/** Returns the first denial, given the CA's tags and the resource policies that have been read. */
function firstDenial(
  { caller, accountId, texts }: Setting,
  { isRequired = false, read = texts }: { isRequired?: boolean; read?: readonly string[] | 'none' },
): Verdict | undefined {
  const isOwn = accountId === caller.accountId
  const policies = read === 'none' ? undefined : read.map((text) => parsePolicy(text, 'resource'))
  const keys = requestKeys({
    ...connection,
    caller,
    now,
    resourceAccount: accountId,
    resourceTags: isOwn || texts.length > 0 ? tags : new Map(),
    operation: operationKeys,
  })
  const target = { isOwn, isRequired, policies }
  const request = { resource: arnIn(accountId), keys, principal: identityOf(caller) }
  return actions
    .map((action) => denialOf(callerPolicies(caller), target, { ...request, action }))
    .find((denial) => denial !== undefined)
}

test('a decision that is final without resource policies stays the same after they are read', () => {
  const outcomes = new Set<string>()
  fc.assert(
    fc.property(anySetting, fc.boolean(), (setting, isRequired) => {
      const unread = firstDenial(setting, { isRequired, read: 'none' })
      const read = firstDenial(setting, { isRequired })
      outcomes.add(`${unread?.isFinal} ${read === undefined}`)
      if (unread === undefined || unread.isFinal) assert.deepEqual(unread, read)
      else assert.equal(unread.reason, firstDenial(setting, { isRequired, read: [] })?.reason)
      assert.notEqual(read?.isFinal, false)
      if (isRequired) assert.notEqual(unread, undefined)
    }),
    runs,
  )
  const expected = ['false false', 'false true', 'true false', 'undefined true']
  assert.deepEqual([...outcomes].sort(), expected)
})

async function authorized({ caller, accountId, texts }: Setting): Promise<{
  readonly reads: readonly string[]
  readonly message: string | undefined
}> {
  const reads: string[] = []
  const db = {
    query({ text }: { readonly text: string }) {
      const table = / from (\w+)/.exec(text)?.[1] ?? ''
      reads.push(table)
      return table === 'tags'
        ? [...tags].map(([key, value]) => ({ tag_key: key, tag_value: value }))
        : texts.map((policy) => ({ policy }))
    },
  } as unknown as Database
  const access = { ...connection, actions, resourceArn: arnIn(accountId), keys: operationKeys }
  try {
    await authorize({ db, clock: { now: () => now } }, caller, access)
    return { reads, message: undefined }
  } catch (error) {
    assert.ok(error instanceof ServiceError, String(error))
    return { reads, message: error.message }
  }
}

test('lazy reading of policies and tags never changes a decision', async () => {
  let decidedAlone = 0
  await fc.assert(
    fc.asyncProperty(anySetting, async (setting) => {
      const { reads, message } = await authorized(setting)
      const denial = firstDenial(setting, {})
      assert.equal(message === undefined, denial === undefined)
      assert.ok(message?.includes(denial?.reason ?? '') ?? true, message)
      const own = callerPolicies(setting.caller)
      const asksForTags = [...own.identity, ...(own.session ?? [])].some(
        ({ asksForResourceTags }) => asksForResourceTags,
      )
      const isOwn = setting.accountId === setting.caller.accountId
      if (!isOwn || asksForTags || denial !== undefined) return
      if (firstDenial(setting, { read: 'none' }) !== undefined) return
      assert.deepEqual(reads, [])
      decidedAlone += 1
    }),
    runs,
  )
  assert.ok(decidedAlone > 50, String(decidedAlone))
})
