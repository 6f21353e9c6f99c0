/** Checks whether an account may order certificates for the given identifiers. */
import { grantFault } from '../../enrollment/granted-names.ts'
import type { Identifier } from '../../enrollment/identifier.ts'
import { findBindingKey } from '../../store/enrollment/binding-keys.ts'
import { AcmeProblem, type Subproblem } from '../problem.ts'
import type { AccountRequest, AcmeServices } from '../resource.ts'

/**
 * Throws `rejectedIdentifier` unless both the endpoint and the account's EAB key permit all identifiers. Throws `unauthorized` if
 * the EAB key was deleted or has expired.
 */
export async function requirePermitted(
  services: AcmeServices,
  request: AccountRequest,
  identifiers: readonly Identifier[],
): Promise<void> {
  const keyNames = await readKeyNames(services, request)
  const grant = { endpoint: request.endpoint.configuration, keyNames }
  const subproblems = identifiers.flatMap((identifier): Subproblem[] => {
    const detail = grantFault(identifier, grant)
    return detail === undefined ? [] : [{ type: 'rejectedIdentifier', detail, identifier }]
  })
  if (subproblems.length > 0) throw rejectedProblem(subproblems)
}

/** Returns the problem for an order with one or more refused identifiers (RFC 8555 §6.7.1). */
export function rejectedProblem(subproblems: readonly Subproblem[]): AcmeProblem {
  const types = new Set(subproblems.map(({ type }) => type))
  const [type = 'rejectedIdentifier'] = types
  const names = subproblems.map(({ identifier }) => identifier.value).join(', ')
  const [first] = subproblems
  const detail =
    subproblems.length === 1
      ? `The identifier ${names} is refused. ${first?.detail ?? ''}`
      : `The identifiers ${names} are refused. See the subproblems for the reasons.`
  return new AcmeProblem(types.size > 1 ? 'compound' : type, detail, { subproblems })
}

async function readKeyNames(
  { api, sealers }: AcmeServices,
  { endpoint, account }: AccountRequest,
): Promise<readonly string[] | undefined> {
  const { bindingKeyId } = account
  if (bindingKeyId === undefined) {
    if (endpoint.configuration.eab !== 'required') return undefined
    throw new AcmeProblem(
      'externalAccountRequired',
      'This endpoint requires accounts with an external account binding, but this account has none. Create a new account.',
    )
  }
  const { db, clock } = api.services
  const key = await findBindingKey(db, sealers, bindingKeyId)
  if (key === undefined || key.endpointName !== endpoint.name)
    throw new AcmeProblem(
      'unauthorized',
      "The account's EAB key has been deleted. Create an account with another EAB key.",
    )
  if (key.expiresAt !== undefined && key.expiresAt <= clock.now())
    throw new AcmeProblem(
      'unauthorized',
      "The account's EAB key has expired. Create an account with another EAB key.",
    )
  return key.names
}
