import type { Authority } from '../../authority/authority.ts'
import { parseCertificationRequest } from '../../x509/certification-request.ts'
import { parsePem } from '../../x509/pem.ts'

/** DER of the CA's SubjectPublicKeyInfo, from its own CSR. Only for a CA that has one. */
export function publicKeyOf({ csrPem }: Authority): Uint8Array {
  const [block] = parsePem(csrPem ?? '')
  if (block === undefined) throw new Error('the certificate authority has no CSR')
  return parseCertificationRequest(block.der).subjectPublicKeyInfo.der
}
