import type { CertificateOfSigner } from '../../store/certificates.ts'
import { encodePem } from '../../x509/pem.ts'

/** A certificate as AWS hands it out: PEM without a newline at the end, for clients add one before they join. */
export function certificatePem(der: Uint8Array): string {
  return encodePem('CERTIFICATE', der).trimEnd()
}

/** The chain of what `signer` signed: the signer itself, then the chain above it, root last. */
export function chainPem(signer: CertificateOfSigner): string {
  const own = certificatePem(signer.certificateDer)
  return signer.chainPem === undefined ? own : `${own}\n${signer.chainPem}`
}
