/** Determines which public keys are too weak to be certified or to certify other keys. */
import {
  coordinateBytes,
  type PublicKeyKind,
  type SubjectPublicKeyInfo,
} from '../x509/subject-public-key-info.ts'
import { oidName } from '../x509/der/oid.ts'
import { hasSmallOrder } from './edwards-points.ts'
import { isPrimeModulus, rememberedWeakness } from './modulus-checks.ts'
import type { WeakKeyList } from './weak-key-list.ts'

/** How weak keys are handled: rejected, or allowed as in AWS. */
type WeakKeys = 'refuse' | 'allow'

/** The operator's policy on keys. */
export interface KeyPolicy {
  readonly weakKeys: WeakKeys
  /** Publicly known keys; none by default. */
  readonly weakKeyList?: WeakKeyList | undefined
}

type RsaKey = Extract<PublicKeyKind, { kind: 'rsa' }>

const rsaBitsMin = 2048
/** Maximum key size. A key above this size makes signature verification slow, and no honest client needs one. */
const rsaBitsMax = 8192
const rsaExponentMin = 65_537n
const rsaExponentBitsMax = 256n

/**
 * Returns why a key is rejected, or undefined if it is accepted. A key that is too large is always rejected. A weak key is
 * rejected unless the operator allows weak keys. A prime modulus is detected separately by refusalOfPrimeModulus.
 */
export function weakKeyReason(
  subjectPublicKeyInfo: SubjectPublicKeyInfo,
  { weakKeys, weakKeyList }: KeyPolicy,
): string | undefined {
  const excess = excessOf(subjectPublicKeyInfo.key)
  if (excess !== undefined || weakKeys === 'allow') return excess
  const weakness = weaknessOf(subjectPublicKeyInfo)
  if (weakness !== undefined) return weakness
  return weakKeyList?.has(subjectPublicKeyInfo) === true
    ? 'the private key is publicly known: the key is on the list of weak keys'
    : undefined
}

/**
 * Returns why a key with a prime modulus is rejected. The check takes milliseconds on another thread, so it must run after
 * weakKeyReason.
 */
export async function refusalOfPrimeModulus(
  { key }: SubjectPublicKeyInfo,
  { weakKeys }: KeyPolicy,
): Promise<string | undefined> {
  if (weakKeys === 'allow' || key.kind !== 'rsa') return undefined
  return (await isPrimeModulus(key.modulus)) ? 'RSA modulus is a prime number' : undefined
}

/**
 * Returns why a key is too weak for a certificate, or undefined if the key is strong enough (NIST SP 800-57 part 1, SP 800-89
 * §5.3.3; CA/Browser Forum Baseline Requirements §6.1.1.3, §6.1.6). The check takes about 75 µs for an RSA key that has not been
 * checked before.
 */
export function weaknessOf({ key, subjectPublicKey }: SubjectPublicKeyInfo): string | undefined {
  switch (key.kind) {
    case 'rsa':
      return weaknessOfRsa(key)
    case 'ec':
      return coordinateBytes.has(key.curve)
        ? undefined
        : `curve ${oidName(key.curve)} is not known to be strong`
    case 'ed25519':
    case 'ed448':
      return hasSmallOrder(key.kind, subjectPublicKey)
        ? `${key.kind} key is a point of small order`
        : undefined
    case 'ml-dsa':
    case 'other':
      return undefined
  }
}

function weaknessOfRsa({ modulusBits, modulus, exponent }: RsaKey): string | undefined {
  if (modulusBits < rsaBitsMin) return `RSA key has ${modulusBits} bits, fewer than ${rsaBitsMin}`
  if (((modulus.at(-1) ?? 0) & 1) === 0) return 'RSA modulus is even'
  if ((exponent & 1n) === 0n) return 'RSA exponent is even'
  if (exponent < rsaExponentMin) return `RSA exponent ${exponent} is smaller than ${rsaExponentMin}`
  if (exponent >> rsaExponentBitsMax > 0n)
    return `RSA exponent has more than ${rsaExponentBitsMax} bits`
  return rememberedWeakness(modulus)
}

/** Object identifiers of key types that are not accepted (RFC 3279 §2.3, RFC 4055 §1.2, RFC 8410 §3). */
const unsupportedKinds: ReadonlyMap<string, string> = new Map([
  ['1.2.840.10040.4.1', 'DSA'],
  ['1.2.840.113549.1.1.10', 'RSASSA-PSS'],
  ['1.2.840.113549.1.1.7', 'RSAES-OAEP'],
  ['1.3.101.110', 'X25519'],
  ['1.3.101.111', 'X448'],
  ['1.2.840.10046.2.1', 'Diffie-Hellman'],
  ['1.2.840.113549.1.3.1', 'Diffie-Hellman'],
])

/** Returns why a key is rejected under every policy, or undefined if a policy can accept the key. */
export function excessOf(key: PublicKeyKind): string | undefined {
  if (key.kind === 'rsa' && key.modulusBits > rsaBitsMax)
    return `RSA key has ${key.modulusBits} bits, more than ${rsaBitsMax}`
  if (key.kind !== 'other') return undefined
  const name = unsupportedKinds.get(key.oid)
  const kind = name === undefined ? `of the unknown kind ${key.oid}` : `${name} (${key.oid})`
  const advice =
    name === 'RSASSA-PSS' ? '; use an RSA key of the kind rsaEncryption (1.2.840.113549.1.1.1)' : ''
  return `the key is ${kind}, but must be RSA, EC, Ed25519, Ed448 or ML-DSA${advice}`
}
