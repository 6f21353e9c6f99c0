import { parseBasicConstraints } from '../x509/extensions/basic-constraints.ts'
import type { Certificate } from '../x509/certificate.ts'
import { findExtension } from '../x509/extensions/extensions.ts'
import { sameName } from '../x509/names/name.ts'
import { oids } from '../x509/der/oid.ts'

/**
 * Returns the number of CA certificates that the constraints in `path` permit below its first certificate. `path` starts with a
 * CA certificate and ends with the root. The result is undefined if there is no limit, and negative if the path itself violates a
 * constraint. Self-issued certificates are not counted (RFC 5280 §4.2.1.9, §6.1.4 l and m).
 */
export function remainingPathLength(path: readonly Certificate[]): number | undefined {
  let remaining: number | undefined
  for (const certificate of path.toReversed()) {
    if (remaining !== undefined && !isSelfIssued(certificate)) remaining -= 1
    if (remaining !== undefined && remaining < 0) return remaining
    const constraint = pathLenConstraintOf(certificate)
    if (constraint !== undefined) remaining = Math.min(constraint, remaining ?? constraint)
  }
  return remaining
}

/**
 * Returns the index of the certificate in `path` that exceeds a path length constraint above it; undefined if no certificate
 * does. If several certificates exceed a constraint, the function returns the index of the certificate nearest to the root.
 */
export function findTooDeep(path: readonly Certificate[]): number | undefined {
  for (let index = path.length - 1; index >= 0; index -= 1) {
    const remaining = remainingPathLength(path.slice(index))
    if (remaining !== undefined && remaining < 0) return index
  }
  return undefined
}

function pathLenConstraintOf(certificate: Certificate): number | undefined {
  const extension = findExtension(certificate.extensions, oids.basicConstraints)
  return extension === undefined
    ? undefined
    : parseBasicConstraints(extension.value).pathLenConstraint
}

/**
 * Returns whether a certificate's subject and issuer are the same name, regardless of the signing key (RFC 5280 §3.2).
 */
export function isSelfIssued(certificate: Certificate): boolean {
  return sameName(certificate.subject, certificate.issuer)
}
