/** Reads what is to be imported (AWS Private CA API, ImportCertificateAuthorityCertificate). */
import { parseCertificate, type Certificate } from '../x509/certificate.ts'
import { DerError } from '../x509/der-error.ts'
import { parsePem, type PemBlock } from '../x509/pem.ts'
import { chainPosition, malformed } from './import-refusals.ts'

/** A certificate with the chain above it: its signer first, the root last; empty for a root. */
export interface CertificatePath {
  readonly certificate: Certificate
  readonly chain: readonly Certificate[]
}

/** Longer chains are refused before any certificate of theirs is read. */
const chainCertificatesMax = 16
/** RFC 5280 §4.1.2.2. */
const serialNumberOctetsMax = 20

/**
 * Reads one PEM certificate, and up to 16 PEM certificates as its chain; without a chain, or with one of no octets,
 * the chain is empty. Throws MalformedCertificateException.
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
  const certificate = readCertificate('Certificate', block)
  if (chainPem === undefined || chainPem.length === 0) return { certificate, chain: [] }
  const blocks = readBlocks('CertificateChain', chainPem)
  if (blocks.length > chainCertificatesMax)
    throw malformed(
      `CertificateChain has ${blocks.length} certificates; at most ${chainCertificatesMax} are accepted`,
    )
  const chain = blocks.map((chainBlock, index) => readCertificate(chainPosition(index), chainBlock))
  return { certificate, chain }
}

function readBlocks(member: string, pem: Uint8Array): PemBlock[] {
  const text = decodeText(member, pem)
  try {
    const blocks = parsePem(text)
    if (blocks.length === 0) throw malformed(`${member} has no PEM certificate`)
    return blocks
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    throw malformed(`${member} cannot be parsed: ${error.message}`, error)
  }
}

function decodeText(member: string, pem: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(pem)
  } catch (cause) {
    throw malformed(`${member} is not text in UTF-8`, cause)
  }
}

function readCertificate(position: string, { label, der }: PemBlock): Certificate {
  if (label !== 'CERTIFICATE')
    throw malformed(`${position} is a PEM block of type ${label.slice(0, 64)}, not CERTIFICATE`)
  try {
    const certificate = parseCertificate(der)
    if (certificate.serialNumber.length > serialNumberOctetsMax)
      throw new DerError(`serialNumber has more than ${serialNumberOctetsMax} octets`)
    return certificate
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    throw malformed(`${position} cannot be parsed: ${error.message}`, error)
  }
}
