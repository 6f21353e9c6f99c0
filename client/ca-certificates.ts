/** Converts PEM CA certificates from the service's form to the client's form. */
import { X509Certificate } from 'node:crypto'

/** The CA certificates above a certificate. */
export interface CaCertificates {
  /** CA certificates from the issuer up, without the root. */
  readonly chain: string
  /** The root; an empty string if the chain does not end in a root. */
  readonly root: string
}

/** Separates the root from a chain that the service returned. Such a chain includes the root, if there is one. */
export function separateRoot(serviceChain: string): CaCertificates {
  const blocks = serviceChain.match(/-----BEGIN [^-]+-----[^-]+-----END [^-]+-----/g) ?? []
  const certificates = blocks.map(withLineEnd)
  const last = certificates.at(-1) ?? ''
  const root = isRoot(last) ? last : ''
  return { chain: (root === '' ? certificates : certificates.slice(0, -1)).join(''), root }
}

/** Returns whether the certificate is a root: its issuer is its subject. */
function isRoot(pem: string): boolean {
  if (pem === '') return false
  const { subject, issuer } = new X509Certificate(pem)
  return subject === issuer
}

/** Adds the trailing newline that PEM from the service lacks, so that more PEM can be appended. */
export function withLineEnd(pem: string): string {
  return pem === '' || pem.endsWith('\n') ? pem : `${pem}\n`
}
