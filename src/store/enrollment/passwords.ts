/** Rows of one-time passwords for EST. Only hashes of passwords are stored, because the passwords are long and random. */
import { bytesOf, dateOf, optionalDateOf, optionalTextOf, textOf } from '../columns.ts'
import type { Database } from '../database.ts'
import type { RowPage } from '../row-pages.ts'
import { changing, guard, sql, type Row, type Sql } from '../sql.ts'

export interface EstPassword {
  /** User name for HTTP Basic authentication. Unique among all endpoints. */
  readonly userName: string
  readonly endpointName: string
  /** SHA-256 of the password, which contains at least 128 random bits. */
  readonly passwordSha256: Uint8Array
  /** Patterns for the names that certificates may contain (enrollment/permitted-names.ts); empty if all names are permitted. */
  readonly names: readonly string[]
  readonly createdAt: Date
  readonly expiresAt: Date
  /** Time at which a certificate was issued for the password; undefined for an unused password. */
  readonly usedAt: Date | undefined
  /**
   * SHA-256 of the request for which the password was used. A client that repeats this request receives the same certificate.
   */
  readonly requestSha256: Uint8Array | undefined
  /** ARN of the certificate for which the password was used. */
  readonly certificateArn: string | undefined
}

/** The use of a password: the request and the issued certificate. */
interface PasswordUse {
  readonly requestSha256: Uint8Array
  readonly certificateArn: string
}

/** Inserts a password. The statement conflicts if the user name already exists. */
export function insertPassword(password: Omit<EstPassword, 'usedAt' | keyof PasswordUse>): Sql {
  const { userName, endpointName, passwordSha256, names, createdAt, expiresAt } = password
  return changing(
    { table: 'est_passwords', key: [userName] },
    sql`insert into est_passwords (user_name, endpoint_name, password_sha256, names, created_at_ms,
        expires_at_ms)
      values (${userName}, ${endpointName}, ${passwordSha256}, ${JSON.stringify(names)},
        ${createdAt.getTime()}, ${expiresAt.getTime()})`,
  )
}

/** Finds a password by user name, even if the password can no longer be used. */
export async function findPassword(
  db: Pick<Database, 'query'>,
  userName: string,
): Promise<EstPassword | undefined> {
  const [row] = await db.query(sql`select * from est_passwords where user_name = ${userName}`)
  return row && passwordOf(row)
}

/** Marks a password as used. The guard `in-use` fails if the password was used before, has expired or was deleted. */
export function usePassword(
  { userName, createdAt }: Pick<EstPassword, 'userName' | 'createdAt'>,
  { requestSha256, certificateArn }: PasswordUse,
  now: Date,
): Sql {
  return guard(
    'in-use',
    sql`update est_passwords set used_at_ms = ${now.getTime()}, request_sha256 = ${requestSha256},
        certificate_arn = ${certificateArn}
      where user_name = ${userName} and created_at_ms = ${createdAt.getTime()}
        and used_at_ms is null and expires_at_ms > ${now.getTime()}
      returning user_name`,
  )
}

/** Makes a password usable again if its certificate was not issued. */
export function releasePassword(
  { userName }: Pick<EstPassword, 'userName'>,
  certificateArn: string,
): Sql {
  return sql`update est_passwords
    set used_at_ms = null, request_sha256 = null, certificate_arn = null
    where user_name = ${userName} and certificate_arn = ${certificateArn}`
}

/** Lists the passwords of an endpoint, oldest first. */
export async function listPasswords(
  db: Pick<Database, 'query'>,
  endpointName: string,
  { after, limit }: RowPage<Pick<EstPassword, 'createdAt' | 'userName'>>,
): Promise<EstPassword[]> {
  const rows = await db.query(
    sql`select * from est_passwords where endpoint_name = ${endpointName}
        and (created_at_ms, user_name) > (${after?.createdAt.getTime() ?? -1}, ${after?.userName ?? ''})
      order by created_at_ms, user_name limit ${limit}`,
  )
  return rows.map(passwordOf)
}

/** Deletes a password of an endpoint. The statement conflicts if the password does not exist. */
export function deletePassword({
  userName,
  endpointName,
}: Pick<EstPassword, 'userName' | 'endpointName'>): Sql {
  return changing(
    { table: 'est_passwords', key: [userName] },
    guard(
      'missing',
      sql`delete from est_passwords where user_name = ${userName}
        and endpoint_name = ${endpointName} returning user_name`,
    ),
  )
}

function passwordOf(row: Row): EstPassword {
  return {
    userName: textOf(row, 'user_name'),
    endpointName: textOf(row, 'endpoint_name'),
    passwordSha256: bytesOf(row, 'password_sha256'),
    names: JSON.parse(textOf(row, 'names')) as string[],
    createdAt: dateOf(row, 'created_at_ms'),
    expiresAt: dateOf(row, 'expires_at_ms'),
    usedAt: optionalDateOf(row, 'used_at_ms'),
    requestSha256: row['request_sha256'] === null ? undefined : bytesOf(row, 'request_sha256'),
    certificateArn: optionalTextOf(row, 'certificate_arn'),
  }
}
