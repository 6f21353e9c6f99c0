/** Encodes AWS's KeyUsage (AWS Private CA API, KeyUsage). */
import { structure, boolean } from '../wire/shapes/shape.ts'
import type { Encodable } from '../wire/shapes/encode.ts'
import { invalidArgs } from '../errors.ts'
import type { Extension } from '../x509/extensions/extensions.ts'
import { encodeKeyUsage, keyUsageBits } from '../x509/extensions/key-usage.ts'
import { oids } from '../x509/der/oid.ts'

/** Key usages in the order of their bits. */
export const keyUsage = structure({
  DigitalSignature: boolean(),
  NonRepudiation: boolean(),
  KeyEncipherment: boolean(),
  DataEncipherment: boolean(),
  KeyAgreement: boolean(),
  KeyCertSign: boolean(),
  CRLSign: boolean(),
  EncipherOnly: boolean(),
  DecipherOnly: boolean(),
})

/** Requested key usages, in which an absent usage is false. */
export type RequestedKeyUsage = Encodable<typeof keyUsage>

const usages = Object.keys(keyUsage.members) as (keyof RequestedKeyUsage)[]

/** Encodes the critical KeyUsage extension. Throws InvalidArgsException if no key usage is set (RFC 5280 §4.2.1.3). */
export function keyUsageExtension(requested: RequestedKeyUsage, at: string): Extension {
  const bits = keyUsageBits.filter((_bit, index) => requested[usages[index] ?? 'CRLSign'] === true)
  if (bits.length === 0) throw invalidArgs(`${at} must set at least one usage to true`)
  return { oid: oids.keyUsage, critical: true, value: encodeKeyUsage(bits) }
}
