import { ServiceError } from '../errors.ts'
import { refusalOfKey, type WeakKeys } from '../authority/key-strength.ts'
import type { PublicKeyKind } from '../x509/subject-public-key-info.ts'
import type { LintFinding } from './lint.ts'

/** What the operator decides about issuing. */
export interface IssuancePolicy {
  /** What a finding of the lint does: refuse the certificate, be logged, or nothing. */
  readonly lint: 'error' | 'warn' | 'off'
  /** Whether keys that are too weak to protect anything are refused, or issued for as AWS does. */
  readonly weakKeys: WeakKeys
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

/** Throws MalformedCSRException for a key that the policy refuses. */
export function requireStrongKey(key: PublicKeyKind, policy: IssuancePolicy): void {
  const problem = refusalOfKey(key, policy.weakKeys)
  if (problem !== undefined)
    throw new ServiceError(
      'MalformedCSRException',
      `CSR has a public key that is not accepted: ${problem}`,
    )
}
