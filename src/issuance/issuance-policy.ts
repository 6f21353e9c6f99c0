import { ServiceError } from '../errors.ts'
import { refusalOfKey, type WeakKeys } from '../authority/key-strength.ts'
import type { PublicKeyKind } from '../x509/subject-public-key-info.ts'
import type { LintFinding } from '../lint/rules.ts'

/** What the operator decides about issuing. */
export interface IssuancePolicy {
  /** `error`: errors of the lint refuse the certificate, warnings are logged; `warn`: both are logged. */
  readonly lint: 'error' | 'warn' | 'off'
  /** Whether keys that are too weak to protect anything are refused, or issued for as AWS does. */
  readonly weakKeys: WeakKeys
  /** Which signatures are checked before they are stored: all, or those of CA certificates. */
  readonly verifySignatures: 'all' | 'ca'
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
