import type { SignerCertificate } from '../../store/installed-certificates.ts'
import { encodePem } from '../../x509/pem.ts'

/**
 * Encodes a certificate in PEM without a final newline, as AWS does. Clients add a newline before they concatenate certificates.
 */
export function certificatePem(der: Uint8Array): string {
  return encodePem('CERTIFICATE', der).trimEnd()
}

/**
 * Returns the PEM chain of a certificate that was signed by `signer`: the signer, followed by its issuers, with the root last.
 */
export function chainPem(signer: SignerCertificate): string {
  const own = certificatePem(signer.certificateDer)
  return signer.chainPem === undefined ? own : `${own}\n${signer.chainPem}`
}
