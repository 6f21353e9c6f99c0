import type { Tags } from '../identity/caller.ts'
import { dateOf, integerOf, optionalDateOf, textOf } from './columns.ts'
import type { Database } from './database.ts'
import type { RowPage } from './row-pages.ts'
import { changing, guard, sql, type Row, type Sql } from './sql.ts'

export interface User {
  /** Unique ID of the user: `AIDA` and 16 characters. */
  readonly userId: string
  /** ID of the account: twelve digits. */
  readonly accountId: string
  readonly userName: string
  readonly tags: Tags
  readonly createdAt: Date
}

/** A user, with the counts of the user's policies and access keys. */
export interface UserSummary extends User {
  readonly policyCount: number
  readonly accessKeyCount: number
  /** Last use of any of the user's access keys, or undefined if no access key has been used. */
  readonly lastUsedAt: Date | undefined
}

/**
 * Inserts a user. The statement conflicts if the account already has a user with the same name, ignoring case (IAM API,
 * CreateUser).
 */
export function insertUser({ userId, accountId, userName, tags, createdAt }: User): Sql {
  return changing(
    { table: 'users', key: [userId] },
    guard(
      'duplicate',
      sql`insert into users (user_id, account_id, user_name, tags, created_at_ms)
      select ${userId}, ${accountId}, ${userName}, ${JSON.stringify(tags)}, ${createdAt.getTime()}
      where not exists (select 1 from users
        where account_id = ${accountId} and lower(user_name) = lower(${userName}))
      returning user_id`,
    ),
  )
}

/** Finds a user by name. The search ignores case. */
export async function findUser(
  db: Database,
  { accountId, userName }: Pick<User, 'accountId' | 'userName'>,
): Promise<User | undefined> {
  const [row] = await db.query(
    sql`select * from users
      where account_id = ${accountId} and lower(user_name) = lower(${userName})
      order by user_name = ${userName} desc`,
  )
  return row === undefined ? undefined : userOf(row)
}

/** Lists the users of an account, sorted by name. */
export async function listUsers(
  db: Database,
  accountId: string,
  { after, limit }: RowPage<Pick<User, 'userName'>>,
): Promise<UserSummary[]> {
  const rows = await db.query(
    sql`select u.*,
        (select count(*) from identity_policies where principal_id = u.user_id) as policy_count,
        (select count(*) from access_keys k where k.user_id = u.user_id) as access_key_count,
        (select max(last_used_at_ms) from access_keys k where k.user_id = u.user_id) as last_used_at_ms
      from users u where account_id = ${accountId} and user_name > ${after?.userName ?? ''}
      order by user_name limit ${limit}`,
  )
  return rows.map(summaryOf)
}

/** Adds a user's policy count, access key count, and time of last use. */
export async function summarizeUser(db: Database, user: User): Promise<UserSummary> {
  const { userId } = user
  const [row] = await db.query(
    sql`select (select count(*) from identity_policies where principal_id = ${userId}) as policy_count,
      count(*) as access_key_count, max(last_used_at_ms) as last_used_at_ms
      from access_keys where user_id = ${userId}`,
  )
  return { ...user, ...countsOf(row ?? {}) }
}

export function setUserTags({ userId }: User, tags: Tags): Sql {
  return changing(
    { table: 'users', key: [userId] },
    guard(
      'missing',
      sql`update users set tags = ${JSON.stringify(tags)} where user_id = ${userId}
      returning user_id`,
    ),
  )
}

/** Deletes a user. The statement conflicts if the user has access keys. */
export function deleteUser({ userId }: User): Sql {
  return changing(
    { table: 'users', key: [userId] },
    guard(
      'in-use',
      sql`delete from users where user_id = ${userId}
        and not exists (select 1 from access_keys where user_id = ${userId})
      returning user_id`,
    ),
  )
}

function summaryOf(row: Row): UserSummary {
  return { ...userOf(row), ...countsOf(row) }
}

function countsOf(row: Row): Omit<UserSummary, keyof User> {
  return {
    policyCount: integerOf(row, 'policy_count'),
    accessKeyCount: integerOf(row, 'access_key_count'),
    lastUsedAt: optionalDateOf(row, 'last_used_at_ms'),
  }
}

function userOf(row: Row): User {
  return {
    userId: textOf(row, 'user_id'),
    accountId: textOf(row, 'account_id'),
    userName: textOf(row, 'user_name'),
    tags: JSON.parse(textOf(row, 'tags')) as Tags,
    createdAt: dateOf(row, 'created_at_ms'),
  }
}
