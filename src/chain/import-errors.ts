/** Errors of a rejected import, and the names of certificates in their messages. */
import { errorsOf, validationFailed } from '../errors.ts'

/** Returns the name that messages use for the certificate at an index of CertificateChain. */
export function chainPosition(index: number): string {
  return `certificate ${index + 1} of CertificateChain`
}

/** Returns the name that messages use for the certificate at an index of the path. Index 0 is the certificate to import. */
export function pathPosition(index: number): string {
  return index === 0 ? 'Certificate' : chainPosition(index - 1)
}

/** The certificate is malformed or has an unacceptable field. */
export const malformed = errorsOf('MalformedCertificateException')

/** The certificate does not belong to the CA, or violates a constraint of a certificate above it. */
export const mismatch = errorsOf('CertificateMismatchException')

/** The path does not fit the type of the CA. */
export const invalidRequest = errorsOf('InvalidRequestException')

/** The certificate is not a CA certificate, or exceeds a path length constraint. */
export const notAllowed = validationFailed
