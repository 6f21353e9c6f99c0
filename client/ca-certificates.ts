/** Converts PEM CA certificates from the service's form to the client's form. */
import { X509Certificate } from 'node:crypto'

/** The CA certificates above a certificate. */
export interface CaCertificates {
  /** CA certificates from the issuer upward, without the root. */
  readonly chain: string
  /** The root certificate; an empty string if the chain does not end in a root. */
  readonly root: string
}

/**
 * Separates the root from the rest of a chain that the service returned. A chain from the service includes the
 * root if the root is known.
 */
export function separateRoot(serviceChain: string): CaCertificates {
  const blocks = serviceChain.match(/-----BEGIN [^-]+-----[^-]+-----END [^-]+-----/g) ?? []
  const certificates = blocks.map(withLineEnd)
  const last = certificates.at(-1) ?? ''
  const root = isRoot(last) ? last : ''
  return { chain: (root === '' ? certificates : certificates.slice(0, -1)).join(''), root }
}

/** Returns whether the certificate is a root: its issuer equals its subject. */
function isRoot(pem: string): boolean {
  if (pem === '') return false
  const { subject, issuer } = new X509Certificate(pem)
  return subject === issuer
}

/** Adds the trailing newline that the service's PEM lacks, so that more PEM can be appended. */
export function withLineEnd(pem: string): string {
  return pem === '' || pem.endsWith('\n') ? pem : `${pem}\n`
}
