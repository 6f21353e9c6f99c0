/** Authenticates requests: verifies their Signature V4 with the secrets of stored access keys or sessions. */
import { overriddenTags, type Caller } from '../identity/caller.ts'
import { sessionArn, userArn } from '../identity/principal-arn.ts'
import type { Clock } from '../clock.ts'
import { ServiceError, SignatureError } from '../errors.ts'
import type { AccessKey } from '../store/access-keys.ts'
import type { RoleWithPolicies } from '../store/roles.ts'
import { partitionOf, type ServedRegions } from '../wire/region.ts'
import type { SignatureClaim } from '../wire/sigv4/credential.ts'
import type { SignedRequest } from '../wire/sigv4/request.ts'
import { checkClaim, isSignatureValid, parseSignature } from '../wire/sigv4/verify.ts'
import type { Find } from './one-second-cache.ts'
import type { KeyUses } from './key-uses.ts'
import type { Session, Sessions } from '../identity/session.ts'
import type { SigningKeys } from './signing-keys.ts'

export interface AuthenticationServices {
  readonly findAccessKey: Find<AccessKey>
  /** Finds a role by its ID. */
  readonly findRole: Find<RoleWithPolicies>
  readonly sessions: Sessions
  readonly keyUses: KeyUses
  readonly signingKeys: SigningKeys
  readonly regions: ServedRegions
  readonly clock: Clock
}

/** Service name in a signature's scope. */
export type SigningName = 'acm-pca' | 'sts'

export interface AuthenticationOptions {
  /** Service for which the request must be signed; AWS Private CA by default. */
  readonly service?: SigningName
  /** Returns whether authentication is attempted for requests with this access key. */
  readonly isAllowed?: (accessKeyId: string) => boolean
}

const accessKeyId = /^\w{1,128}$/

/** Secret used for unknown access keys, so that timing does not reveal which access keys exist. */
const secretOfNobody = '-'.repeat(40)

/**
 * Returns the caller of a request (IAM User Guide, AWS Signature Version 4).
 *
 * Throws MissingAuthenticationTokenException, IncompleteSignatureException or InvalidSignatureException for a malformed
 * signature, and InvalidSignatureException for a wrong signature. Throws UnrecognizedClientException for an access key that is
 * unknown, inactive, or used with another key's session token. Throws ExpiredTokenException for an expired session, and
 * ThrottlingException for a rate-limited access key.
 */
export async function authenticate(
  services: AuthenticationServices,
  request: SignedRequest,
  { service = 'acm-pca', isAllowed = () => true }: AuthenticationOptions = {},
): Promise<Caller> {
  const now = services.clock.now()
  const claim = parseSignature(request)
  checkClaim(claim, { service, now, regions: services.regions })
  if (!isAllowed(claim.accessKeyId)) throw new ServiceError('ThrottlingException', 'Rate exceeded')
  const credentials = await findCredentials(services, claim)
  const signingKey = services.signingKeys(credentials?.secretAccessKey ?? secretOfNobody, claim)
  const valid = isSignatureValid(request, claim, signingKey)
  if (credentials === undefined)
    throw new ServiceError(
      'UnrecognizedClientException',
      'The security token included in the request is invalid',
    )
  if (!valid)
    throw new SignatureError(
      'wrong-signature',
      'The request signature we calculated does not match the signature you provided. ' +
        'Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
    )
  if (credentials.expiresAt !== undefined && credentials.expiresAt <= now)
    throw new ServiceError(
      'ExpiredTokenException',
      'The security token included in the request is expired',
    )
  if (credentials.expiresAt === undefined)
    services.keyUses.note(claim.accessKeyId, { at: now, region: claim.region, service })
  return credentials.callerIn(claim.region)
}

/** The secret for verifying a signature, and the caller that a valid signature authenticates. */
interface Credentials {
  readonly secretAccessKey: string
  /** Expiry of session credentials; undefined for a long-term access key. */
  readonly expiresAt: Date | undefined
  callerIn(region: string): Caller
}

/** Finds the credentials for an access key. A session token is valid only with its session's access key. */
async function findCredentials(
  services: AuthenticationServices,
  claim: SignatureClaim,
): Promise<Credentials | undefined> {
  const { accessKeyId: id, securityToken } = claim
  if (!accessKeyId.test(id)) return undefined
  if (securityToken !== undefined) return findSession(services, id, securityToken)
  const key = await services.findAccessKey(id)
  if (key === undefined || !key.active) return undefined
  const { secretAccessKey } = key
  return { secretAccessKey, expiresAt: undefined, callerIn: (region) => keyOwner(key, region) }
}

async function findSession(
  { sessions, findRole }: AuthenticationServices,
  id: string,
  token: string,
): Promise<Credentials | undefined> {
  const session = sessions.open(id, token)
  const role = session && (await findRole(session.roleId))
  if (session === undefined || role === undefined) return undefined
  const { secretAccessKey, expiresAt } = session
  return { secretAccessKey, expiresAt, callerIn: (region) => sessionCaller(session, role, region) }
}

function keyOwner(key: AccessKey, region: string): Caller {
  const partition = partitionOf(region)
  const { accessKeyId: id, accountId, organizationId, owner, policies } = key
  const common = {
    partition,
    region,
    accountId,
    organizationId,
    accessKeyId: id,
    principal: owner,
    sessionPolicies: undefined,
  }
  return owner.kind === 'service'
    ? { ...common, arn: owner.name, policies: [] }
    : { ...common, arn: userArn(common, owner.userName), policies }
}

function sessionCaller(session: Session, role: RoleWithPolicies, region: string): Caller {
  const partition = partitionOf(region)
  const { accountId, organizationId, roleName, roleId, policies } = role
  const { sessionName, issuedAt, transitiveTags, sourceIdentity, federatedProvider, origin } =
    session
  return {
    partition,
    region,
    accountId,
    organizationId,
    arn: sessionArn({ partition, accountId }, { roleName, sessionName }),
    accessKeyId: session.accessKeyId,
    principal: {
      kind: 'role-session',
      roleName,
      roleId,
      sessionName,
      issuedAt,
      tags: overriddenTags(role.tags, session.tags),
      transitiveTags,
      sourceIdentity,
      federatedProvider,
      origin,
    },
    policies,
    sessionPolicies: session.policies,
  }
}
