/** The states of all CAs, for the metrics. */
import type { Authority, InstalledCertificate } from '../authority/authority.ts'
import { dateOf, integerOf, optionalTextOf, textOf } from './columns.ts'
import type { Database } from './database.ts'
import { sql, type Row } from './sql.ts'

export interface AuthorityState extends Pick<
  Authority,
  'number' | 'id' | 'type' | 'status' | 'deletion' | 'keyHandle' | 'keyStorageSecurityStandard'
> {
  /** CommonName of the CA's subject, or the CA's ID if the subject has no CommonName. */
  readonly name: string
  /** The current certificate, or undefined before the first import. */
  readonly certificate: Pick<InstalledCertificate, 'notAfter'> | undefined
}

/** Lists the CAs that exist or can be restored at `now`, in the order in which they were created. */
export async function listAuthorityStates(db: Database, now: Date): Promise<AuthorityState[]> {
  const rows = await db.query(
    sql`select a.authority_number, a.id, a.type, a.status, a.configuration, a.key_handle, a.key_storage_security_standard,
        a.deleted_at_ms, a.restorable_until_ms, c.not_after
      from authorities a left join authority_certificates c using (authority_certificate_number)
      where a.restorable_until_ms is null or a.restorable_until_ms > ${now.getTime()}
      order by a.authority_number`,
  )
  return rows.map(stateOf)
}

function stateOf(row: Row): AuthorityState {
  const id = textOf(row, 'id')
  const { Subject } = JSON.parse(textOf(row, 'configuration')) as Authority['configuration']
  return {
    number: integerOf(row, 'authority_number'),
    id,
    name: Subject.CommonName ?? id,
    type: textOf(row, 'type') as Authority['type'],
    status: textOf(row, 'status') as Authority['status'],
    keyHandle: optionalTextOf(row, 'key_handle'),
    keyStorageSecurityStandard: textOf(
      row,
      'key_storage_security_standard',
    ) as Authority['keyStorageSecurityStandard'],
    deletion:
      row['deleted_at_ms'] === null
        ? undefined
        : {
            deletedAt: dateOf(row, 'deleted_at_ms'),
            restorableUntil: dateOf(row, 'restorable_until_ms'),
          },
    certificate:
      row['not_after'] === null
        ? undefined
        : { notAfter: new Date(integerOf(row, 'not_after') * 1000) },
  }
}
