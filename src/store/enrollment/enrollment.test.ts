import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestDatabase } from '../../../test/support/database.ts'
import { fixedSealers } from '../../../test/support/fixed-sealers.ts'
import type { AcmeEndpoint, EstEndpoint } from '../../enrollment/endpoint.ts'
import { systemRandom } from '../../random.ts'
import { createSealer, SealError } from '../../sealer.ts'
import { insertAccount as insertAwsAccount } from '../accounts.ts'
import { insertAuthority } from '../authority-changes.ts'
import { ConflictError, type Database } from '../database.ts'
import { countLeaves } from '../leaves.ts'
import { addSetting } from '../metadata.ts'
import { readAllRows } from '../row-pages.ts'
import { sql, type Sql } from '../sql.ts'
import { findAccount, insertAccount, type AcmeAccount } from './accounts.ts'
import {
  deleteBindingKey,
  findBindingKey,
  insertBindingKey,
  isUsable,
  listBindingKeys,
  useBindingKey,
  type BindingKey,
  type BindingKeyRecord,
} from './binding-keys.ts'
import {
  deleteEndpoint,
  findEndpoint,
  insertEndpoint,
  listEndpoints,
  updateEndpoint,
} from './endpoints.ts'
import {
  listAccounts,
  listFailedChallenges,
  listOrders,
  type ListedOrder,
  type OrderFilter,
} from './listings.ts'
import {
  deletePassword,
  findPassword,
  insertPassword,
  listPasswords,
  releasePassword,
  usePassword,
  type EstPassword,
} from './passwords.ts'
import { removeDependents } from './removal.ts'

const createdAt = new Date('2026-03-04T05:06:07.089Z')
const later = new Date('2026-03-05T05:06:07.089Z')
const accountId = '123456789012'
const all = { after: undefined, limit: 100 }
const context = { time: createdAt, actor: { principal: 'test' } }
const sealers = fixedSealers(createSealer(systemRandom.bytes(32), systemRandom))

async function prepared(): Promise<TestDatabase> {
  const database = await TestDatabase.open()
  await database.db.transaction([
    insertAwsAccount({ accountId, organizationId: undefined, createdAt }),
    insertAuthority(
      {
        id: '01234567-89ab-cdef-0123-456789abcdef',
        partition: 'aws',
        region: 'us-east-1',
        accountId,
        type: 'ROOT',
        usageMode: 'GENERAL_PURPOSE',
        keyStorageSecurityStandard: 'FIPS_140_2_LEVEL_3_OR_HIGHER',
        configuration: {
          KeyAlgorithm: 'EC_prime256v1',
          SigningAlgorithm: 'SHA256WITHECDSA',
          Subject: { CommonName: 'Root' },
        },
        revocation: { CrlConfiguration: { Enabled: false }, OcspConfiguration: { Enabled: false } },
        createdAt,
      },
      10,
    ),
  ])
  return database
}

const common = { accountId, authorityNumber: 1, createdAt }
const acme: AcmeEndpoint = {
  ...common,
  protocol: 'acme',
  name: 'web',
  configuration: {
    template: 'EndEntityServerAuthCertificate/V1',
    validitySeconds: 86_400,
    names: ['*.corp.example'],
    challenges: ['dns-01'],
    eab: 'required',
    profiles: {},
  },
}
const est: EstEndpoint = {
  ...common,
  protocol: 'est',
  name: 'web',
  configuration: {
    template: 'EndEntityClientAuthCertificate/V1',
    validitySeconds: 86_400,
    names: [],
    authentication: 'password',
    clientAuthorityArn: 'arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/1',
    serverKeyGeneration: false,
  },
}

function keyOf(change: Partial<BindingKey> = {}): BindingKey {
  return {
    keyId: 'key-1',
    endpointName: 'web',
    macKey: systemRandom.bytes(32),
    names: ['*.corp.example'],
    reusable: false,
    createdAt,
    expiresAt: later,
    usedAt: undefined,
    ...change,
  }
}

function passwordOf(change: Partial<EstPassword> = {}): EstPassword {
  return {
    userName: 'user-1',
    endpointName: 'web',
    passwordSha256: Uint8Array.from(systemRandom.bytes(32)),
    names: [],
    createdAt,
    expiresAt: later,
    usedAt: undefined,
    requestSha256: undefined,
    certificateArn: undefined,
    ...change,
  }
}

function accountOf(id: string, endpointName = 'web'): Omit<AcmeAccount, 'number'> {
  return {
    id,
    endpointName,
    keyThumbprint: `thumbprint-${id}`,
    publicKey: '{}',
    contacts: [],
    status: 'valid',
    bindingKeyId: undefined,
    createdAt,
  }
}

