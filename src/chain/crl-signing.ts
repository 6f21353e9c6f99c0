import type { Certificate } from '../x509/certificate.ts'
import { findExtension } from '../x509/extensions/extensions.ts'
import { parseKeyUsage } from '../x509/extensions/key-usage.ts'
import { oids } from '../x509/der/oid.ts'

/**
 * Whether validators accept CRLs from the CA with that certificate: its key usage has cRLSign, or it has no key usage
 * (RFC 5280 §4.2.1.3, §6.3.3 f). OCSP responses need no such bit: OpenSSL, GnuTLS and NSS accept them from a CA without
 * digitalSignature.
 */
export function maySignCrls({ extensions }: Pick<Certificate, 'extensions'>): boolean {
  const extension = findExtension(extensions, oids.keyUsage)
  return extension === undefined || parseKeyUsage(extension.value).includes('cRLSign')
}
