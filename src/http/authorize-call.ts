/** Authorizes an API call after its input is decoded and before its operation runs. */
import { authorize } from '../access/authorize.ts'
import { hiddenAuthorities } from '../access/hidden-authorities.ts'
import type { Caller } from '../identity/caller.ts'
import type { ScopedCaller } from '../operations/shared/operation.ts'
import type { ApiCall, ApiOperation, ApiServices, RequestContext } from './protocol.ts'

/** An API call that has not been authorized yet. */
export interface AuthorizedCall extends Pick<RequestContext, 'sourceIp' | 'isSecure'> {
  readonly operation: Pick<ApiOperation, 'action' | 'issuesCertificate'>
  readonly call: Omit<ApiCall, 'input' | 'run'>
  readonly caller: Caller
}

/**
 * Returns the caller that the operation runs as. Throws AccessDeniedException or InvalidArnException (access/authorize.ts), or
 * ServiceUnavailable if the server was restored from a backup and waits for an approval.
 */
export async function authorizeCall(
  { services, restoreGate }: Pick<ApiServices, 'services' | 'restoreGate'>,
  { operation, call, caller, sourceIp, isSecure }: AuthorizedCall,
): Promise<ScopedCaller> {
  if (!restoreGate.isOpen) await restoreGate.require(operation.action)
  const { resourceArn } = call
  const actions = [operation.action, ...call.furtherActions]
  const keys = call.conditionKeys(caller)
  const isContentPending = operation.issuesCertificate === true
  const access = { actions, resourceArn, keys, sourceIp, isSecure, isContentPending }
  const isUndecided = await authorize(services, caller, access)
  if (resourceArn === undefined)
    return { ...caller, hiddenAuthorities: () => hiddenAuthorities(services, caller, access) }
  if (!isUndecided) return caller
  return {
    ...caller,
    async authorizeContent(content) {
      const known = new Map([...keys, ...content])
      await authorize(services, caller, { ...access, keys: known, isContentPending: false })
    },
  }
}
