/**
 * CAs that a call about the whole account must leave out. That a caller may make the call says nothing about a CA that a
 * Deny names, or that no Allow covers: of NotResource, or with a condition on tags.
 */
import type { Caller } from '../authority/caller.ts'
import { listTaggedAuthorities } from '../store/tags.ts'
import { certificateAuthorityArn } from '../wire/arn.ts'
import { policiesOn, type AccessRequest, type AuthorizationServices } from './authorize.ts'
import type { Policy } from './policy.ts'
import { requestKeys } from './request-keys.ts'
import { callerPolicies, identityOf, refusal, type CallerPolicies } from './verdict.ts'

/** Numbers of the CAs of the caller's account in the Region with which it may not do what it asks. */
export async function hiddenAuthorities(
  { db, clock }: AuthorizationServices,
  caller: Caller,
  asked: AccessRequest,
): Promise<ReadonlySet<number>> {
  const own = callerPolicies(caller)
  if (!tellsResourcesApart(own)) return new Set()
  const { partition, region, accountId } = caller
  const now = clock.now()
  const hidden = new Set<number>()
  for (const { number, id, tags } of await listTaggedAuthorities(db, { accountId, region })) {
    const resource = certificateAuthorityArn({ partition, region, accountId, id })
    const keys = requestKeys({
      caller,
      now,
      sourceIp: asked.sourceIp,
      isSecure: asked.isSecure,
      resourceAccount: accountId,
      resourceTags: new Map(tags.map(({ key, value = '' }) => [key, value])),
      operation: asked.keys,
    })
    const find = (): Promise<readonly Policy[]> =>
      policiesOn(db, { accountId, resource, authorityId: id }, now)
    for (const action of asked.actions) {
      const request = { action, resource, keys, principal: identityOf(caller) }
      const because = await refusal(own, { isOwn: true, isRequired: false, find }, request)
      if (because !== undefined) hidden.add(number)
    }
  }
  return hidden
}

/** Whether the answer can be another one for one CA than for all: not for the usual `"Resource": "*"`. */
function tellsResourcesApart({ identity, session = [] }: CallerPolicies): boolean {
  return [...identity, ...session].some(
    ({ statements, asksForResourceTags }) =>
      asksForResourceTags ||
      statements.some(
        ({ resources }) => resources.negated || resources.patterns.some(({ text }) => text !== '*'),
      ),
  )
}
