import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { TestDatabase } from '../../../test/support/database.ts'
import type { ChallengeType } from '../../enrollment/endpoint.ts'
import {
  orderedAuthorizationsMax,
  orderStatus,
  pendingAuthorizationsMax,
  unfinishedOrdersMax,
  validationsMax,
} from '../../enrollment/order-state.ts'
import { ConflictError, type Database } from '../database.ts'
import { sql, type Sql } from '../sql.ts'
import { insertAccount } from './accounts.ts'
import {
  deactivateAuthorization,
  findAuthorization,
  findAuthorizationOfChallenge,
  findReusable,
  insertAuthorization,
  requestValidation,
  requirePendingBelowMax,
  requireValidationsBelowMax,
  type NewAuthorization,
} from './authorizations.ts'
import { deleteAuthorizations, deleteOrders, deleteUsedNonces } from './expired-rows.ts'
import {
  finalizeOrder,
  findOrder,
  findOrderedCertificate,
  insertOrder,
  listOrders,
  type NewOrder,
} from './orders.ts'
import { findOrderedIdentifiers } from './issuers.ts'
import { completeOrder } from './processing-orders.ts'

const now = new Date('2030-01-01T00:00:00.123Z')
const inDays = (days: number) => new Date(now.getTime() + days * 86_400_000)
const host = { type: 'dns', value: 'a.corp.example' } as const
const serialNumber = Buffer.alloc(16, 7)

async function prepared(): Promise<TestDatabase> {
  const database = await TestDatabase.open()
  const account = {
    endpointName: 'web',
    publicKey: '{}',
    contacts: [],
    status: 'valid',
    bindingKeyId: undefined,
    createdAt: now,
  } as const
  await database.db.transaction([
    insertAccount({ ...account, id: 'account-one', keyThumbprint: 'one' }),
    insertAccount({ ...account, id: 'account-two', keyThumbprint: 'two' }),
  ])
  return database
}

const authorization: NewAuthorization = {
  id: 'authorization',
  accountNumber: 1,
  identifier: host,
  wildcard: false,
  status: 'pending',
  createdAt: now,
  expiresAt: inDays(7),
  challenges: [
    { id: 'http', type: 'http-01', token: 'token' },
    { id: 'dns', type: 'dns-01', token: 'token' },
  ],
}

const order: NewOrder = {
  id: 'order',
  accountNumber: 1,
  status: 'pending',
  identifiers: [host],
  profile: undefined,
  notBefore: undefined,
  notAfter: undefined,
  replacedCertificate: undefined,
  authorityNumber: 1,
  createdAt: now,
  expiresAt: inDays(7),
  authorizationIds: ['authorization'],
}

const valid = sql`update acme_authorizations set status = 'valid'`

async function conflict(db: Database, statements: readonly Sql[]): Promise<string> {
  const error = await db.transaction(statements).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof ConflictError, String(error))
  return error.guard
}

