import { invalidArgs, malformedCsr } from '../errors.ts'
import {
  weakKeyReason,
  refusalOfPrimeModulus,
  type KeyPolicy,
} from '../key-strength/key-strength.ts'
import type { SubjectPublicKeyInfo } from '../x509/subject-public-key-info.ts'
import type { LintFinding } from '../lint/rules.ts'

/** The operator's settings for issuance. */
export interface IssuancePolicy extends KeyPolicy {
  /** With `error`, certificates with lint errors are rejected, and lint warnings are logged. With `warn`, both are logged. */
  readonly lint: 'error' | 'warn' | 'off'
  /** Which signatures are verified before a certificate is stored: all signatures, or only those on CA certificates. */
  readonly verifySignatures: 'all' | 'ca'
  /** Whether CSRs signed with SHA-1 are accepted; by default they are rejected. */
  readonly csrSha1?: 'refuse' | 'accept'
  /** How CSRs with an empty subject and a non-critical SAN are handled; `refuse` by default. */
  readonly emptySubject?: EmptySubjectPolicy | undefined
}

/** `refuse` throws MalformedCSRException, as in AWS. `critical-san` marks the SAN as critical (RFC 5280 §4.1.2.6). */
export type EmptySubjectPolicy = 'refuse' | 'critical-san'

/** Throws InvalidArgsException with the violated rules if the policy rejects a lint finding. */
export function requireLinted(
  findings: readonly LintFinding[],
  policy: Pick<IssuancePolicy, 'lint'>,
): void {
  if (policy.lint !== 'error') return
  const errors = findings.filter(({ severity }) => severity === 'error')
  if (errors.length === 0) return
  const reasons = errors.map(
    ({ name, rule, detail, source }) =>
      `${name}: ${rule}${detail === undefined ? '' : `; ${detail}`} (${source})`,
  )
  throw invalidArgs(`The certificate would violate lint rules. ${reasons.join('; ')}`)
}

/** Throws MalformedCSRException for a weak key if the policy rejects weak keys. */
export function requireStrongKey(key: SubjectPublicKeyInfo, policy: IssuancePolicy): void {
  requireNone(weakKeyReason(key, policy))
}

/**
 * Throws MalformedCSRException if the RSA modulus is prime. The check of the modulus runs last, because it takes milliseconds.
 */
export async function requireCompositeModulus(
  key: SubjectPublicKeyInfo,
  policy: IssuancePolicy,
): Promise<void> {
  requireNone(await refusalOfPrimeModulus(key, policy))
}

function requireNone(problem: string | undefined): void {
  if (problem !== undefined)
    throw malformedCsr(`CSR has a public key that is not accepted: ${problem}`)
}
