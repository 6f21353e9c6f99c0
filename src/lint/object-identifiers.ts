/** Object identifiers that exceed the limits of some readers. */
import { encodeOid } from '../x509/der/oid.ts'
import type { Report } from './rules.ts'

/** Go stores arcs in 31 bits. */
const arcMax = 2n ** 31n - 1n
/** pyca/cryptography reads up to 63 bytes of contents. */
const bytesMax = 63
/** Shorter dotted forms cannot exceed 63 bytes. */
const plainLengthMax = 64

/** Warns of an object identifier, dotted, with arcs of more than 31 bits or more than 63 bytes. */
export function lintOid(dotted: string, place: () => string, report: Report): void {
  const hasLargeArc = /\d{10}/.test(dotted) && dotted.split('.').some((arc) => BigInt(arc) > arcMax)
  const isLong = dotted.length > plainLengthMax && encodeOid(dotted).length > bytesMax
  if (hasLargeArc || isLong) report.add('object-identifier-size', `${place()}: ${dotted}`)
}
