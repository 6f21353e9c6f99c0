/** One attempt to validate a challenge: its limits and dependencies. */
import type { ChallengeType } from '../enrollment/endpoint.ts'
import type { Identifier } from '../enrollment/identifier.ts'
import type { AddressPolicy } from './address-policy.ts'
import type { DnsClient } from './dns-client.ts'

export interface Challenge {
  readonly type: ChallengeType
  readonly identifier: Identifier
  readonly token: string
  /** Token, dot, and thumbprint of the account's key (RFC 8555 §8.1). */
  readonly keyAuthorization: string
}

export interface Limits {
  /** Time limit for a whole attempt. */
  readonly attemptMilliseconds: number
  /** Time limit for connecting to one address. */
  readonly connectMilliseconds: number
  /** Time limit for the first transmission of a DNS query to one server. c-ares doubles the limit for the second transmission. */
  readonly queryMilliseconds: number
}

export const defaultLimits: Limits = {
  attemptMilliseconds: 10_000,
  connectMilliseconds: 2500,
  queryMilliseconds: 1500,
}

export interface Attempt {
  /** Aborted when the attempt's time has expired, or when the server stops. */
  readonly signal: AbortSignal
  readonly limits: Limits
  readonly dns: DnsClient
  readonly addressPolicy: AddressPolicy
  readonly httpPort: number
  readonly tlsPort: number
  /** Records the current activity, as a clause that follows "while" in the timeout error. */
  readonly note: (activity: string) => void
}
