/** Issues OCSP signing certificates (RFC 6960 §4.2.2.2) for keys in memory. */
import { createPrivateKey } from 'node:crypto'
import type { Authority } from '../authority/authority.ts'
import type { KeyAlgorithm, SigningAlgorithm } from '../authority/algorithms.ts'
import type { Caller } from '../identity/caller.ts'
import { generateKey } from '../keys/generate-key.ts'
import { signMessage } from '../keys/sign-message.ts'
import { issueOwn } from '../operations/certificate/issue-own.ts'
import type { Services } from '../services.ts'
import { storable } from '../text/storable-text.ts'
import { certificateAuthorityArn, templateArn } from '../wire/arn.ts'
import { signatureAlgorithmIdentifier } from '../x509/algorithm-identifier.ts'
import { parseCertificate, type Certificate } from '../x509/certificate.ts'
import {
  encodeCertificationRequest,
  encodeCertificationRequestInfo,
} from '../x509/certification-request.ts'
import { nonCritical } from '../x509/extensions/extensions.ts'
import { encodeName } from '../x509/names/name.ts'
import { oids } from '../x509/der/oid.ts'
import { encodePem, parsePem } from '../x509/pem.ts'
import { delegateEnd } from './delegate-life.ts'

/** A key whose certificate authorizes it to sign a CA's OCSP responses. */
export interface Delegate {
  readonly certificate: Certificate
  readonly signingAlgorithm: SigningAlgorithm
  readonly sign: (message: Uint8Array) => Promise<Uint8Array>
}

export async function issueDelegate(services: Services, authority: Authority): Promise<Delegate> {
  const { KeyAlgorithm, SigningAlgorithm } = authority.configuration
  const { algorithm, signingAlgorithm } = keyFor(KeyAlgorithm)
  const { subjectPublicKeyInfo, privateKey } = await generateKey(algorithm)
  const key = createPrivateKey({ key: privateKey, format: 'der', type: 'pkcs8' })
  privateKey.fill(0)
  const sign = (message: Uint8Array): Promise<Uint8Array> =>
    signMessage(key, signingAlgorithm, { message })
  const caller = callerFor(authority)
  const CertificateAuthorityArn = storable(certificateAuthorityArn(authority))
  const { certificate } = await issueOwn(
    services,
    {
      CertificateAuthorityArn,
      Csr: Buffer.from(
        await certificationRequest({ subjectPublicKeyInfo, signingAlgorithm, sign }),
      ),
      SigningAlgorithm,
      TemplateArn: storable(
        templateArn(caller.partition, 'OCSPSigningCertificate_CSRPassthrough/V1'),
      ),
      Validity: { Type: 'ABSOLUTE', Value: endOf(services, authority) },
    },
    caller,
  )
  const [issued] = parsePem(certificate)
  if (issued === undefined) throw new Error('GetCertificate returned no certificate')
  return { certificate: parseCertificate(issued.der), signingAlgorithm, sign }
}

/** Time in seconds since 1970. */
function endOf({ clock, revocationPolicy }: Services, { certificate }: Authority): number {
  const now = clock.now()
  const validitySeconds = revocationPolicy.ocspValiditySeconds
  const caNotAfter = certificate?.notAfter ?? now
  return Math.floor(delegateEnd({ now, validitySeconds, caNotAfter }).getTime() / 1000)
}

/** Clients of an ML-DSA CA can verify ML-DSA signatures, and all other clients can verify P-256 signatures. */
function keyFor(algorithm: KeyAlgorithm): {
  readonly algorithm: KeyAlgorithm
  readonly signingAlgorithm: SigningAlgorithm
} {
  if (algorithm === 'ML_DSA_44' || algorithm === 'ML_DSA_65' || algorithm === 'ML_DSA_87')
    return { algorithm, signingAlgorithm: algorithm }
  return { algorithm: 'EC_prime256v1', signingAlgorithm: 'SHA256WITHECDSA' }
}

function callerFor({ accountId, partition, region }: Authority): Caller {
  const userName = 'signet-ocsp'
  return {
    partition,
    region,
    accountId,
    organizationId: undefined,
    arn: `arn:${partition}:iam::${accountId}:user/${userName}`,
    accessKeyId: '',
    principal: { kind: 'user', userName, userId: userName, tags: {} },
    policies: [],
    sessionPolicies: undefined,
  }
}

/**
 * PEM of a CSR with id-pkix-ocsp-nocheck (RFC 6960 §4.2.2.2.1), so that clients do not check the OCSP signing certificate's
 * status.
 */
async function certificationRequest({
  subjectPublicKeyInfo,
  signingAlgorithm,
  sign,
}: {
  readonly subjectPublicKeyInfo: Uint8Array
  readonly signingAlgorithm: SigningAlgorithm
  readonly sign: Delegate['sign']
}): Promise<string> {
  const info = encodeCertificationRequestInfo({
    subject: encodeName([{ type: oids.commonName, value: 'OCSP responder' }]),
    subjectPublicKeyInfo,
    extensions: [nonCritical(oids.ocspNoCheck, derNull)],
  })
  const algorithm = signatureAlgorithmIdentifier(signingAlgorithm)
  const der = encodeCertificationRequest(info, algorithm, await sign(info))
  return encodePem('CERTIFICATE REQUEST', der)
}

const derNull = Uint8Array.of(0x05, 0x00)
