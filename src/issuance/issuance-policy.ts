import { ServiceError } from '../errors.ts'
import type { PublicKeyKind } from '../x509/subject-public-key-info.ts'
import type { LintFinding } from './lint.ts'

/** What the operator decides about issuing. */
export interface IssuancePolicy {
  /** What a finding of the lint does: refuse the certificate, be logged, or nothing. */
  readonly lint: 'error' | 'warn' | 'off'
  /** Whether keys that are too weak to protect anything are refused, or issued for as AWS does. */
  readonly weakKeys: 'refuse' | 'allow'
  /** Which signatures are checked before they are stored: all, or those of CA certificates. */
  readonly verifySignatures: 'all' | 'ca'
}

/** Throws InvalidArgsException naming the lints, if the policy refuses what they found. */
export function requireLinted(findings: readonly LintFinding[], policy: IssuancePolicy): void {
  if (policy.lint !== 'error' || findings.length === 0) return
  const reasons = findings.map(({ name, rule, source }) => `${name}: ${rule} (${source})`)
  throw new ServiceError(
    'InvalidArgsException',
    `The certificate would not pass the lint. ${reasons.join('; ')}`,
  )
}

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

/** Why a key is too weak for a certificate, or undefined (NIST SP 800-57 part 1, SP 800-89 §5.3.3). */
export function weaknessOf(key: PublicKeyKind): string | undefined {
  if (key.kind === 'ec')
    return strongCurves.has(key.curve) ? undefined : `curve ${key.curve} is not known to be strong`
  if (key.kind !== 'rsa') return undefined
  const { modulusBits, modulus, exponent } = key
  if (modulusBits < rsaBitsMin) return `RSA key has ${modulusBits} bits, fewer than ${rsaBitsMin}`
  if (((modulus.at(-1) ?? 0) & 1) === 0) return 'RSA modulus is even'
  if ((exponent & 1n) === 0n) return 'RSA exponent is even'
  if (exponent < rsaExponentMin) return `RSA exponent ${exponent} is smaller than ${rsaExponentMin}`
  return undefined
}

/** Throws MalformedCSRException for a key that the policy refuses. */
export function requireStrongKey(key: PublicKeyKind, policy: IssuancePolicy): void {
  const tooLarge = key.kind === 'rsa' && key.modulusBits > rsaBitsMax
  const weakness = tooLarge
    ? `RSA key has ${key.modulusBits} bits, more than ${rsaBitsMax}`
    : policy.weakKeys === 'refuse' && weaknessOf(key)
  if (typeof weakness === 'string')
    throw new ServiceError(
      'MalformedCSRException',
      `CSR has a public key that is not accepted: ${weakness}`,
    )
}