async function conflict(db: Database, guard: string, ...statements: Sql[]): Promise<void> {
  await assert.rejects(
    db.transaction(statements),
    (error) => error instanceof ConflictError && error.guard === guard,
  )
}

test('endpoints of both protocols can have the same name, and are found, listed, updated and deleted', async () => {
  await using database = await prepared()
  const { db } = database
  await db.transaction([insertEndpoint(acme), insertEndpoint(est)])
  await conflict(db, 'duplicate', insertEndpoint(acme))
  assert.deepEqual(await findEndpoint(db, 'acme', 'web'), acme)
  assert.deepEqual(await findEndpoint(db, 'est', 'web'), est)
  const changed = { ...acme, configuration: { ...acme.configuration, names: [] } }
  await db.transaction([updateEndpoint(changed)])
  assert.deepEqual(await listEndpoints(db, { accountId, protocol: 'acme' }, all), [changed])
  await db.transaction([deleteEndpoint(acme)])
  assert.equal(await findEndpoint(db, 'acme', 'web'), undefined)
  assert.deepEqual(await findEndpoint(db, 'est', 'web'), est)
  await conflict(db, 'missing', updateEndpoint(acme))
})

test('an endpoint with keys, accounts or passwords is not deleted', async () => {
  await using database = await prepared()
  const { db } = database
  await db.transaction([insertEndpoint(acme), insertEndpoint(est)])
  await db.transaction([insertBindingKey(sealers, keyOf())])
  await conflict(db, 'in-use', deleteEndpoint(acme))
  await db.transaction([deleteBindingKey(keyOf()), insertAccount(accountOf('a'))])
  await conflict(db, 'in-use', deleteEndpoint(acme))
  await db.transaction([insertPassword(passwordOf())])
  await conflict(db, 'in-use', deleteEndpoint(est))
})

test('the MAC key of a binding key is sealed with the ID of the key', async () => {
  await using database = await prepared()
  const { db } = database
  const [first, second] = [keyOf(), keyOf({ keyId: 'key-2', reusable: true, expiresAt: undefined })]
  await db.transaction([insertBindingKey(sealers, first), insertBindingKey(sealers, second)])
  assert.deepEqual(await findBindingKey(db, sealers, 'key-1'), first)
  assert.deepEqual(await findBindingKey(db, sealers, 'key-2'), second)
  assert.equal(await findBindingKey(db, sealers, 'key-3'), undefined)
  const [row] = await db.query(
    sql`select mac_key_sealed from acme_binding_keys where key_id = 'key-1'`,
  )
  const sealed = Buffer.from(row?.['mac_key_sealed'] as Uint8Array)
  assert.equal(sealed.includes(Buffer.from(first.macKey)), false)
  await db.transaction([
    sql`update acme_binding_keys set mac_key_sealed =
      (select mac_key_sealed from acme_binding_keys where key_id = 'key-2') where key_id = 'key-1'`,
  ])
  await assert.rejects(findBindingKey(db, sealers, 'key-1'), SealError)
})

test('a binding key is not inserted under a replaced master key', async () => {
  await using database = await prepared()
  const { db } = database
  const { masterKeyId } = sealers.current()
  await addSetting(db, `master key replaced ${masterKeyId}`, new Uint8Array(1))
  await conflict(db, 'master-key', insertBindingKey(sealers, keyOf()))
})

test('a binding key is used once, unless it is reusable, and not after its expiry or deletion', async () => {
  await using database = await prepared()
  const { db } = database
  const [once, reusable] = [keyOf(), keyOf({ keyId: 'key-2', reusable: true })]
  await db.transaction([insertBindingKey(sealers, once), insertBindingKey(sealers, reusable)])
  await conflict(db, 'in-use', useBindingKey(once, later))
  assert.equal(isUsable(once, later), false)
  await db.transaction([useBindingKey(once, createdAt)])
  await conflict(db, 'in-use', useBindingKey(once, createdAt))
  const [used] = await listBindingKeys(db, 'web', all)
  assert.deepEqual(used?.usedAt, createdAt)
  assert.equal(isUsable(used, createdAt), false)
  for (let time = 0; time < 2; time += 1) await db.transaction([useBindingKey(reusable, createdAt)])
  const [, again] = await listBindingKeys(db, 'web', all)
  assert.equal(isUsable(again as BindingKeyRecord, createdAt), true)
  await conflict(db, 'missing', deleteBindingKey({ keyId: 'key-2', endpointName: 'other' }))
  await db.transaction([deleteBindingKey(reusable)])
  await conflict(db, 'in-use', useBindingKey(reusable, createdAt))
})

