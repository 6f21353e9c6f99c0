import { ServiceError } from '../errors.ts'
import { refusalOfKey, refusalOfPrimeModulus, type KeyPolicy } from '../authority/key-strength.ts'
import type { SubjectPublicKeyInfo } from '../x509/subject-public-key-info.ts'
import type { LintFinding } from './lint.ts'

/** What the operator decides about issuing. */
export interface IssuancePolicy extends KeyPolicy {
  /** What a finding of the lint does: refuse the certificate, be logged, or nothing. */
  readonly lint: 'error' | 'warn' | 'off'
  /** Which signatures are checked before they are stored: all, or those of CA certificates. */
  readonly verifySignatures: 'all' | 'ca'
  /** Whether CSRs that are signed with SHA-1 are accepted; they are refused if this is left out. */
  readonly csrSha1?: 'refuse' | 'accept'
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
export function requireStrongKey(key: SubjectPublicKeyInfo, policy: IssuancePolicy): void {
  requireNone(refusalOfKey(key, policy))
}

/** The same for the check that takes milliseconds, which is left for a request that is acceptable otherwise. */
export async function requireCompositeModulus(
  key: SubjectPublicKeyInfo,
  policy: IssuancePolicy,
): Promise<void> {
  requireNone(await refusalOfPrimeModulus(key, policy))
}

function requireNone(problem: string | undefined): void {
  if (problem !== undefined)
    throw new ServiceError(
      'MalformedCSRException',
      `CSR has a public key that is not accepted: ${problem}`,
    )
}