suite('orders', () => {
  test('are stored with their authorizations and found only for their account', async () => {
    await using database = await prepared()
    const { db } = database
    const full = { ...order, profile: 'short', notBefore: inDays(1), notAfter: inDays(2) }
    await db.transaction([...insertAuthorization(authorization), ...insertOrder(full)])
    const found = await findOrder(db, { accountNumber: 1, id: 'order' })
    const { authorizationIds: _, ...stored } = full
    assert.deepEqual(found, {
      ...stored,
      number: 1,
      error: undefined,
      certificate: undefined,
      notBefore: new Date('2030-01-02T00:00:00Z'),
      notAfter: new Date('2030-01-03T00:00:00Z'),
      authorizations: [{ id: 'authorization', status: 'pending', expiresAt: inDays(7) }],
    })
    assert.equal(await findOrder(db, { accountNumber: 2, id: 'order' }), undefined)
    await db.transaction([valid])
    const ready = await findOrder(db, { accountNumber: 1, id: 'order' })
    assert.equal(ready && orderStatus(ready, now), 'ready')
  })

  test('are not stored without one of their authorizations', async () => {
    await using database = await prepared()
    assert.equal(await conflict(database.db, insertOrder(order)), 'missing')
    assert.equal(await findOrder(database.db, { accountNumber: 1, id: 'order' }), undefined)
  })

  test('are finalized once, and then have a certificate for their account', async () => {
    await using database = await prepared()
    const { db } = database
    await db.transaction([...insertAuthorization(authorization), ...insertOrder(order)])
    const certificate = { id: 'certificate', serialNumber }
    const finalized = {
      status: 'processing',
      authorityNumber: 2,
      certificate,
      expiresAt: inDays(90),
    } as const
    await db.transaction([finalizeOrder({ number: 1 }, finalized)])
    const again = {
      ...finalized,
      certificate: { id: 'another', serialNumber: Buffer.alloc(16, 8) },
    }
    assert.equal(await conflict(db, [finalizeOrder({ number: 1 }, again)]), 'order')
    const found = await findOrder(db, { accountNumber: 1, id: 'order' })
    assert.deepEqual([found?.status, found?.authorityNumber], ['processing', 2])
    assert.equal(found?.certificate?.id, 'certificate')
    assert.deepEqual(Buffer.from(found.certificate.serialNumber), serialNumber)
    assert.deepEqual(found.expiresAt, inDays(90))
    const issued = await findOrderedCertificate(db, {
      accountNumber: 1,
      certificateId: 'certificate',
    })
    assert.deepEqual(Buffer.from(issued?.serialNumber ?? []), serialNumber)
    assert.equal(
      await findOrderedCertificate(db, { accountNumber: 2, certificateId: 'certificate' }),
      undefined,
    )
    const ordered = { authorityNumber: 2, serialNumber }
    assert.deepEqual(await findOrderedIdentifiers(db, { ...ordered, accountNumber: 1 }), [host])
    assert.equal(await findOrderedIdentifiers(db, { ...ordered, accountNumber: 2 }), undefined)
    await db.transaction([completeOrder({ number: 1 }, { status: 'invalid', error: '{}' })])
    await db.transaction([completeOrder({ number: 1 }, { status: 'valid' })])
    assert.equal((await findOrder(db, { accountNumber: 1, id: 'order' }))?.status, 'invalid')
  })

  test('are limited in number until they are finalized or expire', async () => {
    await using database = await prepared()
    const { db } = database
    await db.transaction(insertAuthorization(authorization))
    const many = Array.from({ length: unfinishedOrdersMax }, (_, at) => ({
      ...order,
      id: `order-${at}`,
    }))
    await db.transaction(many.flatMap((each) => insertOrder(each)))
    assert.equal(await conflict(db, insertOrder(order)), 'quota')
    const otherAccount = { ...authorization, id: 'other', accountNumber: 2, challenges: [] }
    await db.transaction([
      ...insertAuthorization(otherAccount),
      ...insertOrder({ ...order, id: 'other', accountNumber: 2, authorizationIds: ['other'] }),
    ])
    const certificate = { id: 'certificate', serialNumber }
    await db.transaction([
      finalizeOrder(
        { number: 1 },
        { status: 'valid', authorityNumber: 1, certificate, expiresAt: inDays(90) },
      ),
      ...insertOrder(order),
    ])
    assert.equal(await conflict(db, insertOrder({ ...order, id: 'next' })), 'quota')
    await db.transaction(
      insertOrder({ ...order, id: 'next', createdAt: inDays(8), expiresAt: inDays(9) }),
    )
  })

  test('replace a certificate once, unless the other order is invalid', async () => {
    await using database = await prepared()
    const { db } = database
    await db.transaction(insertAuthorization(authorization))
    const replacing = { ...order, replacedCertificate: 'AQ.AQ' }
    await db.transaction(insertOrder(replacing))
    const next = { ...replacing, id: 'next' }
    assert.equal(await conflict(db, insertOrder(next)), 'duplicate')
    await db.transaction([sql`update acme_authorizations set status = 'invalid'`])
    await db.transaction(insertOrder(next))
    await db.transaction([sql`delete from acme_orders where order_id = 'next'`, valid])
    const afterExpiry = { ...next, createdAt: inDays(8), expiresAt: inDays(9) }
    await db.transaction([
      finalizeOrder(
        { number: 1 },
        {
          status: 'valid',
          authorityNumber: 1,
          certificate: { id: 'c', serialNumber },
          expiresAt: inDays(90),
        },
      ),
    ])
    assert.equal(await conflict(db, insertOrder(afterExpiry)), 'duplicate')
  })

  test('are listed in pages, without those that are invalid or expired', async () => {
    await using database = await prepared()
    const { db } = database
    await db.transaction(insertAuthorization(authorization))
    const ids = ['a', 'b', 'c', 'd']
    await db.transaction(ids.flatMap((id) => insertOrder({ ...order, id })))
    await db.transaction([
      sql`update acme_orders set status = 'invalid' where order_id = 'b'`,
      sql`update acme_orders set expires_at_ms = 1 where order_id = 'c'`,
    ])
    const list = async (after: number, limit: number) =>
      (await listOrders(db, { accountNumber: 1, now }, { after, limit })).map(({ id }) => id)
    assert.deepEqual(await list(0, 10), ['a', 'd'])
    assert.deepEqual(await list(0, 1), ['a'])
    assert.deepEqual(await list(1, 10), ['d'])
    assert.deepEqual(await listOrders(db, { accountNumber: 2, now }, { after: 0, limit: 1 }), [])
  })
})

