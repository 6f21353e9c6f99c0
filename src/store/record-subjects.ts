/** Finds the accounts to which rows belong, for entries of the record that do not contain the account. */
import { createOwnedCaches } from '../bounded-cache.ts'
import { integerOf, textOf } from './columns.ts'
import type { Database } from './database.ts'
import { sql, type Sql } from './sql.ts'

/** The members of a CA that never change. */
export interface AuthorityName {
  readonly number: number
  readonly id: string
  readonly partition: string
  readonly region: string
  readonly accountId: string
}

/** How an entry of the record identifies a CA. */
export type AuthorityReference =
  | { readonly number: number }
  | { readonly id: string }
  /** Name of the CRL. */
  | { readonly crl: string }

/** How an entry of the record identifies an enrollment endpoint. */
export interface EndpointReference {
  readonly protocol: string
  readonly name: string
}

const namesOf = createOwnedCaches<AuthorityName>(10_000)

/** Finds a CA, even if the CA is deleted. Returns undefined if the row does not exist. */
export async function findAuthorityName(
  db: Database,
  reference: AuthorityReference,
): Promise<AuthorityName | undefined> {
  const key = JSON.stringify(reference)
  const known = namesOf(db).get(key)
  if (known !== undefined) return known
  const [row] = await db.query(selectName(reference))
  if (row === undefined) return undefined
  const name = {
    number: integerOf(row, 'authority_number'),
    id: textOf(row, 'id'),
    partition: textOf(row, 'partition_name'),
    region: textOf(row, 'region'),
    accountId: textOf(row, 'account_id'),
  }
  namesOf(db).set(key, name)
  return name
}

function selectName(reference: AuthorityReference): Sql {
  if ('number' in reference)
    return sql`select authority_number, id, partition_name, region, account_id from authorities
      where authority_number = ${reference.number}`
  if ('id' in reference)
    return sql`select authority_number, id, partition_name, region, account_id from authorities
      where id = ${reference.id}`
  return sql`select a.authority_number, a.id, a.partition_name, a.region, a.account_id
    from crls c join authorities a on a.authority_number = c.authority_number
    where c.name = ${reference.crl}`
}

/** Finds the account of an enrollment endpoint. Returns undefined if the endpoint was deleted. */
export async function findEndpointAccount(
  db: Pick<Database, 'query'>,
  { protocol, name }: EndpointReference,
): Promise<string | undefined> {
  const [row] = await db.query(
    sql`select account_id from enrollment_endpoints
      where protocol = ${protocol} and name = ${name}`,
  )
  return row === undefined ? undefined : textOf(row, 'account_id')
}

/** Finds the account of a user or role by the principal's unique ID. Returns undefined if the user or role was deleted. */
export async function findPrincipalAccount(
  db: Pick<Database, 'query'>,
  principalId: string,
): Promise<string | undefined> {
  const [row] = await db.query(
    sql`select account_id from users where user_id = ${principalId}
      union all select account_id from roles where role_id = ${principalId}`,
  )
  return row === undefined ? undefined : textOf(row, 'account_id')
}
