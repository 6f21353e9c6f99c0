/** Tests that the IAM policy in docs/tasks/kms-keys.md allows every request that Signet sends to KMS, and nothing else. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import {
  generateMasterKey,
  requireUsableKmsKey,
  unwrapMasterKey,
  wrapMasterKey,
} from '../src/data-folder/kms-master-key.ts'
import { parseKeyArn } from '../src/keys/kms/key-arn.ts'
import { createKmsKeyStore } from '../src/keys/kms/kms-key-store.ts'
import { decide } from '../src/policy/evaluation.ts'
import { parsePolicy } from '../src/policy/policy-document.ts'
import { systemRandom as random } from '../src/random.ts'
import type { KmsInput } from './support/kms-operations.ts'
import { KmsServer, useKmsCredentials } from './support/kms-server.ts'

useKmsCredentials()
const account = '111122223333'
const page = readFileSync(new URL('../docs/tasks/kms-keys.md', import.meta.url), 'utf8')
const [, document = ''] = /```json\n([\s\S]*?)```/.exec(page) ?? []

interface Statement {
  readonly Sid: string
  readonly Action: string | readonly string[]
}

let kms: KmsServer
let masterKeyArn: string
before(async () => {
  kms = await KmsServer.start()
  masterKeyArn = kms.operations.createSymmetricKey().arn
})
after(() => kms[Symbol.asyncDispose]())

/**
 * The resources for which KMS authorizes a request (AWS KMS Developer Guide, KMS permissions reference), and the
 * request's additional actions.
 */
function permissionsOf(operation: string, input: KmsInput): readonly (readonly string[])[] {
  const { AliasName, TargetKeyId, KeyId } = input as Readonly<Record<string, string>>
  const alias = `arn:aws:kms:${kms.region}:${account}:${AliasName}`
  const keyOf = (id: string | undefined): string =>
    id === undefined ? '' : kms.operations.find({ KeyId: id }).arn
  if (operation === 'CreateKey')
    return [
      ['CreateKey', '*'],
      ['TagResource', '*'],
    ]
  if (operation === 'ListAliases') return [['ListAliases', '*']]
  if (AliasName === undefined) return [[operation, keyOf(KeyId)]]
  return [
    [operation, alias],
    [operation, keyOf(TargetKeyId ?? AliasName)],
  ]
}

/** The condition keys for a request. */
function conditionsOf(resource: string, input: KmsInput): Map<string, readonly string[]> {
  const keys = new Map<string, readonly string[]>()
  const context = (input['EncryptionContext'] ?? {}) as Readonly<Record<string, string>>
  for (const [name, value] of Object.entries(context))
    keys.set(`kms:encryptioncontext:${name}`, [value])
  const tags = (input['Tags'] ?? []) as readonly { TagKey: string; TagValue: string }[]
  for (const { TagKey, TagValue } of tags) keys.set(`aws:requesttag/${TagKey}`, [TagValue])
  const key = kms.operations.keys.find(({ arn }) => arn === resource)
  if (key !== undefined) keys.set('kms:keyusage', [key.options.usage])
  return keys
}

/** Makes the stand-in deny everything that the policy does not allow. */
function enforce(statements: readonly Statement[]): void {
  const text = JSON.stringify({ Version: '2012-10-17', Statement: statements })
  const policy = parsePolicy(
    text.replaceAll(/arn:aws:kms:[a-z0-9-]+:\d{12}:key\/KEY-ID/g, masterKeyArn),
  )
  const principal = { accountId: account, names: [`arn:aws:iam::${account}:role/signet`] }
  kms.fault = (operation, input) => {
    if (operation === 'DescribeKey' && isMissingAlias(input)) return undefined
    if (operation === 'DeleteAlias' && isMissingAlias({ KeyId: input['AliasName'] }))
      return undefined
    const isAllowed = permissionsOf(operation, input).every(([action, resource = '']) => {
      const keys = conditionsOf(resource, input)
      const request = { action: `kms:${action}`, resource, keys, principal }
      return decide(policy, request) === 'allowed'
    })
    return isAllowed ? undefined : 'deny'
  }
}

function isMissingAlias({ KeyId }: KmsInput): boolean {
  const id = String(KeyId)
  return id.startsWith('alias/') && !kms.operations.aliases.has(id)
}

let names = 0

/** Performs every KMS operation that Signet uses. */
async function useAll(): Promise<void> {
  const { endpoint, region } = kms
  const keys = createKmsKeyStore({ endpoint, region, random })
  const name = `policy-${(names += 1)}`
  const { handle } = await keys.create(name, 'EC_prime256v1')
  await keys.create(name, 'EC_prime256v1')
  await keys.sign(handle, 'SHA256WITHECDSA', Buffer.from('x'))
  await keys.destroy(handle)
  await keys.close?.()
  const arn = parseKeyArn(masterKeyArn) ?? assert.fail('not an ARN')
  const options = { arn, endpoint, random }
  await requireUsableKmsKey(arn, options)
  const { bytes, content } = await generateMasterKey(arn, options)
  assert.deepEqual(await unwrapMasterKey(content, 'master.key', options), bytes)
  await wrapMasterKey(bytes, arn, options)
}

const statements = (JSON.parse(document) as { readonly Statement: readonly Statement[] }).Statement

test('the documented policy allows every request of Signet to KMS', async () => {
  enforce(statements)
  await useAll()
})

for (const [index, { Sid, Action }] of statements.entries())
  for (const action of [Action].flat())
    test(`Signet needs ${action} of the statement ${Sid}`, async () => {
      const others = [Action].flat().filter((each) => each !== action)
      const without = statements.map((statement, at) =>
        at === index
          ? { ...statement, Action: others.length > 0 ? others : ['kms:None'] }
          : statement,
      )
      enforce(without)
      await assert.rejects(useAll(), (error: Error) => {
        return error.message.includes('AccessDenied')
      })
    })
