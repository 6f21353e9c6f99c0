/** Checks that certificates match their database rows and were signed by the signers recorded there. */
import { recordBytes, serialNumberKey } from '../../x509/serial-number-text.ts'
import { endsChain, issuedBy, selfSignature, toleranceAt } from '../../chain/verify-chain.ts'
import { isSelfIssued } from '../../chain/path-length.ts'
import { bytesOf, integerOf, optionalTextOf, textOf } from '../../store/columns.ts'
import type { Row } from '../../store/sql.ts'
import { parseCertificate, type Certificate } from '../../x509/certificate.ts'
import { parsePem } from '../../x509/pem.ts'
import type { SubjectPublicKeyInfo } from '../../x509/subject-public-key-info.ts'
import { issuerTolerance } from '../../x509/der/tolerance.ts'
import { verifySignature } from '../../x509/verify-signature.ts'
import type { Problems } from './problems.ts'

/** The public key and the name of a signer, for verifying certificates. */
interface Signer {
  readonly authorityNumber: number
  /** The signer's subject in DER. */
  readonly subject: Uint8Array
  readonly subjectPublicKeyInfo: SubjectPublicKeyInfo
}

/** Signers, keyed by the row numbers of their CA certificates. */
export type Signers = Map<number, Signer>

/** Checks a CA certificate and its chain, and adds the certificate to `signers`. */
export async function verifyAuthorityCertificate(
  row: Row,
  signers: Signers,
  problems: Problems,
): Promise<void> {
  const number = integerOf(row, 'authority_certificate_number')
  const name = `the CA certificate ${number} of the CA ${textOf(row, 'id')}`
  const certificate = parsed(name, bytesOf(row, 'certificate_der'), problems)
  if (certificate === undefined) return
  const { subject, subjectPublicKeyInfo } = certificate
  const authorityNumber = integerOf(row, 'authority_number')
  signers.set(number, { authorityNumber, subject: subject.der, subjectPublicKeyInfo })
  const isSame =
    serialNumberKey(certificate.serialNumber) ===
      serialNumberKey(Buffer.from(textOf(row, 'serial_number'), 'hex')) &&
    secondsOf(certificate.notBefore) === integerOf(row, 'not_before') &&
    secondsOf(certificate.notAfter) === integerOf(row, 'not_after')
  if (!isSame) problems.add(`${name} does not match its row`)
  await verifyPath(name, [certificate, ...chainOf(name, row, problems)], problems)
}

/** Checks a certification path by the same rules as ImportCertificateAuthorityCertificate (authority/import-chain.ts). */
async function verifyPath(
  name: string,
  path: readonly Certificate[],
  problems: Problems,
): Promise<void> {
  for (const [index, below] of path.entries()) {
    const issuer = path[index + 1]
    const isIssued =
      issuer !== undefined
        ? (await issuedBy(below, issuer, toleranceAt(index))) === 'valid'
        : index === 0
          ? (await selfSignature(below)) === 'valid'
          : // Early versions accepted chains that did not include the root.
            !isSelfIssued(below) || (await endsChain(below))
    if (!isIssued)
      problems.add(
        `${name}: certificate ${index} in the chain is not signed by the next certificate`,
      )
  }
}

function chainOf(name: string, row: Row, problems: Problems): Certificate[] {
  try {
    return parsePem(optionalTextOf(row, 'chain_pem') ?? '').map(({ der }) =>
      parseCertificate(der, issuerTolerance),
    )
  } catch (error) {
    problems.add(`the chain of ${name} cannot be read: ${(error as Error).message}`)
    return []
  }
}

function signerOf({ subject, subjectPublicKeyInfo }: Certificate): Omit<Signer, 'authorityNumber'> {
  return { subject: subject.der, subjectPublicKeyInfo }
}

/** Checks that an issued certificate is self-signed, or signed by the CA certificate that its row refers to. */
export async function verifyCertificate(
  row: Row,
  signers: Signers,
  problems: Problems,
): Promise<void> {
  const authorityNumber = integerOf(row, 'authority_number')
  const serialNumber = bytesOf(row, 'serial_number')
  const name = `the certificate ${Buffer.from(serialNumber).toString('hex')} of the CA ${textOf(row, 'id')}`
  const certificate = parsed(name, bytesOf(row, 'certificate_der'), problems)
  if (certificate === undefined) return
  const isSame =
    serialNumberKey(certificate.serialNumber) === serialNumberKey(serialNumber) &&
    secondsOf(certificate.notAfter) === integerOf(row, 'not_after')
  if (!isSame || serialNumber.length !== recordBytes) problems.add(`${name} does not match its row`)
  const signerNumber = row['authority_certificate_number']
  const signer = signerNumber === null ? undefined : signers.get(Number(signerNumber))
  if (signerNumber !== null && signer?.authorityNumber !== authorityNumber)
    problems.add(`${name} refers to a CA certificate that is missing or unreadable`)
  else if (!(await isSignedBy(certificate, signer ?? signerOf(certificate))))
    problems.add(`${name} is not signed by the CA certificate that it refers to`)
}

/** Checks that a revocation belongs to a certificate of the same CA, or was recovered from a CRL. */
export function verifyRevocation(
  row: Row,
  problems: Problems,
): 'with-certificate' | 'without-certificate' {
  const number = integerOf(row, 'certificate_number')
  if (number < 0) return 'without-certificate'
  const serialNumber = bytesOf(row, 'serial_number')
  const name = `the revocation of ${Buffer.from(serialNumber).toString('hex')}`
  const certificate = row['certificate_serial_number']
  if (!(certificate instanceof Uint8Array))
    problems.add(`${name} does not belong to any certificate`)
  else if (
    Buffer.compare(certificate, serialNumber) !== 0 ||
    row['certificate_not_after'] !== row['not_after']
  )
    problems.add(`${name} does not match its certificate`)
  return 'with-certificate'
}

function parsed(name: string, der: Uint8Array, problems: Problems): Certificate | undefined {
  try {
    return parseCertificate(der)
  } catch (error) {
    problems.add(`${name} cannot be read: ${(error as Error).message}`)
    return undefined
  }
}

/**
 * Returns whether the given signer signed the certificate. The issuer must equal the signer's subject byte for byte, as in
 * every certificate from Signet.
 */
async function isSignedBy(
  { issuer, signatureAlgorithm, tbsCertificateDer, signature }: Certificate,
  { subject, subjectPublicKeyInfo }: Omit<Signer, 'authorityNumber'>,
): Promise<boolean> {
  if (Buffer.compare(issuer.der, subject) !== 0) return false
  const check = await verifySignature({
    subjectPublicKeyInfo,
    signatureAlgorithm,
    message: tbsCertificateDer,
    signature,
    tolerance: issuerTolerance,
  })
  return check === 'valid'
}

function secondsOf(date: Date): number {
  return date.getTime() / 1000
}
