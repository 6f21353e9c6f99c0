/** Rows of ACME accounts, orders, authorizations and challenges, as inserted by an ACME endpoint. */
import type { ChallengeType } from '../../src/enrollment/endpoint.ts'
import type { Database } from '../../src/store/database.ts'
import { sql, type Row } from '../../src/store/sql.ts'

export const keyThumbprint = 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs'

interface NewRows {
  /** ID of the order. */
  readonly order: string
  /** ID of the account; by default, the account that `start` has inserted. */
  readonly account?: string
  /** The authorizations' names, which are also used as their IDs. An authorization that already exists is reused. */
  readonly names: readonly string[]
  readonly types?: readonly ChallengeType[]
  readonly type?: 'dns' | 'ip'
  readonly wildcard?: boolean
  readonly expiresAt: Date
}

export class AcmeRows {
  readonly #db: Database

  private constructor(db: Database) {
    this.#db = db
  }

  /** Inserts a valid account with the ID `account`. */
  static async start(db: Database): Promise<AcmeRows> {
    const rows = new AcmeRows(db)
    await rows.insertAccount('account', keyThumbprint)
    return rows
  }

  /** Inserts a valid account. */
  async insertAccount(id: string, thumbprint: string): Promise<void> {
    await this.#db.transaction([
      sql`insert into acme_accounts (acme_account_id, endpoint_name, key_thumbprint, public_key,
          contacts, status, created_at_ms)
        values (${id}, 'web', ${thumbprint}, '{}', '[]', 'valid', 0)`,
    ])
  }

  /**
   * Inserts a pending order with authorizations, and a pending challenge `NAME TYPE` for each type. A challenge's token is its
   * ID.
   */
  async insertOrder({
    order,
    account = 'account',
    names,
    types = ['http-01'],
    type = 'dns',
    wildcard = false,
    expiresAt,
  }: NewRows): Promise<void> {
    const expires = expiresAt.getTime()
    await this.#db.transaction([
      sql`insert into acme_orders (order_id, acme_account_number, status, identifiers, authority_number,
          created_at_ms, expires_at_ms)
        select ${order}, acme_account_number, 'pending', '[]', 1, 0, ${expires} from acme_accounts
        where acme_account_id = ${account}`,
      ...names.flatMap((name) => [
        sql`insert into acme_authorizations (authorization_id, acme_account_number, identifier_type,
            identifier_value, wildcard, status, created_at_ms, expires_at_ms)
          select ${name}, acme_account_number, ${type}, ${name}, ${wildcard ? 1 : 0}, 'pending', 0,
            ${expires}
          from acme_accounts where acme_account_id = ${account} on conflict (authorization_id) do nothing`,
        sql`insert into acme_order_authorizations (order_number, authorization_number)
          select order_number, authorization_number from acme_orders, acme_authorizations
          where order_id = ${order} and authorization_id = ${name}`,
        ...types.map(
          (
            each,
          ) => sql`insert into acme_challenges (challenge_id, authorization_number, type, token,
              status, failures, retry_at_ms, lease_until_ms)
            select ${`${name} ${each}`}, authorization_number, ${each}, ${`${name} ${each}`},
              'pending', 0, 0, 0
            from acme_authorizations where authorization_id = ${name}
            on conflict (challenge_id) do nothing`,
        ),
      ]),
    ])
  }

  /** Requests the validation of challenges, as a client does with a POST request. */
  async request(...ids: readonly string[]): Promise<void> {
    await this.#db.transaction(
      ids.map(
        (id) => sql`update acme_challenges set status = 'processing', requested_at_ms = 0
          where challenge_id = ${id}`,
      ),
    )
  }

  /** Sets the status of an authorization, as a deactivation would. */
  async setAuthorization(id: string, status: string): Promise<void> {
    await this.#db.transaction([
      sql`update acme_authorizations set status = ${status} where authorization_id = ${id}`,
    ])
  }

  async setAccount(values: { readonly status?: string; readonly key?: string }): Promise<void> {
    await this.#db.transaction([
      sql`update acme_accounts set status = ${values.status ?? 'valid'},
        key_thumbprint = ${values.key ?? keyThumbprint}`,
    ])
  }

  async challenge(id: string): Promise<Row> {
    return one(await this.#db.query(sql`select * from acme_challenges where challenge_id = ${id}`))
  }

  async authorization(id: string): Promise<Row> {
    return one(
      await this.#db.query(sql`select * from acme_authorizations where authorization_id = ${id}`),
    )
  }

  async order(id: string): Promise<Row> {
    return one(await this.#db.query(sql`select * from acme_orders where order_id = ${id}`))
  }

  /**
   * Returns the statuses of rows. Each argument consists of `order`, `authorization` or `challenge`, a colon, and the row's ID.
   */
  async statuses(
    ...rows: readonly `${'order' | 'authorization' | 'challenge'}:${string}`[]
  ): Promise<unknown[]> {
    return Promise.all(
      rows.map(async (row) => {
        const [kind = '', id = ''] = row.split(':')
        return (await this[kind as 'order'](id))['status']
      }),
    )
  }
}

function one([row]: readonly Row[]): Row {
  if (row === undefined) throw new Error('the row does not exist')
  return row
}
