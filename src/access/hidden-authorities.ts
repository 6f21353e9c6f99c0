/**
 * Finds the CAs that must be omitted from a list of all the account's CAs. A CA is omitted if a Deny statement applies to it, or
 * if no Allow statement covers it because of NotResource or a tag condition.
 */
import {
  policiesOn,
  type AccessRequest,
  type AuthorizationServices,
} from '../authorization/decide-access.ts'
import {
  callerPolicies,
  denialOf,
  identityOf,
  type CallerPolicies,
  type Verdict,
} from '../authorization/policy-decision.ts'
import { requestKeys } from '../authorization/request-keys.ts'
import type { Caller } from '../identity/caller.ts'
import { listTaggedAuthorities } from '../store/tags.ts'
import { certificateAuthorityArn } from '../wire/arn.ts'
import type { Policy } from '../policy/policy-document.ts'

/** Returns the row numbers of the CAs in the caller's account and Region that the caller may not list. */
export async function hiddenAuthorities(
  { db, clock }: AuthorizationServices,
  caller: Caller,
  access: AccessRequest,
): Promise<ReadonlySet<number>> {
  const own = callerPolicies(caller)
  if (!distinguishesAuthorities(own)) return new Set()
  const { partition, region, accountId } = caller
  const now = clock.now()
  const hidden = new Set<number>()
  for (const { number, id, tags } of await listTaggedAuthorities(db, { accountId, region })) {
    const resource = certificateAuthorityArn({ partition, region, accountId, id })
    const keys = requestKeys({
      ...access,
      caller,
      now,
      resourceAccount: accountId,
      resourceTags: new Map(tags.map(({ key, value = '' }) => [key, value])),
      operation: access.keys,
    })
    const target = { accountId, resource, authorityId: id }
    let policies: readonly Policy[] | undefined
    for (const action of access.actions) {
      const request = { action, resource, keys, principal: identityOf(caller) }
      const denied = (): Verdict | undefined =>
        denialOf(own, { isOwn: true, isRequired: false, policies }, request)
      if (denied()?.isFinal === false) policies = await policiesOn(db, target, now)
      if (denied() !== undefined) hidden.add(number)
    }
  }
  return hidden
}

/**
 * Returns whether the decision can differ between CAs. With the common `"Resource": "*"`, the decision is the same for all CAs.
 */
function distinguishesAuthorities({ identity, session = [] }: CallerPolicies): boolean {
  return [...identity, ...session].some(
    ({ statements, asksForResourceTags }) =>
      asksForResourceTags ||
      statements.some(
        ({ resources }) => resources.negated || resources.patterns.some(({ text }) => text !== '*'),
      ),
  )
}
