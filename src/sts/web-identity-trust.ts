/** Decides whether a role trusts the holder of an identity provider's token. */
import { requestKeys } from '../authorization/request-keys.ts'
import { placeOfIssuer } from '../identity/principal-arn.ts'
import { decide } from '../policy/evaluation.ts'
import { knownPolicy } from '../policy/policy-cache.ts'
import type { Role } from '../store/roles.ts'
import type { StsContext, StsServices } from './sts-operation.ts'
import type { WebIdentity } from './verify-web-identity.ts'

export const webIdentityAction = 'sts:AssumeRoleWithWebIdentity'

export interface WebIdentityRequest {
  readonly roleArn: string
  readonly sessionName: string
  /** ARN of the identity provider. */
  readonly provider: string
  readonly identity: WebIdentity
  readonly context: Pick<StsContext, 'sourceIp' | 'isSecure'>
}

/** Evaluates only the trust policy, because the holder of a token has no identity policies. */
export function trustsWebIdentity(
  { clock }: Pick<StsServices, 'clock'>,
  role: Role,
  { roleArn, sessionName, provider, identity, context }: WebIdentityRequest,
): boolean {
  const issuer = placeOfIssuer(identity.provider.issuer).toLowerCase()
  const operation = new Map<string, readonly string[]>([
    [`${issuer}:sub`, [identity.subject]],
    [`${issuer}:aud`, audiencesOf(identity)],
    ['sts:rolesessionname', [sessionName]],
    ['aws:federatedprovider', [provider]],
  ])
  const keys = requestKeys({
    caller: undefined,
    ...context,
    now: clock.now(),
    resourceAccount: role.accountId,
    resourceTags: new Map(Object.entries(role.tags)),
    operation,
  })
  const principal = { accountId: undefined, names: [provider] }
  const request = { action: webIdentityAction, resource: roleArn, keys, principal }
  return decide(knownPolicy(role.trustPolicy, 'trust'), request) === 'allowed'
}

/**
 * The audience in condition keys is the `azp` claim if the token has it, and otherwise the `aud` claim (IAM User Guide, OIDC
 * federation keys).
 */
function audiencesOf({ audiences, authorizedParty }: WebIdentity): readonly string[] {
  return authorizedParty === undefined ? audiences : [authorizedParty]
}
