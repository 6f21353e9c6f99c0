import { invalidArgs, malformedCsr } from '../errors.ts'
import {
  weakKeyReason,
  refusalOfPrimeModulus,
  type KeyPolicy,
} from '../key-strength/key-strength.ts'
import type { SubjectPublicKeyInfo } from '../x509/subject-public-key-info.ts'
import type { LintFinding } from '../lint/rules.ts'

/** What the operator decides about issuing. */
export interface IssuancePolicy extends KeyPolicy {
  /** `error`: errors of the lint refuse the certificate, warnings are logged; `warn`: both are logged. */
  readonly lint: 'error' | 'warn' | 'off'
  /** Which signatures are checked before they are stored: all, or those of CA certificates. */
  readonly verifySignatures: 'all' | 'ca'
  /** Whether CSRs that are signed with SHA-1 are accepted; they are refused if this is left out. */
  readonly csrSha1?: 'refuse' | 'accept'
  /** How a request with an empty subject and a SAN that is not critical is handled; `refuse` if left out. */
  readonly emptySubject?: EmptySubjectPolicy | undefined
}

/** `refuse`: MalformedCSRException, as AWS; `critical-san`: the SAN is marked critical (RFC 5280 §4.1.2.6). */
export type EmptySubjectPolicy = 'refuse' | 'critical-san'

/** Throws InvalidArgsException with the rules that are broken, if the policy refuses any of the findings. */
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
  throw invalidArgs(`The certificate would not pass the lint. ${reasons.join('; ')}`)
}

/** Throws MalformedCSRException for a key that the policy refuses. */
export function requireStrongKey(key: SubjectPublicKeyInfo, policy: IssuancePolicy): void {
  requireNone(weakKeyReason(key, policy))
}

/** Throws MalformedCSRException for a prime modulus. The check takes milliseconds, so it comes last. */
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
