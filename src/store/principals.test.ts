import assert from 'node:assert/strict'
import { test } from 'node:test'
import { storable } from '../text/storable-text.ts'
import { TestDatabase } from '../../test/support/database.ts'
import { insertAccount, setOrganization, listAccounts } from './accounts.ts'
import { ConflictError, type Database } from './database.ts'
import {
  deleteIdentityPolicy,
  deletePoliciesOf,
  listPoliciesOf,
  putIdentityPolicy,
} from './identity-policies.ts'
import {
  deleteIdentityProvider,
  findIdentityProvider,
  insertIdentityProvider,
  listIdentityProviders,
  updateIdentityProvider,
} from './identity-providers.ts'
import {
  deleteRole,
  findRole,
  findRoleById,
  insertRole,
  listRoles,
  updateRole,
  type Role,
} from './roles.ts'
import { readAllRows } from './row-pages.ts'
import {
  deleteUser,
  findUser,
  insertUser,
  listUsers,
  setUserTags,
  summarizeUser,
  type User,
  type UserSummary,
} from './users.ts'
import { sql } from './sql.ts'

const createdAt = new Date('2026-03-04T05:06:07.089Z')
const accountId = '123456789012'

async function prepared(): Promise<TestDatabase> {
  const database = await TestDatabase.open()
  await database.db.transaction(
    [accountId, '210987654321'].map((id) =>
      insertAccount({ accountId: id, organizationId: undefined, createdAt }),
    ),
  )
  return database
}

const all = { after: undefined, limit: 100 }

const conflict = (db: Database, ...statements: ReturnType<typeof sql>[]): Promise<void> =>
  assert.rejects(db.transaction(statements), ConflictError)

function userOf(change: Partial<User> = {}): User {
  return {
    userId: 'AIDA1',
    accountId,
    userName: 'Alice',
    tags: { Team: 'web', other: '' },
    createdAt,
    ...change,
  }
}

test('user names are found and unique regardless of case', async () => {
  await using database = await prepared()
  const { db } = database
  const user = userOf()
  await db.transaction([insertUser(user)])
  for (const userName of ['Alice', 'alice', 'ALICE']) {
    assert.deepEqual(await findUser(db, { accountId, userName }), user)
    await conflict(db, insertUser(userOf({ userId: 'AIDA2', userName })))
  }
  assert.equal(await findUser(db, { accountId: '210987654321', userName: 'Alice' }), undefined)
  const other = userOf({ userId: 'AIDA2', accountId: '210987654321' })
  await db.transaction([insertUser(other)])
  const counts = { policyCount: 0, accessKeyCount: 0, lastUsedAt: undefined }
  assert.deepEqual(await listUsers(db, accountId, all), [{ ...user, ...counts }])
  assert.deepEqual(await listUsers(db, other.accountId, all), [{ ...other, ...counts }])
  await db.transaction([setUserTags(user, { a: 'b' })])
  assert.deepEqual((await findUser(db, user))?.tags, { a: 'b' })
})

test('a list of users has the numbers of their policies and access keys, and the last use of any key', async () => {
  await using database = await prepared()
  const { db } = database
  const keyOf = (id: string, usedAt: number | null) =>
    sql`insert into access_keys (access_key_id, account_id, user_id, secret_sealed, active,
      created_at_ms, last_used_at_ms) values (${id}, ${accountId}, 'AIDA1', ${Uint8Array.of(1)}, 1, 0, ${usedAt})`
  const other = userOf({ userId: 'AIDA2', userName: 'bob' })
  await db.transaction([
    insertUser(other),
    insertUser(userOf()),
    putIdentityPolicy('AIDA1', { name: 'a', policy: '{}' }),
    keyOf('AKIA1', null),
    keyOf('AKIA2', 3000),
    keyOf('AKIA3', 2000),
  ])
  const expected = [
    { ...userOf(), policyCount: 1, accessKeyCount: 3, lastUsedAt: new Date(3000) },
    { ...other, policyCount: 0, accessKeyCount: 0, lastUsedAt: undefined },
  ]
  assert.deepEqual(await listUsers(db, accountId, all), expected)
  for (const summary of expected)
    assert.deepEqual(
      await summarizeUser(db, userOf({ userId: summary.userId, userName: summary.userName })),
      summary,
    )
})

test('all rows of a list longer than a page are read once and in order', async () => {
  await using database = await prepared()
  const { db } = database
  const names = Array.from({ length: 2000 }, (_, number) => `user-${1000 + number}`)
  await db.transaction(
    names.map((userName, number) => insertUser(userOf({ userId: `AIDA${number}`, userName }))),
  )
  const users = await readAllRows<UserSummary>((page) => listUsers(db, accountId, page))
  assert.deepEqual(
    users.map(({ userName }) => userName),
    names,
  )
})

