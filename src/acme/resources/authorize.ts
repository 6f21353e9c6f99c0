/** The authorizations of an order: the account's valid authorizations, and new ones. */
import { challengesFor, subjectKey, subjectOf } from '../../enrollment/authorization-needs.ts'
import type { Identifier } from '../../enrollment/identifier.ts'
import { newChallengeToken, newResourceId } from '../../enrollment/new-id.ts'
import { orderLifetimeSeconds, reusableSeconds } from '../../enrollment/order-state.ts'
import {
  findReusable,
  type NewAuthorization,
  type ReusableAuthorization,
} from '../../store/enrollment/authorizations.ts'
import type { AccountRequest, AcmeServices } from '../resource.ts'

export interface Authorizations {
  /** One authorization for each identifier, in the order of the identifiers. */
  readonly all: readonly (NewAuthorization | ReusableAuthorization)[]
  readonly created: readonly NewAuthorization[]
}

/**
 * Returns an authorization for each identifier. A valid authorization of the account is reused if the endpoint requires no
 * challenges, or still offers the challenge that was validated.
 */
export async function authorize(
  { api }: AcmeServices,
  { endpoint, account }: AccountRequest,
  { identifiers, now }: { readonly identifiers: readonly Identifier[]; readonly now: Date },
): Promise<Authorizations> {
  const { db, random } = api.services
  const { challenges: offered } = endpoint.configuration
  const subjects = identifiers.map(subjectOf)
  const found = await findReusable(db, {
    accountNumber: account.number,
    values: [...new Set(subjects.map(({ identifier }) => identifier.value))],
    validUntil: new Date(now.getTime() + reusableSeconds * 1000),
    provenBy: offered.length > 0 ? offered : undefined,
  })
  // If several authorizations are reusable, the last one in the list stays valid the longest.
  const reusable = new Map(found.map((each) => [subjectKey(each), each]))
  const created: NewAuthorization[] = []
  const all = subjects.map((subject, at) => {
    const known = reusable.get(subjectKey(subject))
    if (known !== undefined) return known
    const identifier = identifiers[at] ?? subject.identifier
    // The challenges of an authorization share a token, because all prove control of the same identifier by the same account.
    const token = newChallengeToken(random)
    const authorization: NewAuthorization = {
      ...subject,
      id: newResourceId(random),
      accountNumber: account.number,
      status: offered.length === 0 ? 'valid' : 'pending',
      createdAt: now,
      expiresAt: new Date(now.getTime() + orderLifetimeSeconds * 1000),
      challenges: challengesFor(identifier, offered).map((type) => ({
        id: newResourceId(random),
        type,
        token,
      })),
    }
    created.push(authorization)
    return authorization
  })
  return { all, created }
}
