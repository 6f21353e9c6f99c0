/** Statements that create and change certificate authorities, and import certificates into them. */
import type {
  Authority,
  AuthorityRequest,
  FailureReason,
  InstalledCertificate,
  StoredStatus,
} from '../authority/authority.ts'
import type { RevocationConfiguration } from '../authority/revocation-configuration.ts'
import { sha256 } from '../record/merkle.ts'
import { changing, guard, sql, type Sql } from './sql.ts'

/**
 * Inserts a CA with the status CREATING. The statement returns no row if the quota of the CA's account and Region is exhausted.
 * Deleted CAs count toward the quota until their restoration period ends.
 */
export function insertAuthority(request: AuthorityRequest, quota: number): Sql {
  const { id, partition, region, accountId, type, usageMode } = request
  const createdAt = request.createdAt.getTime()
  return changing(
    { table: 'authorities', key: [id] },
    guard(
      'quota',
      sql`insert into authorities (id, partition_name, region, account_id, type, usage_mode,
        key_storage_security_standard, configuration, revocation_configuration, status,
        created_at_ms, last_state_change_at_ms, revision)
      select ${id}, ${partition}, ${region}, ${accountId}, ${type}, ${usageMode},
        ${request.keyStorageSecurityStandard}, ${JSON.stringify(request.configuration)},
        ${JSON.stringify(request.revocation)}, 'CREATING', ${createdAt}, ${createdAt}, 1
      where ${quota} > (select count(*) from authorities
        where account_id = ${accountId} and region = ${region}
          and (restorable_until_ms is null or restorable_until_ms > ${createdAt}))
      returning authority_number`,
    ),
  )
}

/** Inserts the counter that guards a CA's certificate quota, in the same transaction as insertAuthority. */
export function insertCertificateCount(authorityId: string): Sql {
  return sql`insert into certificate_counts (authority_number, issued)
    select authority_number, 0 from authorities where id = ${authorityId}`
}

/** Columns to write when a CA's state changes. A column keeps its value if its member is omitted. */
export interface AuthorityChange {
  readonly status?: StoredStatus
  readonly revocation?: RevocationConfiguration
  readonly pastCrlCnames?: readonly string[]
  readonly failureReason?: FailureReason
  readonly keyHandle?: string
  readonly csrPem?: string
  readonly deletion?: { readonly deletedAt: Date; readonly restorableUntil: Date }
}

/** Updates a CA if its revision is unchanged. A row count other than one means that the CA has changed since it was read. */
export function updateAuthority(authority: Authority, change: AuthorityChange, now: Date): Sql {
  const deletion = change.deletion ?? authority.deletion
  const isNewState = change.status !== undefined || change.deletion !== undefined
  const lastStateChangeAt = isNewState ? now : authority.lastStateChangeAt
  return changing(
    { table: 'authorities', key: [authority.id] },
    guard(
      'revision',
      sql`update authorities set
        status = ${change.status ?? authority.status},
        revocation_configuration = ${JSON.stringify(change.revocation ?? authority.revocation)},
        past_crl_cnames = ${JSON.stringify(change.pastCrlCnames ?? authority.pastCrlCnames)},
        failure_reason = ${change.failureReason ?? authority.failureReason ?? null},
        key_handle = ${change.keyHandle ?? authority.keyHandle ?? null},
        csr_pem = ${change.csrPem ?? authority.csrPem ?? null},
        deleted_at_ms = ${deletion?.deletedAt.getTime() ?? null},
        restorable_until_ms = ${deletion?.restorableUntil.getTime() ?? null},
        last_state_change_at_ms = ${lastStateChangeAt.getTime()},
        revision = revision + 1
      where authority_number = ${authority.number} and revision = ${authority.revision}
      returning revision`,
    ),
  )
}

/** Restores a deleted CA. The statement has the same guard as updateAuthority. */
export function restoreAuthority(authority: Authority, now: Date): Sql {
  return changing(
    { table: 'authorities', key: [authority.id] },
    guard(
      'revision',
      sql`update authorities set deleted_at_ms = null, restorable_until_ms = null,
        last_state_change_at_ms = ${now.getTime()}, revision = revision + 1
      where authority_number = ${authority.number} and revision = ${authority.revision}
      returning revision`,
    ),
  )
}

/** Removes the key handle of a permanently deleted CA after the key has been erased. */
export function clearKeyHandle(authority: Authority): Sql {
  return changing(
    { table: 'authorities', key: [authority.id] },
    sql`update authorities set key_handle = null, revision = revision + 1
    where authority_number = ${authority.number}`,
  )
}

/**
 * Inserts an imported CA certificate. The next statement in the transaction must be `installCertificate`, which makes the
 * certificate the CA's current certificate. `importedAt` must differ from the import times of all the CA's earlier certificates.
 */
export function insertAuthorityCertificate(
  authority: Authority,
  certificate: Omit<InstalledCertificate, 'number'>,
  importedAt: Date,
): Sql {
  return changing(
    {
      table: 'authority_certificates',
      key: [authority.number, importedAt.getTime()],
      sha256: sha256(certificate.certificateDer),
    },
    sql`insert into authority_certificates (authority_number, serial_number, not_before,
      not_after, certificate_der, chain_pem, imported_at_ms, issuer_identity)
    values (${authority.number}, ${certificate.serialNumberHex},
      ${certificate.notBefore.getTime() / 1000}, ${certificate.notAfter.getTime() / 1000},
      ${certificate.certificateDer}, ${certificate.chainPem ?? null}, ${importedAt.getTime()},
      ${certificate.issuerIdentity})`,
  )
}

/**
 * Makes the most recently inserted certificate the current certificate of its CA. The statement has the same guard as
 * updateAuthority.
 */
export function installCertificate(authority: Authority, status: StoredStatus, now: Date): Sql {
  return changing(
    { table: 'authorities', key: [authority.id] },
    guard(
      'revision',
      sql`update authorities set status = ${status},
        authority_certificate_number = (select max(authority_certificate_number)
          from authority_certificates where authority_number = ${authority.number}),
        last_state_change_at_ms = ${now.getTime()}, revision = revision + 1
      where authority_number = ${authority.number} and revision = ${authority.revision}
      returning revision`,
    ),
  )
}
