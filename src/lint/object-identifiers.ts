/** Object identifiers that some readers cannot hold. */
import { encodeOid } from '../x509/oid.ts'
import type { Report } from './rules.ts'

/** Go holds arcs in 31 bits. */
const arcMax = 2n ** 31n - 1n
/** pyca holds contents of 63 octets. */
const octetsMax = 63
/** Shorter object identifiers have neither long arcs nor many octets. */
const plainLengthMax = 64

/** Warns of an object identifier, dotted, with arcs of more than 31 bits, or of more than 63 octets. */
export function lintOid(dotted: string, place: () => string, report: Report): void {
  const hasLargeArc = /\d{10}/.test(dotted) && dotted.split('.').some((arc) => BigInt(arc) > arcMax)
  const isLong = dotted.length > plainLengthMax && encodeOid(dotted).length > octetsMax
  if (hasLargeArc || isLong) report.add('object-identifier-size', `${place()}: ${dotted}`)
}