suite('authorizations', () => {
  test('are found with their challenges, only for their account', async () => {
    await using database = await prepared()
    const { db } = database
    await db.transaction(insertAuthorization(authorization))
    const found = await findAuthorization(db, { accountNumber: 1, id: 'authorization' })
    const { createdAt: _, ...stored } = authorization
    const pending = { status: 'pending', error: undefined, validatedAt: undefined }
    const challenges = authorization.challenges.map((each) => ({ ...each, ...pending }))
    assert.deepEqual(found, { ...stored, number: 1, challenges })
    assert.deepEqual(
      await findAuthorizationOfChallenge(db, { accountNumber: 1, challengeId: 'dns' }),
      found,
    )
    assert.equal(await findAuthorization(db, { accountNumber: 2, id: 'authorization' }), undefined)
    assert.equal(
      await findAuthorizationOfChallenge(db, { accountNumber: 2, challengeId: 'dns' }),
      undefined,
    )
  })

  test('are validated on request while they are pending', async () => {
    await using database = await prepared()
    const { db } = database
    await db.transaction(insertAuthorization(authorization))
    const statuses = async () =>
      (await findAuthorization(db, { accountNumber: 1, id: 'authorization' }))?.challenges.map(
        ({ status }) => status,
      )
    await db.transaction([requestValidation({ id: 'http' }, inDays(8))])
    assert.deepEqual(await statuses(), ['pending', 'pending'])
    await db.transaction([requestValidation({ id: 'http' }, now)])
    assert.deepEqual(await statuses(), ['processing', 'pending'])
    const found = await findAuthorization(db, { accountNumber: 1, id: 'authorization' })
    assert.ok(found)
    await db.transaction([deactivateAuthorization(found)])
    await db.transaction([requestValidation({ id: 'dns' }, now)])
    assert.deepEqual(await statuses(), ['processing', 'pending'])
    assert.equal(await conflict(db, [deactivateAuthorization(found)]), 'revision')
  })

  test('are used again if they are valid for long enough, and were proven if the endpoint requires that', async () => {
    await using database = await prepared()
    const { db } = database
    const unproven = { ...authorization, status: 'valid' } as const
    const wildcard = {
      ...unproven,
      id: 'wildcard',
      wildcard: true,
      challenges: [{ id: 'w', type: 'dns-01', token: 't' }],
    } as const
    const stranger = { ...unproven, id: 'stranger', accountNumber: 2, challenges: [] }
    await db.transaction([unproven, wildcard, stranger].flatMap(insertAuthorization))
    await db.transaction([
      sql`update acme_challenges set status = 'valid' where challenge_id = 'w'`,
    ])
    const find = async (validUntil: Date, provenBy?: readonly ChallengeType[]) =>
      (
        await findReusable(db, {
          accountNumber: 1,
          values: [host.value, 'b.corp.example'],
          validUntil,
          provenBy,
        })
      )
        .map(({ id }) => id)
        .toSorted()
    assert.deepEqual(await find(inDays(7)), ['authorization', 'wildcard'])
    assert.deepEqual(await find(inDays(7), ['http-01', 'dns-01']), ['wildcard'])
    assert.deepEqual(await find(inDays(7), ['http-01']), [])
    assert.deepEqual(await find(inDays(7.1)), [])
  })

  test('are limited in number while they are pending', async () => {
    await using database = await prepared()
    const { db } = database
    const many = Array.from({ length: pendingAuthorizationsMax - 1 }, (_, at) => ({
      ...authorization,
      id: `a${at}`,
      challenges: [],
    }))
    await db.transaction(many.flatMap(insertAuthorization))
    const insert = (id: string) => [
      requirePendingBelowMax(authorization),
      ...insertAuthorization({ ...authorization, id, challenges: [] }),
    ]
    await db.transaction(insert('last'))
    assert.equal(await conflict(db, insert('surplus')), 'quota')
    await db.transaction([requirePendingBelowMax({ ...authorization, createdAt: inDays(8) })])
  })

  test('of orders are limited in number while they are pending', async () => {
    await using database = await prepared()
    const { db } = database
    const many = Array.from({ length: orderedAuthorizationsMax - 1 }, (_, at) => ({
      ...authorization,
      id: `a${at}`,
      challenges: [],
    }))
    await db.transaction(many.flatMap(insertAuthorization))
    await db.transaction(insertOrder(order, [authorization]))
    const another = { ...authorization, id: 'another', challenges: [] }
    const next = { ...order, id: 'next' }
    assert.equal(await conflict(db, insertOrder(next, [another])), 'quota')
    await db.transaction(insertOrder(next))
  })

  test('are validated in a limited number at the same time', async () => {
    await using database = await prepared()
    const { db } = database
    const challenges = Array.from({ length: validationsMax }, (_, at) => ({
      ...authorization.challenges[0],
      id: `c${at}`,
    })) as NewAuthorization['challenges']
    await db.transaction(insertAuthorization({ ...authorization, challenges }))
    await db.transaction(challenges.slice(1).map((each) => requestValidation(each, now)))
    await db.transaction([requireValidationsBelowMax({ accountNumber: 1 })])
    await db.transaction([requestValidation({ id: 'c0' }, now)])
    assert.equal(await conflict(db, [requireValidationsBelowMax({ accountNumber: 1 })]), 'quota')
    await db.transaction([requireValidationsBelowMax({ accountNumber: 2 })])
  })
})

