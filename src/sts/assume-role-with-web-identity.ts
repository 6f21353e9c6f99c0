import { knownPolicy } from '../policy/policy-cache.ts'
import { decide } from '../policy/evaluation.ts'
import { requestKeys } from '../authorization/request-keys.ts'
import { webPerson } from '../identity/person.ts'
import { placeOfIssuer, providerArn } from '../identity/principal-arn.ts'
import { ServiceError } from '../errors.ts'
import type { Role } from '../store/roles.ts'
import { required, string, structure, type Infer } from '../wire/shapes/shape.ts'
import { findNamedRole } from './find-role.ts'
import { makeSession } from './role-session.ts'
import {
  assumedRoleUser,
  credentials,
  packedPolicySize,
  roleMembers,
  sessionMembers,
} from './shapes.ts'
import { stsOperation, type StsContext, type StsServices } from './sts-operation.ts'
import type { WebIdentity } from './verify-web-identity.ts'

const action = 'sts:AssumeRoleWithWebIdentity'

const webIdentityInput = structure({
  ...roleMembers,
  WebIdentityToken: required(string({ min: 4, max: 20_000 })),
  ProviderId: string({ min: 4, max: 2048 }),
  ...sessionMembers,
})

/**
 * Returns temporary credentials for a role in exchange for an identity provider's token, such as that of a Kubernetes service
 * account or a CI job. The role's account must have the provider, and the role's trust policy must name it (STS API,
 * AssumeRoleWithWebIdentity).
 */
export const assumeRoleWithWebIdentity = stsOperation({
  name: 'AssumeRoleWithWebIdentity',
  signed: false,
  input: webIdentityInput,
  output: structure({
    Credentials: credentials,
    SubjectFromWebIdentityToken: string(),
    AssumedRoleUser: assumedRoleUser,
    PackedPolicySize: packedPolicySize,
    Provider: string(),
    Audience: string(),
  }),
  async run(services, input, context) {
    const { name, role } = await findNamedRole(services.db, input.RoleArn)
    // The JWT library is slow to load, and few servers need it.
    const { verifyWebIdentity } = await import('./verify-web-identity.ts')
    const identity = await verifyWebIdentity(services, {
      token: input.WebIdentityToken,
      accountId: name.accountId,
    })
    const provider = providerArn(name, identity.provider.issuer)
    if (role === undefined || !isTrusted(services, { role, provider, identity, input, context }))
      throw new ServiceError('AccessDeniedException', `Not authorized to perform ${action}`)
    const session = makeSession(
      services,
      { ...role, partition: name.partition },
      {
        input,
        federatedProvider: provider,
        origin: webPerson(identity.provider.issuer, identity.subject),
      },
    )
    return {
      ...session,
      SubjectFromWebIdentityToken: identity.subject,
      Provider: provider,
      Audience: identity.audiences[0],
    }
  },
})

interface TokenRequest {
  readonly role: Role
  readonly provider: string
  readonly identity: WebIdentity
  readonly input: Infer<typeof webIdentityInput>
  readonly context: StsContext
}

/** Evaluates only the trust policy, because the holder of a token has no identity policies. */
function isTrusted(
  { clock }: StsServices,
  { role, provider, identity, input, context }: TokenRequest,
): boolean {
  const issuer = placeOfIssuer(identity.provider.issuer).toLowerCase()
  const operation = new Map<string, readonly string[]>([
    [`${issuer}:sub`, [identity.subject]],
    [`${issuer}:aud`, audiencesOf(identity)],
    ['sts:rolesessionname', [input.RoleSessionName]],
    ['aws:federatedprovider', [provider]],
  ])
  const keys = requestKeys({
    ...context,
    now: clock.now(),
    resourceAccount: role.accountId,
    resourceTags: new Map(Object.entries(role.tags)),
    operation,
  })
  const principal = { accountId: undefined, names: [provider] }
  const request = { action, resource: input.RoleArn, keys, principal }
  return decide(knownPolicy(role.trustPolicy, 'trust'), request) === 'allowed'
}

/** The audience in condition keys is `azp` if the token has it, otherwise `aud` (IAM User Guide, OIDC federation keys). */
function audiencesOf({ audiences, authorizedParty }: WebIdentity): readonly string[] {
  return authorizedParty === undefined ? audiences : [authorizedParty]
}
