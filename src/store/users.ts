import type { Tags } from '../identity/caller.ts'
import { dateOf, textOf } from './columns.ts'
import type { Database } from './database.ts'
import { changing, guard, sql, type Row, type Sql } from './sql.ts'

export interface User {
  /** `AIDA` and 16 characters. */
  readonly userId: string
  /** Twelve digits. */
  readonly accountId: string
  readonly userName: string
  readonly tags: Tags
  readonly createdAt: Date
}

/** Inserts a user. Conflicts if the account has a user with the same name, ignoring case (IAM API, CreateUser). */
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

/** Finds a user by name, ignoring case. */
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

/** Lists the users in all accounts or in one account, sorted by name. */
export async function listUsers(db: Database, accountId: string | undefined): Promise<User[]> {
  const rows = await db.query(
    sql`select * from users where account_id = coalesce(${accountId ?? null}, account_id)
      order by account_id, user_name`,
  )
  return rows.map(userOf)
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

/** Deletes a user. Conflicts if the user has access keys. */
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

function userOf(row: Row): User {
  return {
    userId: textOf(row, 'user_id'),
    accountId: textOf(row, 'account_id'),
    userName: textOf(row, 'user_name'),
    tags: JSON.parse(textOf(row, 'tags')) as Tags,
    createdAt: dateOf(row, 'created_at_ms'),
  }
}
