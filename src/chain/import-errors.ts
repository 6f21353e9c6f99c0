/** Errors for a rejected import, and the names of certificates in error messages. */
import { errorsOf, validationFailed } from '../errors.ts'

/** Returns the name used in error messages for the certificate at an index in CertificateChain. */
export function chainPosition(index: number): string {
  return `certificate ${index + 1} of CertificateChain`
}

/**
 * Returns the name used in error messages for the certificate at an index in the path. Index 0 of the path is the
 * certificate to import.
 */
export function pathPosition(index: number): string {
  return index === 0 ? 'Certificate' : chainPosition(index - 1)
}

/** Creates the error for a certificate that is malformed or has an unacceptable field. */
export const malformed = errorsOf('MalformedCertificateException')

/**
 * Creates the error for a certificate that does not belong to the CA, or that violates a constraint in a certificate above it.
 */
export const mismatch = errorsOf('CertificateMismatchException')

/** Creates the error for a path that does not match the CA's type. */
export const invalidRequest = errorsOf('InvalidRequestException')

/** Creates the error for a certificate that is not a CA certificate, or exceeds a path length constraint. */
export const notAllowed = validationFailed