test('keys and passwords are listed by endpoint, oldest first, in pages', async () => {
  await using database = await prepared()
  const { db } = database
  const ids = ['c', 'a', 'b', 'd', 'e']
  await db.transaction(
    ids.flatMap((id, at) => {
      const time = { createdAt: new Date(createdAt.getTime() + Math.floor(at / 3)) }
      const endpointName = id === 'd' ? 'other' : 'web'
      return [
        insertBindingKey(sealers, keyOf({ keyId: id, endpointName, ...time })),
        insertPassword(passwordOf({ userName: id, endpointName, ...time })),
      ]
    }),
  )
  const keys = await readAllRows<BindingKeyRecord>(({ after }) =>
    listBindingKeys(db, 'web', { after, limit: 1000 }),
  )
  assert.deepEqual(
    keys.map(({ keyId }) => keyId),
    ['a', 'b', 'c', 'e'],
  )
  const [first, second] = await listPasswords(db, 'web', { after: undefined, limit: 2 })
  const rest = await listPasswords(db, 'web', { after: second, limit: 2 })
  assert.deepEqual(
    [first, second, ...rest].map((each) => each?.userName),
    ['a', 'b', 'c', 'e'],
  )
})

test('a password is used once, and not after its expiry or deletion', async () => {
  await using database = await prepared()
  const { db } = database
  const password = passwordOf()
  const use = { requestSha256: Uint8Array.of(1, 2), certificateArn: 'arn:certificate' }
  await db.transaction([insertPassword(password)])
  assert.deepEqual(await findPassword(db, 'user-1'), password)
  assert.equal(await findPassword(db, 'user-2'), undefined)
  await conflict(db, 'duplicate', insertPassword({ ...password, endpointName: 'other' }))
  await conflict(db, 'in-use', usePassword(password, use, later))
  await db.transaction([usePassword(password, use, createdAt)])
  await conflict(db, 'in-use', usePassword(password, use, createdAt))
  const used = { ...password, ...use, usedAt: createdAt }
  assert.deepEqual(await findPassword(db, 'user-1'), used)
  await db.transaction([releasePassword(password, 'arn:other')])
  assert.deepEqual(await findPassword(db, 'user-1'), used)
  await db.transaction([releasePassword(password, 'arn:certificate')])
  assert.deepEqual(await findPassword(db, 'user-1'), password)
  await conflict(db, 'missing', deletePassword({ userName: 'user-1', endpointName: 'other' }))
  await db.transaction([deletePassword(password)])
  await conflict(db, 'in-use', usePassword(password, use, createdAt))
  // A request with the old password does not use up a new password for the same user.
  await db.transaction([
    insertPassword(passwordOf({ createdAt: new Date(createdAt.getTime() + 1) })),
  ])
  await conflict(db, 'in-use', usePassword(password, use, createdAt))
})

/** Inserts orders, and assigns them to the accounts in turn. Every third order is invalid, with a failed challenge. */
async function insertOrders(
  db: Database,
  accounts: readonly string[],
  count: number,
): Promise<void> {
  const found = await Promise.all(
    accounts.map(async (id) => {
      const endpointName = id.startsWith('other') ? 'other' : 'web'
      return (await findAccount(db, { endpointName, id }))?.number ?? 0
    }),
  )
  const at = createdAt.getTime()
  const problem = JSON.stringify({ type: 'urn:ietf:params:acme:error:dns', detail: 'no record' })
  await db.transaction(
    Array.from({ length: count }, (_, index): Sql[] => {
      const number = index + 1
      const account = found[index % found.length] ?? 0
      const isInvalid = index % 3 === 2
      const identifiers = JSON.stringify([{ type: 'dns', value: `*.h${number}.corp.example` }])
      return [
        sql`insert into acme_orders (order_number, order_id, acme_account_number, status, identifiers,
            error, authority_number, certificate_serial_number, created_at_ms, expires_at_ms)
          values (${number}, ${`order-${number}`}, ${account}, ${isInvalid ? 'invalid' : 'valid'},
            ${identifiers}, ${isInvalid ? problem : null}, 1, ${isInvalid ? null : Buffer.from([7, index % 256])},
            ${at}, ${at})`,
        sql`insert into acme_authorizations (authorization_number, authorization_id, acme_account_number,
            identifier_type, identifier_value, wildcard, status, created_at_ms, expires_at_ms)
          values (${number}, ${`authz-${number}`}, ${account}, 'dns', ${`h${number}.corp.example`}, 1,
            ${isInvalid ? 'invalid' : 'valid'}, ${at}, ${at})`,
        sql`insert into acme_order_authorizations (order_number, authorization_number)
          values (${number}, ${number})`,
        sql`insert into acme_challenges (challenge_id, authorization_number, type, token, status, error,
            failures, retry_at_ms, lease_until_ms)
          values (${`challenge-${number}`}, ${number}, 'dns-01', 'token',
            ${isInvalid ? 'invalid' : 'valid'}, ${isInvalid ? problem : null}, 0, 0, 0)`,
      ]
    }).flat(),
  )
}

