/** Validates ACME challenges, which prove that a client controls an identifier. */
import type { ChallengeType } from '../enrollment/endpoint.ts'
import { isWildcard } from '../enrollment/identifier.ts'
import { truncateText, visibleText } from '../text/visible-text.ts'
import { createAddressPolicy, type AddressRules } from './address-policy.ts'
import { defaultLimits, type Attempt, type Challenge, type Limits } from './attempt.ts'
import { validateDns01 } from './dns-01.ts'
import { createDnsClient } from './dns-client.ts'
import { validateHttp01 } from './http-01.ts'
import { ValidationError, type ValidationProblem } from './problem.ts'
import { validateTlsAlpn01 } from './tls-alpn-01.ts'

export type ValidationResult =
  | { readonly outcome: 'valid' }
  | {
      readonly outcome: 'invalid'
      readonly problem: ValidationProblem
      /** Whether another attempt may succeed. */
      readonly isRetryable: boolean
    }

export interface Validator {
  /** Makes one attempt, which ends within ten seconds. Rejects only if `signal` is aborted, or because of an internal error. */
  validate(challenge: Challenge, signal: AbortSignal): Promise<ValidationResult>
}

export interface ValidationOptions extends AddressRules {
  /** Addresses of DNS servers, with or without a port. If undefined, the system's servers are used. */
  readonly resolver: readonly string[] | undefined
  readonly httpPort: number
  readonly tlsPort: number
}

/** Maximum length of a problem's detail, in UTF-16 code units. */
const detailLengthMax = 1000

const validations: Readonly<
  Record<ChallengeType, (attempt: Attempt, challenge: Challenge) => Promise<void>>
> = {
  'http-01': validateHttp01,
  'dns-01': validateDns01,
  'tls-alpn-01': validateTlsAlpn01,
}

/** Creates a validator. Throws RangeError if `networks` contains text that is not a network. */
export function createValidator(
  options: ValidationOptions,
  limits: Limits = defaultLimits,
): Validator {
  const { resolver: servers, httpPort, tlsPort } = options
  const addressPolicy = createAddressPolicy(options)
  return {
    async validate(challenge, stopping) {
      const ended = new AbortController()
      const timer = setTimeout(() => ended.abort(), limits.attemptMilliseconds)
      const signal = AbortSignal.any([stopping, ended.signal])
      const dns = createDnsClient({ servers, queryMilliseconds: limits.queryMilliseconds, signal })
      let activity = 'starting'
      const note = (next: string): void => {
        activity = next
      }
      const attempt = { signal, limits, dns, addressPolicy, httpPort, tlsPort, note }
      try {
        requireMethod(challenge)
        await validations[challenge.type](attempt, challenge)
        return { outcome: 'valid' }
      } catch (error) {
        stopping.throwIfAborted()
        if (!ended.signal.aborted) return toResult(error)
        const seconds = limits.attemptMilliseconds / 1000
        const detail = `The validation did not finish within ${seconds} seconds; the time ended while ${activity}`
        return toResult(new ValidationError('connection', detail, { isRetryable: true }))
      } finally {
        clearTimeout(timer)
      }
    },
  }
}

function requireMethod({ type, identifier }: Challenge): void {
  if (type === 'dns-01' && identifier.type === 'ip')
    throw new ValidationError(
      'malformed',
      `The challenge dns-01 cannot validate the address ${identifier.value}; use http-01 or tls-alpn-01`,
    )
  if (type !== 'dns-01' && isWildcard(identifier))
    throw new ValidationError(
      'malformed',
      `The challenge ${type} cannot validate the wildcard ${identifier.value}; use dns-01`,
    )
}

function toResult(error: unknown): ValidationResult {
  if (!(error instanceof ValidationError)) throw error
  const { type, message, isRetryable } = error
  const detail = `${truncateText(visibleText(message), detailLengthMax)}.`
  return { outcome: 'invalid', problem: { type, detail }, isRetryable }
}
