/** Rows of the OpenID Connect identity providers that accounts trust. */
import type { StorableText } from '../text/storable-text.ts'
import { dateOf, optionalTextOf, textOf } from './columns.ts'
import type { Database } from './database.ts'
import type { RowPage } from './row-pages.ts'
import { changing, guard, sql, type Row, type Sql } from './sql.ts'

export interface IdentityProvider {
  /** ID of the account: twelve digits. */
  readonly accountId: string
  /** URL of the issuer, as in the `iss` claim of its tokens. */
  readonly issuer: StorableText
  /** Values of the `aud` claim that the account accepts. */
  readonly audiences: readonly string[]
  /** JSON Web Key Set (RFC 7517 §5) as JSON text, or undefined if the key set is fetched from the issuer. */
  readonly keySet: string | undefined
  readonly createdAt: Date
}

/** Inserts an identity provider. The statement conflicts if the account already has a provider with the same issuer. */
export function insertIdentityProvider(provider: IdentityProvider): Sql {
  const { accountId, issuer, audiences, keySet, createdAt } = provider
  return changing(
    { table: 'identity_providers', key: [accountId, issuer] },
    sql`insert into identity_providers (account_id, issuer, audiences, key_set, created_at_ms)
    values (${accountId}, ${issuer}, ${JSON.stringify(audiences)}, ${keySet ?? null},
      ${createdAt.getTime()})`,
  )
}

export async function findIdentityProvider(
  db: Database,
  { accountId, issuer }: Pick<IdentityProvider, 'accountId' | 'issuer'>,
): Promise<IdentityProvider | undefined> {
  const [row] = await db.query(
    sql`select * from identity_providers where account_id = ${accountId} and issuer = ${issuer}`,
  )
  return row === undefined ? undefined : providerOf(row)
}

/** Lists the identity providers of an account, sorted by issuer. */
export async function listIdentityProviders(
  db: Database,
  accountId: string,
  { after, limit }: RowPage<{ readonly issuer: string }>,
): Promise<IdentityProvider[]> {
  const rows = await db.query(
    sql`select * from identity_providers
      where account_id = ${accountId} and issuer > ${after?.issuer ?? ''}
      order by issuer limit ${limit}`,
  )
  return rows.map(providerOf)
}

/** Lists up to `limit` identity providers that have the same issuer and belong to different accounts. */
export async function listProvidersOfIssuer(
  db: Pick<Database, 'query'>,
  { issuer, limit }: { readonly issuer: StorableText; readonly limit: number },
): Promise<IdentityProvider[]> {
  const rows = await db.query(
    sql`select * from identity_providers where issuer = ${issuer} order by account_id limit ${limit}`,
  )
  return rows.map(providerOf)
}

/** Updates the mutable columns of an identity provider. The statement conflicts if the provider does not exist. */
export function updateIdentityProvider(provider: IdentityProvider): Sql {
  const { accountId, issuer, audiences, keySet } = provider
  return changing(
    { table: 'identity_providers', key: [accountId, issuer] },
    guard(
      'missing',
      sql`update identity_providers set audiences = ${JSON.stringify(audiences)},
        key_set = ${keySet ?? null}
      where account_id = ${accountId} and issuer = ${issuer} returning issuer`,
    ),
  )
}

/** Deletes an identity provider. The statement conflicts if the provider does not exist. */
export function deleteIdentityProvider({
  accountId,
  issuer,
}: Pick<IdentityProvider, 'accountId' | 'issuer'>): Sql {
  return changing(
    { table: 'identity_providers', key: [accountId, issuer] },
    guard(
      'missing',
      sql`delete from identity_providers where account_id = ${accountId} and issuer = ${issuer}
      returning issuer`,
    ),
  )
}

function providerOf(row: Row): IdentityProvider {
  return {
    accountId: textOf(row, 'account_id'),
    issuer: textOf(row, 'issuer'),
    audiences: JSON.parse(textOf(row, 'audiences')) as string[],
    keySet: optionalTextOf(row, 'key_set'),
    createdAt: dateOf(row, 'created_at_ms'),
  }
}
