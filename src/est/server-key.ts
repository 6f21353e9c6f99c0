/** POST serverkeygen (RFC 7030 §4.4): the server generates the client's key. The key is neither stored nor logged. */
import { createPrivateKey } from 'node:crypto'
import type { KeyAlgorithm, SigningAlgorithm } from '../authority/algorithms.ts'
import { ServiceError } from '../errors.ts'
import { uuid } from '../random.ts'
import type { Answer } from '../http/answer.ts'
import { generateKey } from '../keys/generate-key.ts'
import { signMessage } from '../keys/sign-message.ts'
import { signatureAlgorithmIdentifier } from '../x509/algorithm-identifier.ts'
import {
  encodeCertificationRequest,
  encodeCertificationRequestInfo,
  type CertificationRequest,
} from '../x509/certification-request.ts'
import { oids } from '../x509/der/oid.ts'
import { encodeCertsOnly } from '../x509/pkcs7.ts'
import type { PublicKeyKind } from '../x509/subject-public-key-info.ts'
import { authenticate } from './authenticate.ts'
import { encodeBase64Body } from './base64-body.ts'
import { readRequest } from './enroll.ts'
import { EstError } from './est-error.ts'
import type { EstRequest, EstServices } from './est-request.ts'
import { issueEnrolled } from './issue.ts'

/** Maximum number of keys that are generated at the same time. Generating an RSA key can take seconds of CPU time. */
const generationsMax = 2

let generations = 0

/**
 * Generates a key of the same kind as the key in the CSR, and issues a certificate for it. IssueCertificate generates the key
 * after it has checked the rate, permission, CA and quota. A refused request therefore costs no CPU time for a key.
 */
export async function serverKeyGeneration(
  services: EstServices,
  request: EstRequest,
): Promise<Answer> {
  const identity = await authenticate(services, request)
  const csr = readRequest(request, identity)
  const algorithm = algorithmOf(csr)
  if (identity.password?.certificateArn !== undefined)
    throw new EstError(
      403,
      'The one-time password has been used, and the key that was generated is not stored. Enroll with a new password.',
    )
  let privateKey: Buffer | undefined
  let isAnswered = false
  const generate = async (): Promise<Uint8Array> => {
    const generated = await generateRequest(csr, algorithm)
    privateKey = generated.privateKey
    if (!isAnswered) return generated.csrDer
    // The request has exceeded its deadline.
    privateKey.fill(0)
    throw new ServiceError('ServiceUnavailable', 'The key was generated too late')
  }
  try {
    const certificate = await issueEnrolled(services, request, {
      identity,
      csrDer: csr.der,
      generate,
    })
    if (privateKey === undefined) throw new Error('a certificate was issued without a key')
    return keyAnswer(privateKey, certificate, uuid(services.api.services.random))
  } finally {
    isAnswered = true
    privateKey?.fill(0)
  }
}

const rsaAlgorithms: ReadonlyMap<number, KeyAlgorithm> = new Map([
  [2048, 'RSA_2048'],
  [3072, 'RSA_3072'],
  [4096, 'RSA_4096'],
])

const curveAlgorithms: ReadonlyMap<string, KeyAlgorithm> = new Map([
  [oids.prime256v1, 'EC_prime256v1'],
  [oids.secp384r1, 'EC_secp384r1'],
  [oids.secp521r1, 'EC_secp521r1'],
])

/** Algorithms with which generated keys sign their CSRs. */
const signingAlgorithms: Readonly<Record<Exclude<KeyAlgorithm, 'SM2'>, SigningAlgorithm>> = {
  RSA_2048: 'SHA256WITHRSA',
  RSA_3072: 'SHA256WITHRSA',
  RSA_4096: 'SHA256WITHRSA',
  EC_prime256v1: 'SHA256WITHECDSA',
  EC_secp384r1: 'SHA384WITHECDSA',
  EC_secp521r1: 'SHA512WITHECDSA',
  ML_DSA_44: 'ML_DSA_44',
  ML_DSA_65: 'ML_DSA_65',
  ML_DSA_87: 'ML_DSA_87',
}

type GeneratedAlgorithm = keyof typeof signingAlgorithms

/**
 * Returns the algorithm of the key in a CSR. Throws EstError with status 400 if the server does not generate keys of that kind.
 */
function algorithmOf({ subjectPublicKeyInfo }: CertificationRequest): GeneratedAlgorithm {
  const algorithm = keyAlgorithmOf(subjectPublicKeyInfo.key)
  if (algorithm !== undefined && algorithm !== 'SM2') return algorithm
  throw new EstError(
    400,
    'The CSR has a key of a kind that the server does not generate. The server generates RSA keys of 2048, 3072 or 4096 bits, EC keys on ' +
      'P-256, P-384 or P-521, and ML-DSA keys.',
  )
}

function keyAlgorithmOf(key: PublicKeyKind): KeyAlgorithm | undefined {
  if (key.kind === 'rsa') return rsaAlgorithms.get(key.modulusBits)
  if (key.kind === 'ec') return curveAlgorithms.get(key.curve)
  return key.kind === 'ml-dsa' ? `ML_DSA_${key.parameterSet}` : undefined
}

interface GeneratedRequest {
  readonly csrDer: Uint8Array
  /** PKCS #8 in DER. The caller overwrites it. */
  readonly privateKey: Buffer
}

/** Generates a key, and signs a CSR with the names and extensions of the client's CSR. */
async function generateRequest(
  { subject, extensions }: CertificationRequest,
  algorithm: GeneratedAlgorithm,
): Promise<GeneratedRequest> {
  if (generations >= generationsMax)
    throw new ServiceError('ServiceUnavailable', 'The server is generating other keys. Try again')
  generations += 1
  try {
    const { privateKey, subjectPublicKeyInfo } = await generateKey(algorithm)
    const info = encodeCertificationRequestInfo({
      subject: subject.der,
      subjectPublicKeyInfo,
      extensions,
    })
    const key = createPrivateKey({ key: privateKey, format: 'der', type: 'pkcs8' })
    const signing = signingAlgorithms[algorithm]
    const signature = await signMessage(key, signing, { message: info })
    const csrDer = encodeCertificationRequest(
      info,
      signatureAlgorithmIdentifier(signing),
      signature,
    )
    return { csrDer, privateKey }
  } finally {
    generations -= 1
  }
}

/** Creates the response: the key in PKCS #8 and the certificate (RFC 7030 §4.4.2). */
function keyAnswer(privateKey: Buffer, certificate: Uint8Array, boundary: string): Answer {
  const part = (contentType: string, der: Uint8Array): string =>
    `--${boundary}\r\nContent-Type: ${contentType}\r\nContent-Transfer-Encoding: base64\r\n\r\n${encodeBase64Body(der)}`
  return {
    status: 200,
    headers: {
      'content-type': `multipart/mixed; boundary=${boundary}`,
      'cache-control': 'no-store',
    },
    body: `${part('application/pkcs8', privateKey)}${part(
      'application/pkcs7-mime; smime-type=certs-only',
      encodeCertsOnly([certificate]),
    )}--${boundary}--\r\n`,
  }
}