/** Reads all pages of orders. Returns the orders' numbers and the number of pages. */
async function numbersOf(
  db: Database,
  filter: Partial<OrderFilter>,
  limit: number,
): Promise<{ readonly numbers: readonly number[]; readonly pages: number }> {
  const numbers: number[] = []
  let after: Pick<ListedOrder, 'number'> | undefined
  let pages = 0
  do {
    const unfiltered = { endpointName: 'web', accountNumber: undefined, status: undefined }
    const page = await listOrders(db, { ...unfiltered, ...filter }, { after, limit })
    numbers.push(...page.orders.map(({ number }) => number))
    after = page.next
    pages += 1
  } while (after !== undefined)
  return { numbers, pages }
}

test('accounts and orders of an endpoint are listed, orders with their failed challenges', async () => {
  await using database = await prepared()
  const { db } = database
  const accounts = [accountOf('a'), accountOf('b'), accountOf('other', 'other')]
  await db.transaction(accounts.map(insertAccount))
  await insertOrders(db, ['a', 'b', 'other'], 12)
  const [first, second] = await listAccounts(db, 'web', all)
  assert.deepEqual([first?.id, second?.id], ['a', 'b'])
  assert.deepEqual(await listAccounts(db, 'web', { after: second, limit: 2 }), [])
  assert.deepEqual((await numbersOf(db, {}, 3)).numbers, [11, 10, 8, 7, 5, 4, 2, 1])
  assert.deepEqual(
    (await numbersOf(db, { accountNumber: second?.number }, 3)).numbers,
    [11, 8, 5, 2],
  )
  assert.deepEqual((await numbersOf(db, { status: 'invalid' }, 3)).numbers, [])
  const failed = { endpointName: 'other', status: 'invalid' } as const
  assert.deepEqual((await numbersOf(db, failed, 3)).numbers, [12, 9, 6, 3])
  const filter = { ...failed, accountNumber: undefined }
  const { orders } = await listOrders(db, filter, { after: undefined, limit: 1 })
  const error = { type: 'urn:ietf:params:acme:error:dns', detail: 'no record' }
  const identifier = { type: 'dns', value: '*.h12.corp.example' }
  assert.deepEqual(orders, [
    {
      number: 12,
      id: 'order-12',
      accountId: 'other',
      status: 'invalid',
      identifiers: [identifier],
      profile: undefined,
      error,
      authorityNumber: 1,
      serialNumber: undefined,
      createdAt,
      expiresAt: createdAt,
    },
  ])
  assert.deepEqual(await listFailedChallenges(db, { number: 12 }), [
    { identifier, type: 'dns-01', error },
  ])
  assert.deepEqual(await listFailedChallenges(db, { number: 11 }), [])
})

test('a page of orders searches a limited number of orders', async () => {
  await using database = await prepared()
  const { db } = database
  await db.transaction([insertAccount(accountOf('a')), insertAccount(accountOf('other', 'other'))])
  await insertOrders(db, ['a', ...Array.from({ length: 1199 }, () => 'other')], 2400)
  const found = await numbersOf(db, {}, 100)
  assert.deepEqual(found, { numbers: [1201, 1], pages: 3 })
})

test('everything that belongs to an endpoint is removed, and each recorded row has a leaf', async () => {
  await using database = await prepared()
  const { db } = database
  const ids = Array.from({ length: 250 }, (_, at) => `a${at}`)
  await db.transaction([
    insertEndpoint(acme),
    insertEndpoint(est),
    insertBindingKey(sealers, keyOf()),
    insertPassword(passwordOf()),
    insertAccount(accountOf('other', 'other')),
    ...ids.map((id) => insertAccount(accountOf(id))),
  ])
  await insertOrders(db, ['a0', 'a1', 'other'], 900)
  const before = await countLeaves(db)
  await removeDependents(db, acme, context)
  assert.equal((await countLeaves(db)) - before, 251)
  await db.transaction([deleteEndpoint(acme)])
  assert.equal((await numbersOf(db, { endpointName: 'other' }, 1000)).numbers.length, 300)
  for (const table of ['acme_authorizations', 'acme_order_authorizations', 'acme_challenges'])
    assert.equal(
      (await db.query({ text: `select * from ${table}`, values: [] })).length,
      300,
      table,
    )
  assert.equal((await listPasswords(db, 'web', all)).length, 1)
  await removeDependents(db, est, context)
  await db.transaction([deleteEndpoint(est)])
})
