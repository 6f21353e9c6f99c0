/** The imported certificates of all CAs, in the order of import. */
import { bytesOf, integerOf, optionalTextOf, textOf } from './columns.ts'
import type { Database } from './database.ts'
import { sql } from './sql.ts'

/** Lists at most `limit` imported certificates whose numbers are greater than `after`. */
export async function listImportedCertificates(db: Database, after: number, limit: number) {
  const rows = await db.query(
    sql`select c.authority_certificate_number, a.id, c.certificate_der
      from authority_certificates c join authorities a using (authority_number)
      where c.authority_certificate_number > ${after}
      order by c.authority_certificate_number limit ${limit}`,
  )
  return rows.map((row) => ({
    number: integerOf(row, 'authority_certificate_number'),
    authorityId: textOf(row, 'id'),
    certificateDer: bytesOf(row, 'certificate_der'),
  }))
}

/** Lists all of a CA's own certificates, oldest first, with the numbers of their identities and the times of import. */
export async function listOwnCertificates(db: Database, authorityNumber: number) {
  const rows = await db.query(
    sql`select issuer_identity, certificate_der, imported_at_ms from authority_certificates
      where authority_number = ${authorityNumber} order by authority_certificate_number`,
  )
  return rows.map((row) => ({
    identity: integerOf(row, 'issuer_identity'),
    certificateDer: bytesOf(row, 'certificate_der'),
    importedAt: new Date(integerOf(row, 'imported_at_ms')),
  }))
}

/** A CA certificate that has signed other certificates, with its chain. */
export interface SignerCertificate {
  readonly number: number
  readonly certificateDer: Uint8Array
  readonly chainPem: string | undefined
}

/** Returns the CA certificate with a given number. The certificate must exist. */
export async function readSignerCertificate(
  db: Database,
  number: number,
): Promise<SignerCertificate> {
  const [row = {}] = await db.query(
    sql`select certificate_der, chain_pem from authority_certificates
      where authority_certificate_number = ${number}`,
  )
  const chainPem = optionalTextOf(row, 'chain_pem')
  return { number, certificateDer: bytesOf(row, 'certificate_der'), chainPem }
}

/** The last certificate for one identity of a CA. */
export interface IdentityCertificate {
  readonly certificateDer: Uint8Array
  readonly notBefore: Date
  /**
   * Latest notAfter time of all certificates for the identity. No certificate issued under the identity is valid beyond this
   * time.
   */
  readonly lastNotAfter: Date
}

/**
 * Finds the last certificate for an identity of a CA. Returns undefined if the CA never had a certificate for that identity.
 */
export async function findIdentityCertificate(
  db: Database,
  authorityNumber: number,
  identity: number,
): Promise<IdentityCertificate | undefined> {
  const [row] = await db.query(
    sql`select certificate_der, not_before, (select max(not_after) from authority_certificates
          where authority_number = ${authorityNumber} and issuer_identity = ${identity})
        as last_not_after
      from authority_certificates
      where authority_number = ${authorityNumber} and issuer_identity = ${identity}
      order by authority_certificate_number desc limit 1`,
  )
  if (row === undefined) return undefined
  return {
    certificateDer: bytesOf(row, 'certificate_der'),
    notBefore: new Date(integerOf(row, 'not_before') * 1000),
    lastNotAfter: new Date(integerOf(row, 'last_not_after') * 1000),
  }
}

/** A certificate of a CA that has published CRLs. */
export interface CrlSigner {
  readonly number: number
  readonly authorityId: string
  readonly identity: number
  /** Whether the certificate is its CA's current certificate. */
  readonly isCurrent: boolean
  readonly notAfter: Date
  readonly certificateDer: Uint8Array
}

/**
 * Lists at most `limit` certificates of CAs that publish a CRL and are not deleted. The certificates' numbers are greater than
 * `after`.
 */
export async function listCrlSigners(
  db: Database,
  after: number,
  limit: number,
): Promise<CrlSigner[]> {
  const rows = await db.query(
    sql`select c.authority_certificate_number, a.id, c.issuer_identity, c.not_after, c.certificate_der,
        a.authority_certificate_number as current_number
      from authority_certificates c join authorities a using (authority_number)
      where c.authority_certificate_number > ${after} and a.deleted_at_ms is null
        and exists (select 1 from crls l
          where l.authority_number = c.authority_number and l.due_at_ms is not null)
      order by c.authority_certificate_number limit ${limit}`,
  )
  return rows.map((row) => {
    const number = integerOf(row, 'authority_certificate_number')
    return {
      number,
      authorityId: textOf(row, 'id'),
      identity: integerOf(row, 'issuer_identity'),
      isCurrent: row['current_number'] === number,
      notAfter: new Date(integerOf(row, 'not_after') * 1000),
      certificateDer: bytesOf(row, 'certificate_der'),
    }
  })
}

/**
 * Lists the CA certificates for the identity that issued a certificate, newest first, with their chains. Each returned CA
 * certificate can verify the issued certificate.
 */
export async function listSignerAlternatives(
  db: Pick<Database, 'query'>,
  {
    authorityNumber,
    serialNumber,
  }: { readonly authorityNumber: number; readonly serialNumber: Uint8Array },
): Promise<(SignerCertificate & { readonly notAfter: Date })[]> {
  const rows = await db.query(
    sql`select authority_certificate_number, certificate_der, chain_pem, not_after
      from authority_certificates
      where authority_number = ${authorityNumber} and issuer_identity = (
        select s.issuer_identity from certificates c
        join authority_certificates s using (authority_certificate_number)
        where c.serial_number = ${serialNumber} and c.authority_number = ${authorityNumber})
      order by authority_certificate_number desc`,
  )
  return rows.map((row) => ({
    number: integerOf(row, 'authority_certificate_number'),
    certificateDer: bytesOf(row, 'certificate_der'),
    chainPem: optionalTextOf(row, 'chain_pem'),
    notAfter: new Date(integerOf(row, 'not_after') * 1000),
  }))
}