test('expired rows are deleted in batches, oldest first', async () => {
  await using database = await prepared()
  const { db } = database
  await db.transaction([
    ...insertAuthorization(authorization),
    ...insertAuthorization({
      ...authorization,
      id: 'recent',
      expiresAt: inDays(9),
      challenges: [],
    }),
    ...insertOrder(order),
    ...insertOrder({ ...order, id: 'recent', expiresAt: inDays(9), authorizationIds: ['recent'] }),
    sql`insert into acme_used_nonces (nonce, expires_at_ms) values ('old', ${now.getTime()})`,
    sql`insert into acme_used_nonces (nonce, expires_at_ms) values ('new', ${inDays(9).getTime()})`,
  ])
  const remove = async (before: Date, limit: number) =>
    (
      await db.transaction([
        deleteUsedNonces(before, limit),
        deleteOrders(before, limit),
        deleteAuthorizations(before, limit),
      ])
    ).map(({ length }) => length)
  assert.deepEqual(await remove(inDays(7), 5), [1, 1, 1])
  assert.equal(
    await findAuthorizationOfChallenge(db, { accountNumber: 1, challengeId: 'http' }),
    undefined,
  )
  assert.ok(await findOrder(db, { accountNumber: 1, id: 'recent' }))
  assert.deepEqual(await remove(inDays(9), 5), [1, 1, 1])
})
