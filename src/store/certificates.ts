/** Rows of issued certificates. A row is written once and never changes afterwards. */
import type { Authority } from '../authority/authority.ts'
import { sha256 } from '../record/merkle.ts'
import { rowDigest } from '../record/row-digest.ts'
import { bytesOf, integerOf } from './columns.ts'
import type { Database } from './database.ts'
import { readSignerCertificate, type SignerCertificate } from './installed-certificates.ts'
import { appendLeaf } from './leaves.ts'
import { guard, sql, type Row, type Sql } from './sql.ts'

export interface CertificateRecord {
  /** The 16 bytes of the serial number in the certificate ARN, with leading zeros. */
  readonly serialNumber: Uint8Array
  readonly certificateDer: Uint8Array
  readonly templateName: string
  readonly issuedAt: Date
  readonly notAfter: Date
  /** Number of the CA certificate that signed the certificate, or undefined for a self-signed certificate. */
  readonly signerNumber: number | undefined
  /** The CRL that would list the certificate after a revocation; undefined if there is none. */
  readonly crlId: number | undefined
  /** Account of the principal that requested the certificate. */
  readonly requesterAccountId: string
  /** Service that requested the certificate on behalf of the account, if any. */
  readonly requesterService: string | undefined
  /** ARN of the requesting principal, or name of the requesting service. */
  readonly requesterArn: string
}

/**
 * Counts a certificate against its CA's quota. The statement returns no row if the quota is exhausted, or if the CA has changed
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

/** Returns the number of certificates that count against a CA's quota. */
export async function countIssued(
  db: Pick<Database, 'query'>,
  { number }: Pick<Authority, 'number'>,
): Promise<number> {
  const [row] = await db.query(
    sql`select issued from certificate_counts where authority_number = ${number}`,
  )
  return row === undefined ? 0 : integerOf(row, 'issued')
}

/** Columns of a certificate row that are covered by `rowDigest` in the certificate's leaf. */
const digestedCertificateColumns = [
  'template_name',
  'issued_at_ms',
  'not_after',
  'authority_certificate_number',
  'crl_id',
  'requester_account_id',
  'requester_service',
  'requester_arn',
] as const

/** Returns the digest of all columns of a certificate row, except for the serial number and the DER. */
export function certificateRowDigest(row: Row): Uint8Array {
  return rowDigest(digestedCertificateColumns.map((column) => row[column]))
}

/**
 * Inserts a certificate, and adds its leaf to the record. The statements conflict if the CA has already used the serial number.
 */
export function insertCertificate(authority: Authority, certificate: CertificateRecord): Sql[] {
  return [
    insertRow(authority, certificate),
    appendLeaf({
      kind: 'certificate',
      time: certificate.issuedAt,
      authority: authority.number,
      serialNumber: certificate.serialNumber,
      sha256: sha256(certificate.certificateDer),
      rowDigest: rowDigest([
        certificate.templateName,
        certificate.issuedAt.getTime(),
        certificate.notAfter.getTime() / 1000,
        certificate.signerNumber,
        certificate.crlId,
        certificate.requesterAccountId,
        certificate.requesterService,
        certificate.requesterArn,
      ]),
      principal: certificate.requesterArn,
    }),
  ]
}

function insertRow(authority: Authority, certificate: CertificateRecord): Sql {
  return sql`insert into certificates (authority_number, serial_number, authority_certificate_number,
      template_name, certificate_der, issued_at_ms, not_after, crl_id,
      requester_account_id, requester_service, requester_arn)
    values (${authority.number}, ${certificate.serialNumber}, ${certificate.signerNumber ?? null},
      ${certificate.templateName}, ${certificate.certificateDer},
      ${certificate.issuedAt.getTime()}, ${certificate.notAfter.getTime() / 1000},
      ${certificate.crlId ?? null}, ${certificate.requesterAccountId},
      ${certificate.requesterService ?? null}, ${certificate.requesterArn})`
}

export interface IssuedCertificate {
  readonly certificateDer: Uint8Array
  readonly notAfter: Date
  /** Issuer certificate with its chain, or undefined for a self-signed certificate. */
  readonly signer: SignerCertificate | undefined
}

/** Finds the certificate with a given serial number that `authority` issued. */
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
  const signer = current?.number === number ? current : await readSignerCertificate(db, number)
  return { ...issued, signer }
}

/** The columns of a certificate row that are needed to revoke the certificate. */
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
