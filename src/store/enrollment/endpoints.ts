/** Rows of endpoints for ACME and EST. */
import type {
  AcmeEndpoint,
  EnrollmentEndpoint,
  EnrollmentProtocol,
  EstEndpoint,
} from '../../enrollment/endpoint.ts'
import { dateOf, integerOf, textOf } from '../columns.ts'
import type { Database } from '../database.ts'
import type { RowPage } from '../row-pages.ts'
import { changing, guard, sql, type Row, type Sql } from '../sql.ts'

type Of<P extends EnrollmentProtocol> = P extends 'acme' ? AcmeEndpoint : EstEndpoint
type EndpointName = Pick<EnrollmentEndpoint, 'protocol' | 'name'>

/** Inserts an endpoint. The statement conflicts if any account already has an endpoint with the same protocol and name. */
export function insertEndpoint(endpoint: EnrollmentEndpoint): Sql {
  const { protocol, name, accountId, authorityNumber, configuration, createdAt } = endpoint
  return changing(
    { table: 'enrollment_endpoints', key: [protocol, name] },
    sql`insert into enrollment_endpoints (protocol, name, account_id, authority_number, configuration,
        created_at_ms)
      values (${protocol}, ${name}, ${accountId}, ${authorityNumber},
        ${JSON.stringify(configuration)}, ${createdAt.getTime()})`,
  )
}

export async function findEndpoint<P extends EnrollmentProtocol>(
  db: Pick<Database, 'query'>,
  protocol: P,
  name: string,
): Promise<Of<P> | undefined> {
  const [row] = await db.query(
    sql`select * from enrollment_endpoints where protocol = ${protocol} and name = ${name}`,
  )
  return row && (endpointOf(row) as Of<P>)
}

/** Returns whether any account has an endpoint for a protocol. */
export async function hasEndpoint(
  db: Pick<Database, 'query'>,
  protocol: EnrollmentProtocol,
): Promise<boolean> {
  const rows = await db.query(
    sql`select name from enrollment_endpoints where protocol = ${protocol} limit 1`,
  )
  return rows.length > 0
}

/** Lists an account's endpoints of one protocol, sorted by name. */
export async function listEndpoints<P extends EnrollmentProtocol>(
  db: Pick<Database, 'query'>,
  { accountId, protocol }: { readonly accountId: string; readonly protocol: P },
  { after, limit }: RowPage<{ readonly name: string }>,
): Promise<Of<P>[]> {
  const rows = await db.query(
    sql`select * from enrollment_endpoints
      where account_id = ${accountId} and protocol = ${protocol} and name > ${after?.name ?? ''}
      order by name limit ${limit}`,
  )
  return rows.map((row) => endpointOf(row) as Of<P>)
}

/** Replaces the CA and the configuration of an endpoint. The statement conflicts if the endpoint does not exist. */
export function updateEndpoint(endpoint: EnrollmentEndpoint): Sql {
  const { protocol, name, authorityNumber, configuration } = endpoint
  return changing(
    { table: 'enrollment_endpoints', key: [protocol, name] },
    guard(
      'missing',
      sql`update enrollment_endpoints set authority_number = ${authorityNumber},
          configuration = ${JSON.stringify(configuration)}
        where protocol = ${protocol} and name = ${name} returning name`,
    ),
  )
}

/**
 * Guards the transaction that stores an account or a certificate of an endpoint. The guard fails if the endpoint was deleted.
 */
export function requireEndpoint({ protocol, name, createdAt }: EnrollmentEndpoint): Sql {
  return guard(
    'endpoint',
    sql`select name from enrollment_endpoints
      where protocol = ${protocol} and name = ${name} and created_at_ms = ${createdAt.getTime()}`,
  )
}

/** Guards the transaction that stores an account. The guard fails if the endpoint's configuration was changed. */
export function requireUnchangedEndpoint({
  protocol,
  name,
  configuration,
}: EnrollmentEndpoint): Sql {
  return guard(
    'revision',
    sql`select name from enrollment_endpoints
      where protocol = ${protocol} and name = ${name}
        and configuration = ${JSON.stringify(configuration)}`,
  )
}

/** Guards a change to an ACME endpoint. The guard fails if the endpoint has accounts or EAB keys. */
export function requireUnusedEndpoint({ name }: Pick<AcmeEndpoint, 'name'>): Sql {
  return guard(
    'in-use',
    sql`select 1 as unused
      where not exists (select 1 from acme_binding_keys where endpoint_name = ${name})
        and not exists (select 1 from acme_accounts where endpoint_name = ${name})`,
  )
}

/**
 * Deletes an endpoint. The statements conflict if the endpoint does not exist, or if the endpoint has keys, accounts or
 * passwords. Otherwise, a later endpoint with the same name would inherit the keys, accounts and passwords (removal.ts).
 */
export function deleteEndpoint({ protocol, name }: EndpointName): Sql {
  return changing(
    { table: 'enrollment_endpoints', key: [protocol, name] },
    guard(
      'in-use',
      sql`delete from enrollment_endpoints where protocol = ${protocol} and name = ${name}
          and not (protocol = 'acme'
            and exists (select 1 from acme_binding_keys where endpoint_name = ${name}))
          and not (protocol = 'acme'
            and exists (select 1 from acme_accounts where endpoint_name = ${name}))
          and not (protocol = 'est'
            and exists (select 1 from est_passwords where endpoint_name = ${name}))
        returning name`,
    ),
  )
}

export function endpointOf(row: Row): EnrollmentEndpoint {
  return {
    protocol: textOf(row, 'protocol'),
    name: textOf(row, 'name'),
    accountId: textOf(row, 'account_id'),
    authorityNumber: integerOf(row, 'authority_number'),
    configuration: JSON.parse(textOf(row, 'configuration')) as unknown,
    createdAt: dateOf(row, 'created_at_ms'),
  } as EnrollmentEndpoint
}
