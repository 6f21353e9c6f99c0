/** Parses the input of ImportCertificateAuthorityCertificate (AWS Private CA API). */
import { parseCertificate, type Certificate } from '../x509/certificate.ts'
import { DerError } from '../x509/der/error.ts'
import { recognizePasted } from '../x509/pasted-input.ts'
import { encodePem, parsePem, pemText, type PemBlock } from '../x509/pem.ts'
import { issuerTolerance, strict, type Tolerance } from '../x509/der/tolerance.ts'
import { chainPosition, malformed } from './import-errors.ts'

/**
 * A certificate, and the chain above it. The chain starts with the signer and ends with the root; the chain of a root is empty.
 */
export interface CertificatePath {
  readonly certificate: Certificate
  readonly chain: readonly Certificate[]
}

/** Maximum length of a chain. The length is checked before any certificate is parsed. */
const chainCertificatesMax = 16
/** Maximum length of the serial number in the certificate to import (RFC 5280 §4.1.2.2). */
const serialNumberBytesMax = 20
/** Maximum length of the serial numbers in the chain, which the importer cannot change. */
const foreignSerialNumberBytesMax = 64

/**
 * Parses one PEM certificate, and a chain of up to 16 PEM certificates. The chain may be absent or empty. Throws
 * MalformedCertificateException.
 */
export function parseImport(
  certificatePem: Uint8Array,
  chainPem: Uint8Array | undefined,
): CertificatePath {
  const [block, ...more] = readBlocks('Certificate', certificatePem)
  if (block === undefined || more.length > 0)
    throw malformed(
      `Certificate must be exactly one PEM certificate; ${more.length + 1} were found`,
    )
  const certificate = readCertificate('Certificate', block, strict)
  if (chainPem === undefined || chainPem.length === 0) return { certificate, chain: [] }
  const blocks = readBlocks('CertificateChain', chainPem)
  if (blocks.length > chainCertificatesMax)
    throw malformed(
      `CertificateChain has ${blocks.length} certificates; at most ${chainCertificatesMax} are accepted`,
    )
  const chain = blocks.map((chainBlock, index) =>
    readCertificate(chainPosition(index), chainBlock, issuerTolerance),
  )
  return { certificate, chain }
}

function readBlocks(member: string, pem: Uint8Array): PemBlock[] {
  try {
    const blocks = parsePem(pemText(pem))
    if (blocks.length > 0) return blocks
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    const recognized = recognizePasted(pem, 'certificate')
    throw malformed(
      recognized === undefined
        ? `${member} cannot be parsed: ${error.message}`
        : `${member} must be PEM certificates; it is ${recognized}`,
      error,
    )
  }
  const recognized = recognizePasted(pem, 'certificate')
  throw malformed(
    `${member} has no PEM certificate` + (recognized === undefined ? '' : `; it is ${recognized}`),
  )
}

/**
 * Parses a certificate of the path. Non-DER encodings are tolerated in the chain, because the importer cannot change the chain's
 * certificates.
 */
function readCertificate(
  position: string,
  { label, der }: PemBlock,
  tolerance: Tolerance,
): Certificate {
  if (label !== 'CERTIFICATE')
    throw malformed(
      label.endsWith('PRIVATE KEY')
        ? `${position} is a private key, which must never be sent; treat the key as compromised`
        : `${position} is a PEM block of type ${label.slice(0, 64)}, not CERTIFICATE${conversionOf(label, der)}`,
    )
  try {
    const certificate = parseCertificate(der, tolerance)
    const bytesMax = tolerance === strict ? serialNumberBytesMax : foreignSerialNumberBytesMax
    if (certificate.serialNumber.length > bytesMax)
      throw new DerError(`serialNumber has more than ${bytesMax} bytes`)
    return certificate
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    const recognized = recognizePasted(Buffer.from(encodePem(label, der)), 'certificate')
    throw malformed(
      recognized === undefined
        ? `${position} cannot be parsed: ${error.message}`
        : `${position} is ${recognized}`,
      error,
    )
  }
}

function conversionOf(label: string, der: Uint8Array): string {
  const recognized = recognizePasted(Buffer.from(encodePem(label, der)), 'certificate')
  return recognized === undefined ? '' : `: it is ${recognized}`
}
