/** The proofs that an account needs for the identifiers of an order (RFC 8555 §7.1.4 and §8, RFC 8737, RFC 8738). */
import { challengeTypes, type ChallengeType } from './endpoint.ts'
import { isWildcard, type Identifier } from './identifier.ts'

/** The subject of an authorization. */
export interface AuthorizationSubject {
  /** Identifier without a wildcard. */
  readonly identifier: Identifier
  /** Whether the authorization is for the names directly below the identifier (RFC 8555 §7.1.4). */
  readonly wildcard: boolean
}

export function subjectOf(identifier: Identifier): AuthorizationSubject {
  return isWildcard(identifier)
    ? { identifier: { type: 'dns', value: identifier.value.slice('*.'.length) }, wildcard: true }
    : { identifier, wildcard: false }
}

/** Returns a key that is the same for equal subjects. */
export function subjectKey({
  identifier: { type, value },
  wildcard,
}: AuthorizationSubject): string {
  return `${type}:${wildcard ? '*.' : ''}${value}`
}

/**
 * Returns the endpoint's challenges that are possible for an identifier. A wildcard requires dns-01 (RFC 8555 §8.3, RFC 8737 §3),
 * which is impossible for an address (RFC 8738 §7).
 */
export function challengesFor(
  identifier: Identifier,
  offered: readonly ChallengeType[],
): ChallengeType[] {
  return challengeTypes.filter((type) => offered.includes(type) && proves(type, identifier))
}

function proves(type: ChallengeType, identifier: Identifier): boolean {
  if (identifier.type === 'ip') return type !== 'dns-01'
  return type === 'dns-01' || !isWildcard(identifier)
}

/** Returns a sentence that states why an identifier can never be authorized at the endpoint, or undefined if it can. */
export function challengeFault(
  identifier: Identifier,
  offered: readonly ChallengeType[],
): string | undefined {
  if (offered.length === 0 || challengesFor(identifier, offered).length > 0) return undefined
  return identifier.type === 'ip'
    ? 'This endpoint does not offer http-01 or tls-alpn-01, which an IP address requires.'
    : 'This endpoint does not offer dns-01, which a wildcard requires.'
}
