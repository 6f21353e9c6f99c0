/** Rows of ACME accounts (RFC 8555 §7.1.2). */
import { dateOf, integerOf, optionalTextOf, textOf } from '../columns.ts'
import type { Database } from '../database.ts'
import { changing, guard, sql, type Row, type Sql } from '../sql.ts'

export interface AcmeAccount {
  readonly number: number
  /** ID in URLs: 22 characters of base64url. */
  readonly id: string
  readonly endpointName: string
  /** JWK thumbprint with SHA-256 (RFC 7638), in base64url. Unique per endpoint. */
  readonly keyThumbprint: string
  /** The account's public key, a JWK as JSON. */
  readonly publicKey: string
  readonly contacts: readonly string[]
  readonly status: 'valid' | 'deactivated' | 'revoked'
  /** Key of the external account binding; undefined if the account has none. */
  readonly bindingKeyId: string | undefined
  readonly createdAt: Date
}

type NewAccount = Omit<AcmeAccount, 'number'>

/** Inserts an account. The statement conflicts if the endpoint already has an account with the same key. */
export function insertAccount(account: NewAccount): Sql {
  const { id, endpointName, keyThumbprint, publicKey, contacts, status, bindingKeyId } = account
  return changing(
    { table: 'acme_accounts', key: [id] },
    sql`insert into acme_accounts (acme_account_id, endpoint_name, key_thumbprint, public_key,
        contacts, status, binding_key_id, created_at_ms)
      values (${id}, ${endpointName}, ${keyThumbprint}, ${publicKey}, ${JSON.stringify(contacts)},
        ${status}, ${bindingKeyId ?? null}, ${account.createdAt.getTime()})`,
  )
}

/** Guards the transaction that stores an object of an account. The guard fails if the account was deactivated or deleted. */
export function requireValidAccount({ number }: Pick<AcmeAccount, 'number'>): Sql {
  return guard(
    'account',
    sql`select acme_account_id from acme_accounts
      where acme_account_number = ${number} and status = 'valid'`,
  )
}

export async function findAccount(
  db: Pick<Database, 'query'>,
  { endpointName, id }: Pick<AcmeAccount, 'endpointName' | 'id'>,
): Promise<AcmeAccount | undefined> {
  const [row] = await db.query(
    sql`select * from acme_accounts
      where acme_account_id = ${id} and endpoint_name = ${endpointName}`,
  )
  return row && accountOf(row)
}

export async function findAccountByKey(
  db: Pick<Database, 'query'>,
  { endpointName, keyThumbprint }: Pick<AcmeAccount, 'endpointName' | 'keyThumbprint'>,
): Promise<AcmeAccount | undefined> {
  const [row] = await db.query(
    sql`select * from acme_accounts
      where endpoint_name = ${endpointName} and key_thumbprint = ${keyThumbprint}`,
  )
  return row && accountOf(row)
}

/**
 * Updates the key, contacts and status of an account. The statement conflicts if the account's key has changed since the account
 * was read, or if another account of the endpoint has the new key.
 */
export function updateAccount(account: AcmeAccount, before: AcmeAccount): Sql {
  const { id, keyThumbprint, publicKey, contacts, status } = account
  return changing(
    { table: 'acme_accounts', key: [id] },
    guard(
      'revision',
      sql`update acme_accounts set key_thumbprint = ${keyThumbprint}, public_key = ${publicKey},
          contacts = ${JSON.stringify(contacts)}, status = ${status}
        where acme_account_id = ${id} and key_thumbprint = ${before.keyThumbprint}
          and status = ${before.status}
        returning acme_account_id`,
    ),
  )
}

/** Invalidates an account's orders and authorizations, so that the challenges are no longer validated (RFC 8555 §7.3.6). */
export function cancelOrders({ number }: Pick<AcmeAccount, 'number'>): Sql[] {
  return [
    sql`update acme_orders set status = 'invalid'
      where acme_account_number = ${number} and status in ('pending', 'ready')`,
    sql`update acme_challenges set status = 'invalid'
      where status in ('pending', 'processing') and authorization_number in (
        select authorization_number from acme_authorizations
        where acme_account_number = ${number} and status = 'pending')`,
    sql`update acme_authorizations set status = 'deactivated'
      where acme_account_number = ${number} and status in ('pending', 'valid')`,
  ]
}

export function accountOf(row: Row): AcmeAccount {
  return {
    number: integerOf(row, 'acme_account_number'),
    id: textOf(row, 'acme_account_id'),
    endpointName: textOf(row, 'endpoint_name'),
    keyThumbprint: textOf(row, 'key_thumbprint'),
    publicKey: textOf(row, 'public_key'),
    contacts: JSON.parse(textOf(row, 'contacts')) as string[],
    status: textOf(row, 'status') as AcmeAccount['status'],
    bindingKeyId: optionalTextOf(row, 'binding_key_id'),
    createdAt: dateOf(row, 'created_at_ms'),
  }
}
