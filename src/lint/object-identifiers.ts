/** Checks for object identifiers that exceed the limits of some implementations. */
import { encodeOid } from '../x509/der/oid.ts'
import type { Report } from './rules.ts'

/** Largest arc that Go can store: 31 bits. */
const arcMax = 2n ** 31n - 1n
/** Length of the longest encoding that pyca/cryptography can read. */
const bytesMax = 63
/** Length of a dotted form up to which the encoding never exceeds 63 bytes. */
const shortLengthMax = 64

/** Warns if an object identifier, in dotted form, has an arc of more than 31 bits or an encoding of more than 63 bytes. */
export function lintOid(dotted: string, place: () => string, report: Report): void {
  const hasLargeArc = /\d{10}/.test(dotted) && dotted.split('.').some((arc) => BigInt(arc) > arcMax)
  const isLong = dotted.length > shortLengthMax && encodeOid(dotted).length > bytesMax
  if (hasLargeArc || isLong) report.add('object-identifier-size', `${place()}: ${dotted}`)
}
