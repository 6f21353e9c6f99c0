/** KeyUsage, as callers write it (AWS Private CA API, KeyUsage). */
import { ServiceError } from '../errors.ts'
import type { Extension } from '../x509/extensions/extensions.ts'
import { encodeKeyUsage, type KeyUsageBit } from '../x509/extensions/key-usage.ts'
import { oids } from '../x509/der/oid.ts'

/** In the order of the bits; each false unless it is given. */
export interface RequestedKeyUsage {
  readonly DigitalSignature?: boolean
  readonly NonRepudiation?: boolean
  readonly KeyEncipherment?: boolean
  readonly DataEncipherment?: boolean
  readonly KeyAgreement?: boolean
  readonly KeyCertSign?: boolean
  readonly CRLSign?: boolean
  readonly EncipherOnly?: boolean
  readonly DecipherOnly?: boolean
}

const bitOf: readonly (readonly [keyof RequestedKeyUsage, KeyUsageBit])[] = [
  ['DigitalSignature', 'digitalSignature'],
  ['NonRepudiation', 'nonRepudiation'],
  ['KeyEncipherment', 'keyEncipherment'],
  ['DataEncipherment', 'dataEncipherment'],
  ['KeyAgreement', 'keyAgreement'],
  ['KeyCertSign', 'keyCertSign'],
  ['CRLSign', 'cRLSign'],
  ['EncipherOnly', 'encipherOnly'],
  ['DecipherOnly', 'decipherOnly'],
]

/** The extension, critical. Throws InvalidArgsException if no bit is set (RFC 5280 §4.2.1.3). */
export function keyUsageExtension(requested: RequestedKeyUsage, at: string): Extension {
  const bits = bitOf.filter(([member]) => requested[member] === true).map(([, bit]) => bit)
  if (bits.length === 0)
    throw new ServiceError(
      'InvalidArgsException',
      `${at} must have at least one usage that is true`,
    )
  return { oid: oids.keyUsage, critical: true, value: encodeKeyUsage(bits) }
}
