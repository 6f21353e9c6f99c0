/** Who is calling: Signature V4 over the raw request, with the access keys of the store. */
import type { Caller } from '../authority/caller.ts'
import type { Clock } from '../clock.ts'
import { ServiceError } from '../errors.ts'
import { partitionOf } from '../wire/region.ts'
import type { RawRequest } from '../wire/sigv4-request.ts'
import { checkClaim, isSignatureValid, parseSignature } from '../wire/sigv4.ts'
import type { AccessKey, FindAccessKey } from './access-key.ts'
import type { SigningKeys } from './signing-keys.ts'

/** What authentication needs. */
export interface AuthenticationServices {
  readonly findAccessKey: FindAccessKey
  readonly signingKeys: SigningKeys
  readonly clock: Clock
}

/** Service name in the scope of a signature. */
const signingName = 'acm-pca'

const accessKeyId = /^\w{1,128}$/

/** Signs in place of the secret of a key that there is not, so that time does not tell which keys there are. */
const secretOfNobody = '-'.repeat(40)

/**
 * The caller of a request (AWS IAM User Guide, AWS Signature Version 4).
 *
 * Throws MissingAuthenticationTokenException, IncompleteSignatureException or InvalidSignatureException for what the
 * request says of itself, UnrecognizedClientException for a key that is unknown, inactive or sent with a session
 * token (there are only long-term keys), and InvalidSignatureException for a signature that is not right.
 */
export async function authenticate(
  { findAccessKey, signingKeys, clock }: AuthenticationServices,
  request: RawRequest,
): Promise<Caller> {
  const claim = parseSignature(request)
  checkClaim(claim, { service: signingName, now: clock.now() })
  const known = accessKeyId.test(claim.accessKeyId)
    ? await findAccessKey(claim.accessKeyId)
    : undefined
  const signingKey = signingKeys(known?.secretAccessKey ?? secretOfNobody, claim)
  const valid = isSignatureValid(request, claim, signingKey)
  if (known === undefined || !known.active || claim.securityToken !== undefined)
    throw unrecognizedClient()
  if (!valid) throw signatureMismatch()
  return callerOf(known, claim.region)
}

function callerOf(key: AccessKey, region: string): Caller {
  const partition = partitionOf(region)
  const { accessKeyId: id, accountId, policy, userName } = key
  const arn = `arn:${partition}:iam::${accountId}:user/${userName}`
  const policies = policy === undefined ? [] : [policy]
  return { partition, region, accountId, arn, accessKeyId: id, userName, policies }
}

function unrecognizedClient(): ServiceError {
  return new ServiceError(
    'UnrecognizedClientException',
    'The security token included in the request is invalid',
  )
}

function signatureMismatch(): ServiceError {
  return new ServiceError(
    'InvalidSignatureException',
    'The request signature we calculated does not match the signature you provided. ' +
      'Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
  )
}
