/** Signs OCSP responses with the key of the CA or of its delegate. */
import { createHash } from 'node:crypto'
import type { SigningAlgorithm } from '../authority/algorithms.ts'
import type { Authority } from '../authority/authority.ts'
import { issuerWith } from '../issuance/issuer-cache.ts'
import type { Issuer } from '../issuance/issuer.ts'
import type { Services } from '../services.ts'
import { signatureAlgorithmIdentifier } from '../x509/algorithm-identifier.ts'
import { encodeOcspResponse } from '../x509/ocsp/encode-response.ts'
import type { OcspRequest } from '../x509/ocsp/request.ts'
import { keyIdentifier, type SubjectPublicKeyInfo } from '../x509/subject-public-key-info.ts'
import type { Delegates } from './delegates.ts'
import type { ResolvedRequest } from './resolve-request.ts'
import { ocspLife, ocspResponseData, type OcspLife } from './response.ts'

export interface SigningServices extends Pick<Services, 'db' | 'clock' | 'revocationPolicy'> {
  readonly keys: Pick<Services['keys'], 'sign'>
  readonly ocspBatches: Pick<Services['ocspBatches'], 'add'>
  /** Delegates; undefined if CAs sign their responses themselves. */
  readonly delegates?: Delegates | undefined
}

export interface SignedResponse {
  readonly der: Uint8Array
  readonly life: OcspLife
}

/** The key that signs a response, with the key's certificate. */
interface OcspSigner {
  readonly subjectPublicKeyInfo: SubjectPublicKeyInfo
  readonly signingAlgorithm: SigningAlgorithm
  readonly sign: (message: Uint8Array) => Promise<Uint8Array>
  /** DER of the delegate's certificate. */
  readonly certificate: Uint8Array | undefined
}

/** Signs the response to an OCSP request. Throws ServiceError if the key is unavailable. */
export async function signResponse(
  services: SigningServices,
  resolved: ResolvedRequest,
  nonce: OcspRequest['nonce'],
): Promise<SignedResponse> {
  const { db, clock, ocspBatches, revocationPolicy } = services
  const { authority, statuses } = resolved
  const issuer = issuerWith(db, authority)
  const signer =
    (await delegatedSigner(services, issuer, resolved)) ?? caSigner(services, issuer, authority)
  const now = clock.now()
  const validitySeconds = revocationPolicy.ocspValiditySeconds
  const responseData = ocspResponseData({
    responderKeyHash: keyIdentifier(signer.subjectPublicKeyInfo),
    now,
    validitySeconds,
    statuses: statuses.map(({ certId, revocation }) => ({ certId: certId.der, revocation })),
    nonce,
  })
  const signature = await signer.sign(responseData)
  const signatureAlgorithm = signatureAlgorithmIdentifier(signer.signingAlgorithm)
  const { certificate } = signer
  const der = encodeOcspResponse({ responseData, signatureAlgorithm, signature, certificate })
  ocspBatches.add(authority.number, der)
  return { der, life: ocspLife({ now, validitySeconds }) }
}

function caSigner({ keys }: SigningServices, issuer: Issuer, authority: Authority): OcspSigner {
  const { SigningAlgorithm: signingAlgorithm } = authority.configuration
  return {
    subjectPublicKeyInfo: issuer.subjectPublicKeyInfo,
    signingAlgorithm,
    sign: (message) => keys.sign(issuer.keyHandle, signingAlgorithm, message),
    certificate: undefined,
  }
}

/**
 * Returns a CA's delegate; undefined if there are no delegates or the CertID contains an earlier name of the CA. If the CertID
 * contains an earlier name, the CA must sign the response: only the CA in the CertID may issue the delegate's certificate (RFC
 * 6960 §4.2.2.2).
 */
async function delegatedSigner(
  { delegates }: SigningServices,
  issuer: Issuer,
  { authority, statuses }: ResolvedRequest,
): Promise<OcspSigner | undefined> {
  const namesIssuer = statuses.every(
    ({ certId: { hash, issuerNameHash } }) =>
      Buffer.compare(createHash(hash).update(issuer.subjectDer).digest(), issuerNameHash) === 0,
  )
  const delegate = namesIssuer ? await delegates?.find(authority) : undefined
  if (delegate === undefined) return undefined
  const { certificate, signingAlgorithm, sign } = delegate
  const { subjectPublicKeyInfo, der } = certificate
  return { subjectPublicKeyInfo, signingAlgorithm, sign, certificate: der }
}
