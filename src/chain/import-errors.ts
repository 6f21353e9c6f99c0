/** How an import is refused: the codes, and how messages name a certificate of the path. */
import { errorsOf, validationFailed } from '../errors.ts'

/** What messages call the certificate at an index of CertificateChain. */
export function chainPosition(index: number): string {
  return `certificate ${index + 1} of CertificateChain`
}

/** What messages call the certificate at an index of the whole path, whose first is the one to import. */
export function pathPosition(index: number): string {
  return index === 0 ? 'Certificate' : chainPosition(index - 1)
}

/** Cannot be read, or has a field that is not acceptable. */
export const malformed = errorsOf('MalformedCertificateException')

/** Does not belong to the CA, or not keep to what the certificates above it demand. */
export const mismatch = errorsOf('CertificateMismatchException')

/** Not what this type of CA is given. */
export const invalidRequest = errorsOf('InvalidRequestException')

/** No CA certificate, or one CA too many. */
export const notAllowed = validationFailed
