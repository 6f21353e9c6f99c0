/** The identifiers that an account may order: those that both its endpoint and its EAB key permit. */
import type { AcmeConfiguration } from './endpoint.ts'
import type { Identifier } from './identifier.ts'
import { challengeFault } from './authorization-needs.ts'
import { isPermitted } from './permitted-names.ts'

export interface Grant {
  readonly endpoint: Pick<AcmeConfiguration, 'names' | 'challenges'>
  /** Names that the account's EAB key permits; empty for all names. Undefined if the account has no EAB key. */
  readonly keyNames: readonly string[] | undefined
}

/** Returns a sentence that states why an account may not order an identifier, or undefined if it may. */
export function grantFault(
  identifier: Identifier,
  { endpoint, keyNames = [] }: Grant,
): string | undefined {
  const { names, challenges } = endpoint
  if (names.length > 0 && !isPermitted(names, identifier))
    return 'The names of this endpoint do not include the identifier.'
  if (keyNames.length > 0 && !isPermitted(keyNames, identifier))
    return "The names of the account's EAB key do not include the identifier."
  if (challenges.length === 0 && names.length === 0 && keyNames.length === 0)
    return 'This endpoint requires no challenges, so the names of the endpoint or of an EAB key must include the identifier. Neither of them lists names.'
  return challengeFault(identifier, challenges)
}
