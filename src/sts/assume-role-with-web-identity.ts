import { webPerson } from '../identity/person.ts'
import { providerArn } from '../identity/principal-arn.ts'
import { ServiceError } from '../errors.ts'
import { required, string, structure } from '../wire/shapes/shape.ts'
import { findNamedRole } from './find-role.ts'
import { makeSession } from './role-session.ts'
import {
  assumedRoleUser,
  credentials,
  packedPolicySize,
  roleMembers,
  sessionMembers,
} from './shapes.ts'
import { stsOperation } from './sts-operation.ts'
import { trustsWebIdentity, webIdentityAction } from './web-identity-trust.ts'

const webIdentityInput = structure({
  ...roleMembers,
  WebIdentityToken: required(string({ min: 4, max: 20_000 })),
  ProviderId: string({ min: 4, max: 2048 }),
  ...sessionMembers,
})

/**
 * Returns temporary credentials for a role in exchange for an identity provider's token, such as a token for a Kubernetes
 * service account or a CI job. The role's account must have the identity provider, and the role's trust policy must list it
 * (STS API, AssumeRoleWithWebIdentity).
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
    const { RoleArn: roleArn, RoleSessionName: sessionName } = input
    const request = { roleArn, sessionName, provider, identity, context }
    if (role === undefined || !trustsWebIdentity(services, role, request))
      throw new ServiceError(
        'AccessDeniedException',
        `Not authorized to perform ${webIdentityAction}`,
      )
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
