/** Which public keys are too weak to be certified, or to certify others. */
import { oidName } from '../x509/oid.ts'
import type { PublicKeyKind } from '../x509/subject-public-key-info.ts'

/** What is done about weak keys: refuse them, or allow them as AWS does. */
export type WeakKeys = 'refuse' | 'allow'

const rsaBitsMin = 2048
/** Checking a signature by a larger key takes longer than any honest client needs. */
const rsaBitsMax = 8192
const rsaExponentMin = 65_537n

/** Named curves of at least 224 bits, without a known weakness: NIST's, secp256k1 and the Brainpool ones. */
const strongCurves: ReadonlySet<string> = new Set([
  '1.3.132.0.33',
  '1.2.840.10045.3.1.7',
  '1.3.132.0.34',
  '1.3.132.0.35',
  '1.3.132.0.10',
  '1.3.36.3.3.2.8.1.1.5',
  '1.3.36.3.3.2.8.1.1.7',
  '1.3.36.3.3.2.8.1.1.11',
  '1.3.36.3.3.2.8.1.1.13',
])

/** Why a key is refused, or undefined: one that is too large always, a weak one unless the operator allows it. */
export function refusalOfKey(key: PublicKeyKind, weakKeys: WeakKeys): string | undefined {
  return excessOf(key) ?? (weakKeys === 'refuse' ? weaknessOf(key) : undefined)
}

/** Why a key is too weak for a certificate, or undefined (NIST SP 800-57 part 1, SP 800-89 §5.3.3). */
export function weaknessOf(key: PublicKeyKind): string | undefined {
  if (key.kind === 'ec')
    return strongCurves.has(key.curve)
      ? undefined
      : `curve ${oidName(key.curve)} is not known to be strong`
  if (key.kind !== 'rsa') return undefined
  const { modulusBits, modulus, exponent } = key
  if (modulusBits < rsaBitsMin) return `RSA key has ${modulusBits} bits, fewer than ${rsaBitsMin}`
  if (((modulus.at(-1) ?? 0) & 1) === 0) return 'RSA modulus is even'
  if ((exponent & 1n) === 0n) return 'RSA exponent is even'
  if (exponent < rsaExponentMin) return `RSA exponent ${exponent} is smaller than ${rsaExponentMin}`
  return undefined
}

/** Why a key is refused whatever the operator allows, or undefined. */
export function excessOf(key: PublicKeyKind): string | undefined {
  return key.kind === 'rsa' && key.modulusBits > rsaBitsMax
    ? `RSA key has ${key.modulusBits} bits, more than ${rsaBitsMax}`
    : undefined
}