test('a user with access keys cannot be deleted', async () => {
  await using database = await prepared()
  const { db } = database
  const user = userOf()
  const key = sql`insert into access_keys (access_key_id, account_id, user_id, secret_sealed, active,
    created_at_ms) values ('AKIA1', ${accountId}, ${user.userId}, ${Uint8Array.of(1)}, 1, 0)`
  await db.transaction([insertUser(user), key])
  await conflict(db, deleteUser(user))
  await db.transaction([sql`delete from access_keys`, deleteUser(user)])
  await conflict(db, deleteUser(user))
  await conflict(db, setUserTags(user, {}))
})

const role: Role = {
  roleId: 'AROA1',
  accountId,
  roleName: 'Issuer',
  trustPolicy: '{}',
  sessionSecondsMax: 3600,
  tags: { Team: 'web' },
  createdAt,
}

test('a role is found by name and by id, with its policies and its organization', async () => {
  await using database = await prepared()
  const { db } = database
  await db.transaction([insertRole(role)])
  await conflict(db, insertRole({ ...role, roleId: 'AROA2', roleName: 'issuer' }))
  assert.deepEqual(await findRole(db, role), role)
  assert.equal(await findRole(db, { accountId, roleName: 'issuer' }), undefined)
  assert.deepEqual(await listRoles(db, accountId, all), [{ ...role, policyCount: 0 }])
  assert.deepEqual(await listRoles(db, '210987654321', all), [])
  await db.transaction([
    putIdentityPolicy(role.roleId, { name: 'b', policy: '2' }),
    putIdentityPolicy(role.roleId, { name: 'a', policy: '0' }),
    putIdentityPolicy(role.roleId, { name: 'a', policy: '1' }),
    putIdentityPolicy('AROA2', { name: 'a', policy: '3' }),
    setOrganization(accountId, 'o-exampleorgid'),
  ])
  assert.deepEqual(await listRoles(db, accountId, all), [{ ...role, policyCount: 2 }])
  assert.deepEqual(await listPoliciesOf(db, role.roleId, 1), [{ name: 'a', policy: '1' }])
  assert.deepEqual(await findRoleById(db, role.roleId), {
    ...role,
    organizationId: 'o-exampleorgid',
    policies: ['1', '2'],
  })
  const changed = { ...role, trustPolicy: '{"a":1}', sessionSecondsMax: 7200, tags: {} }
  await db.transaction([updateRole(changed)])
  assert.deepEqual(await findRole(db, role), changed)
  await db.transaction([deletePoliciesOf(role.roleId, []), deleteRole(role)])
  assert.equal(await findRoleById(db, role.roleId), undefined)
  await conflict(db, deleteRole(role))
  await conflict(db, updateRole(role))
})

test('deleting a nonexistent policy is a conflict', async () => {
  await using database = await prepared()
  const { db } = database
  await db.transaction([putIdentityPolicy('AIDA1', { name: 'a', policy: '1' })])
  await conflict(db, deleteIdentityPolicy('AIDA1', 'b'))
  await conflict(db, deleteIdentityPolicy('AIDA2', 'a'))
  await db.transaction([deleteIdentityPolicy('AIDA1', 'a')])
  assert.deepEqual(await listPoliciesOf(db, 'AIDA1'), [])
})

test('an account is in at most one organization', async () => {
  await using database = await prepared()
  const { db } = database
  const organizations = async (): Promise<(string | undefined)[]> =>
    (await listAccounts(db)).map(({ organizationId }) => organizationId)
  await db.transaction([setOrganization(accountId, 'o-exampleorgid')])
  assert.deepEqual(await organizations(), ['o-exampleorgid', undefined])
  await db.transaction([setOrganization(accountId, undefined)])
  assert.deepEqual(await organizations(), [undefined, undefined])
  await conflict(db, setOrganization('333333333333', undefined))
})

test('an account has at most one identity provider per issuer', async () => {
  await using database = await prepared()
  const { db } = database
  const provider = {
    accountId,
    issuer: storable('https://token.example.com'),
    audiences: ['a', 'b'],
    keySet: undefined,
    createdAt,
  }
  await db.transaction([insertIdentityProvider(provider)])
  await conflict(db, insertIdentityProvider(provider))
  assert.deepEqual(await findIdentityProvider(db, provider), provider)
  const changed = { ...provider, audiences: ['c'], keySet: '{}' }
  await db.transaction([updateIdentityProvider(changed)])
  assert.deepEqual(await listIdentityProviders(db, accountId, all), [changed])
  assert.deepEqual(await listIdentityProviders(db, accountId, { after: changed, limit: 1 }), [])
  assert.deepEqual(await listIdentityProviders(db, '210987654321', all), [])
  await db.transaction([deleteIdentityProvider(provider)])
  await conflict(db, deleteIdentityProvider(provider))
  await conflict(db, updateIdentityProvider(provider))
})
