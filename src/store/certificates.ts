/** Rows of issued certificates. A row is written once, signed, and never changes. */
import type { Authority } from '../authority/authority.ts'
import { bytesOf, integerOf } from './columns.ts'
import type { Database } from './database.ts'
import { expectRows, sql, type Sql } from './sql.ts'

export interface CertificateRecord {
  /** Octets as in the certificate's ARN: 16, leading zeros kept. */
  readonly serialNumber: Uint8Array
  readonly certificateDer: Uint8Array
  readonly templateName: string
  readonly issuedAt: Date
  readonly notAfter: Date
  /** The CRL that would list it; undefined for one that none lists. */
  readonly crlId: number | undefined
  /** Account that asked for it. */
  readonly requesterAccountId: string
  /** Service that asked for it on behalf of that account. */
  readonly requesterService: string | undefined
}

/**
 * Takes one certificate of the CA's quota, guarded: no row means that the quota is used up, or that the CA changed
 * since `authority` was read.
 */
export function countCertificate(authority: Authority, quota: number): Sql {
  return expectRows(
    sql`update certificate_counts set issued = issued + 1
      where authority_number = ${authority.number} and issued < ${quota}
        and ${authority.revision} = (select revision from authorities
          where authority_number = ${authority.number})
      returning issued`,
    1,
  )
}

/**
 * Inserts a certificate; a serial number that the CA has used is a conflict. `selfSigned` ones have no chain; others
 * keep the CA certificate, and the chain above it, that the CA had when it issued them.
 */
export function insertCertificate(
  authority: Authority,
  certificate: CertificateRecord,
  selfSigned: boolean,
): Sql {
  const signer = selfSigned ? null : (authority.certificate?.number ?? null)
  return sql`insert into certificates (authority_number, serial_number, authority_certificate_number,
      template_name, certificate_der, issued_at_ms, not_after, crl_id,
      requester_account_id, requester_service)
    values (${authority.number}, ${certificate.serialNumber}, ${signer},
      ${certificate.templateName}, ${certificate.certificateDer},
      ${certificate.issuedAt.getTime()}, ${certificate.notAfter.getTime() / 1000},
      ${certificate.crlId ?? null}, ${certificate.requesterAccountId},
      ${certificate.requesterService ?? null})`
}

/** A certificate as it is handed out. */
export interface IssuedCertificate {
  readonly certificateDer: Uint8Array
  /** The CA certificate that signed it and the chain above that; undefined for a self-signed one. */
  readonly signer:
    | { readonly certificateDer: Uint8Array; readonly chainPem: string | undefined }
    | undefined
}

export async function findCertificate(
  db: Database,
  authorityNumber: number,
  serialNumber: Uint8Array,
): Promise<IssuedCertificate | undefined> {
  const [row] = await db.query(
    sql`select certificates.certificate_der, a.certificate_der as signer_der, a.chain_pem
      from certificates left join authority_certificates a using (authority_certificate_number)
      where certificates.serial_number = ${serialNumber}
        and certificates.authority_number = ${authorityNumber}`,
  )
  if (row === undefined) return undefined
  const chainPem = (row['chain_pem'] ?? undefined) as string | undefined
  return {
    certificateDer: bytesOf(row, 'certificate_der'),
    signer:
      row['signer_der'] === null
        ? undefined
        : { certificateDer: bytesOf(row, 'signer_der'), chainPem },
  }
}

/** What counts of a certificate that is to be revoked. */
export interface RevocableCertificate {
  readonly number: number
  readonly selfSigned: boolean
  readonly notAfter: Date
  readonly crlId: number | null
}

export async function findRevocableCertificate(
  db: Database,
  authorityNumber: number,
  serialNumber: Uint8Array,
): Promise<RevocableCertificate | undefined> {
  const [row] = await db.query(
    sql`select certificate_number, authority_certificate_number, not_after, crl_id
      from certificates
      where serial_number = ${serialNumber} and authority_number = ${authorityNumber}`,
  )
  if (row === undefined) return undefined
  return {
    number: integerOf(row, 'certificate_number'),
    selfSigned: row['authority_certificate_number'] === null,
    notAfter: new Date(integerOf(row, 'not_after') * 1000),
    crlId: row['crl_id'] === null ? null : integerOf(row, 'crl_id'),
  }
}
