/** Rows of issued certificates. A row is written once, signed, and never changes. */
import type { Authority } from '../authority/authority.ts'
import { bytesOf, integerOf, optionalTextOf } from './columns.ts'
import type { Database } from './database.ts'
import { guard, sql, type Sql } from './sql.ts'

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
  /** ARN of the principal that asked for it, or the name of that service. */
  readonly requesterArn: string
}

/**
 * Takes one certificate of the CA's quota, guarded: no row means that the quota is used up, or that the CA changed
 * since `authority` was read.
 */
export function countCertificate(authority: Authority, quota: number): Sql {
  return guard(
    'quota',
    sql`update certificate_counts set issued = issued + 1
      where authority_number = ${authority.number} and issued < ${quota}
        and ${authority.revision} = (select revision from authorities
          where authority_number = ${authority.number})
      returning issued`,
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
      requester_account_id, requester_service, requester_arn)
    values (${authority.number}, ${certificate.serialNumber}, ${signer},
      ${certificate.templateName}, ${certificate.certificateDer},
      ${certificate.issuedAt.getTime()}, ${certificate.notAfter.getTime() / 1000},
      ${certificate.crlId ?? null}, ${certificate.requesterAccountId},
      ${certificate.requesterService ?? null}, ${certificate.requesterArn})`
}

export interface IssuedCertificate {
  readonly certificateDer: Uint8Array
  readonly notAfter: Date
  /** The CA certificate that signed it and the chain above that; undefined for a self-signed one. */
  readonly signer: CertificateOfSigner | undefined
}

export interface CertificateOfSigner {
  readonly number: number
  readonly certificateDer: Uint8Array
  readonly chainPem: string | undefined
}

/** The certificate that `authority` issued with that serial number. */
export async function findCertificate(
  db: Database,
  authority: Authority,
  serialNumber: Uint8Array,
): Promise<IssuedCertificate | undefined> {
  const [row] = await db.query(
    sql`select certificate_der, authority_certificate_number, not_after from certificates
      where serial_number = ${serialNumber} and authority_number = ${authority.number}`,
  )
  if (row === undefined) return undefined
  const certificateDer = bytesOf(row, 'certificate_der')
  const notAfter = new Date(integerOf(row, 'not_after') * 1000)
  const issued = { certificateDer, notAfter }
  if (row['authority_certificate_number'] === null) return { ...issued, signer: undefined }
  const number = integerOf(row, 'authority_certificate_number')
  const { certificate: current } = authority
  const signer = current?.number === number ? current : await findSigner(db, number)
  return { ...issued, signer }
}

/** A certificate that the CA had before. */
async function findSigner(db: Database, number: number): Promise<CertificateOfSigner> {
  const [row = {}] = await db.query(
    sql`select certificate_der, chain_pem from authority_certificates
      where authority_certificate_number = ${number}`,
  )
  const chainPem = optionalTextOf(row, 'chain_pem')
  return { number, certificateDer: bytesOf(row, 'certificate_der'), chainPem }
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
