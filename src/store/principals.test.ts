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
import { deleteUser, findUser, insertUser, listUsers, setUserTags, type User } from './users.ts'
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
  assert.deepEqual(await listUsers(db, undefined), [user, other])
  assert.deepEqual(await listUsers(db, accountId), [user])
  await db.transaction([setUserTags(user, { a: 'b' })])
  assert.deepEqual((await findUser(db, user))?.tags, { a: 'b' })
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
  assert.deepEqual(await listRoles(db, undefined), [role])
  assert.deepEqual(await listRoles(db, '210987654321'), [])
  await db.transaction([
    putIdentityPolicy(role.roleId, { name: 'b', policy: '2' }),
    putIdentityPolicy(role.roleId, { name: 'a', policy: '0' }),
    putIdentityPolicy(role.roleId, { name: 'a', policy: '1' }),
    putIdentityPolicy('AROA2', { name: 'a', policy: '3' }),
    setOrganization(accountId, 'o-exampleorgid'),
  ])
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
  assert.deepEqual(await listIdentityProviders(db, undefined), [changed])
  assert.deepEqual(await listIdentityProviders(db, '210987654321'), [])
  await db.transaction([deleteIdentityProvider(provider)])
  await conflict(db, deleteIdentityProvider(provider))
  await conflict(db, updateIdentityProvider(provider))
})
