import { parseBasicConstraints } from '../x509/basic-constraints.ts'
import type { Certificate } from '../x509/certificate.ts'
import { findExtension } from '../x509/extensions.ts'
import { sameName } from '../x509/name.ts'
import { oids } from '../x509/oid.ts'

/**
 * How many CA certificates may follow below the first of `path` (a CA certificate, its signer, … the root), by the
 * path length constraints of all of them; undefined if there is no limit. Negative if the path itself already
 * breaks one. Self-issued certificates below the constraint do not count (RFC 5280 §4.2.1.9, §6.1.4 l and m).
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

function pathLenConstraintOf(certificate: Certificate): number | undefined {
  const extension = findExtension(certificate.extensions, oids.basicConstraints)
  return extension === undefined
    ? undefined
    : parseBasicConstraints(extension.value).pathLenConstraint
}

function isSelfIssued(certificate: Certificate): boolean {
  return sameName(certificate.subject, certificate.issuer)
}
