/** A KeyStore that keeps its keys in AWS KMS or in a service with the same API. Private keys never leave the service. */
import { createPublicKey, verify, type KeyObject } from 'node:crypto'
import type { KeyAlgorithm, SigningAlgorithm } from '../../authority/algorithms.ts'
import { createBoundedCache, createLoadingCache } from '../../bounded-cache.ts'
import { ConfigurationError } from '../../errors.ts'
import { KeyNotFoundError, KeyUnavailableError, type OpenKeyStore } from '../key-store.ts'
import {
  createNamedKey,
  deleteKey,
  describeKey,
  isPendingDeletion,
  type UnnamedKeys,
} from './create-key.ts'
import { handleOf, parseHandle, parseKeyArn, type KeyArn } from './key-arn.ts'
import { createKms, type Kms, type KmsOptions } from './kms-client.ts'
import { KmsError } from './kms-error.ts'
import { hashOf, signingRequest, type PublicKey } from './signing-request.ts'

/** Maximum number of public keys that are kept in memory. */
const publicKeysMax = 1000
/** Maximum number of keys without an alias that are kept in memory. */
const unnamedKeysMax = 1000
/** Length of a message, in bytes, above which its signature is verified in the thread pool. */
const quickBytesMax = 65_536

/**
 * Creates a key store that uses KMS. The key store verifies every signature before returning it. KMS requests that are throttled
 * or unanswered are repeated for some seconds. If a request still fails, `sign` throws KeyUnavailableError.
 */
export function createKmsKeyStore(options: KmsOptions): OpenKeyStore {
  const kms = createKms(options)
  const publicKeys = createLoadingCache({
    entriesMax: publicKeysMax,
    load: (arn) => readPublicKey(kms, requireArn(arn)),
  })
  const unnamed: UnnamedKeys = createBoundedCache(unnamedKeysMax)
  return {
    async create(name, algorithm) {
      const arn = await explained(kms, { action: `the key of ${name} cannot be created` }, () =>
        createNamedKey(kms, { name, algorithm, unnamed }),
      )
      const { subjectPublicKeyInfo } = await explained(kms, { arn }, () => publicKeys.get(arn.text))
      return { handle: handleOf(arn), subjectPublicKeyInfo }
    },
    async sign(handle, algorithm, message) {
      const arn = parseHandle(handle)
      return explained(kms, { arn }, async () => {
        const publicKey = await publicKeys.get(arn.text)
        return signVerified(kms, { arn, publicKey }, { algorithm, message })
      })
    },
    async destroy(handle) {
      const arn = parseHandle(handle)
      await explained(kms, { arn }, () => deleteKey(kms, arn))
      publicKeys.delete(arn.text)
    },
    async close() {
      kms.close()
    },
  }
}

function requireArn(text: string): KeyArn {
  return parseKeyArn(text) ?? expected(text)
}

function expected(text: string): never {
  throw new TypeError(`${text} is not the ARN of a KMS key`)
}

interface ToSign {
  readonly algorithm: SigningAlgorithm
  readonly message: Uint8Array
}

/** Signs a message and verifies the signature, so that no wrong signature leaves the process. */
async function signVerified(
  kms: Kms,
  { arn, publicKey }: { readonly arn: KeyArn; readonly publicKey: PublicKey },
  { algorithm, message }: ToSign,
): Promise<Uint8Array> {
  const request = await signingRequest(publicKey, algorithm, message)
  const answer = await kms.send(
    arn.region,
    (sdk) => new sdk.SignCommand({ KeyId: arn.text, ...request }),
  )
  const signature = answer.Signature ?? new Uint8Array()
  if (!(await isSignature(publicKey.key, { algorithm, message }, signature)))
    throw new KmsError('other', 'KMS returned a signature that does not verify with the public key')
  return Uint8Array.from(signature)
}

async function isSignature(
  key: KeyObject,
  { algorithm, message }: ToSign,
  signature: Uint8Array,
): Promise<boolean> {
  const hash = hashOf(algorithm) ?? null
  const isQuick = key.asymmetricKeyDetails?.namedCurve === 'prime256v1'
  if (isQuick && message.length <= quickBytesMax) return verify(hash, message, key, signature)
  return new Promise((resolve, reject) => {
    verify(hash, message, key, signature, (error, isValid) => {
      if (error) reject(error)
      else resolve(isValid)
    })
  })
}

/**
 * Reads a public key from KMS. The function repeats the request, because KMS may report a new key as missing for some seconds.
 */
async function readPublicKey(kms: Kms, arn: KeyArn): Promise<PublicKey> {
  const answer = await kms.send(
    arn.region,
    (sdk) => new sdk.GetPublicKeyCommand({ KeyId: arn.text }),
    { retry: ['not-found'] },
  )
  const key = importKey(answer.PublicKey)
  const algorithm = key === undefined ? undefined : algorithmOf(key)
  if (key === undefined || algorithm === undefined || answer.KeyUsage !== 'SIGN_VERIFY')
    throw new KmsError('other', 'KMS returned a public key that Signet does not support')
  const subjectPublicKeyInfo = Uint8Array.from(key.export({ format: 'der', type: 'spki' }))
  return { algorithm, subjectPublicKeyInfo, key }
}

function importKey(der: Uint8Array | undefined): KeyObject | undefined {
  try {
    return createPublicKey({ key: Buffer.from(der ?? []), format: 'der', type: 'spki' })
  } catch {
    return undefined
  }
}

const curveAlgorithms: ReadonlyMap<string | undefined, KeyAlgorithm> = new Map([
  ['prime256v1', 'EC_prime256v1'],
  ['secp384r1', 'EC_secp384r1'],
  ['secp521r1', 'EC_secp521r1'],
])

const otherAlgorithms: ReadonlyMap<string, KeyAlgorithm> = new Map([
  ['rsa 2048', 'RSA_2048'],
  ['rsa 3072', 'RSA_3072'],
  ['rsa 4096', 'RSA_4096'],
  ['ml-dsa-44', 'ML_DSA_44'],
  ['ml-dsa-65', 'ML_DSA_65'],
  ['ml-dsa-87', 'ML_DSA_87'],
])

function algorithmOf(key: KeyObject): KeyAlgorithm | undefined {
  const { namedCurve, modulusLength } = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType === 'ec') return curveAlgorithms.get(namedCurve)
  const kind = [key.asymmetricKeyType, modulusLength].filter((part) => part !== undefined)
  return otherAlgorithms.get(kind.join(' '))
}

/** The key that a request refers to, or the action if there is no key yet. Error messages contain this text. */
type Subject = { readonly arn: KeyArn } | { readonly action: string }

/** Runs work, and converts a KmsError to KeyNotFoundError or KeyUnavailableError. */
async function explained<T>(kms: Kms, subject: Subject, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof ConfigurationError) throw new KeyUnavailableError(error.message)
    if (!(error instanceof KmsError)) throw error
    if ('action' in subject) throw new KeyUnavailableError(`${subject.action}: ${adviceOn(error)}`)
    throw await keyError(kms, subject.arn, error)
  }
}

async function keyError(kms: Kms, arn: KeyArn, error: KmsError): Promise<Error> {
  if (error.problem === 'not-found' || (await isGone(kms, arn, error)))
    return new KeyNotFoundError(
      `the KMS key ${arn.text} does not exist, or its deletion is scheduled (${error.message})`,
    )
  return new KeyUnavailableError(`the KMS key ${arn.text} cannot be used: ${adviceOn(error)}`)
}

/** KMS returns the same error for every state in which a key cannot be used. */
async function isGone(kms: Kms, arn: KeyArn, { problem }: KmsError): Promise<boolean> {
  if (problem !== 'state') return false
  try {
    return isPendingDeletion(await describeKey(kms, arn.region, { id: arn.text }))
  } catch {
    return false
  }
}

const advice: Partial<Record<KmsError['problem'], string>> = {
  denied: '; check the credentials of the server and its IAM policy',
  state: '; enable the key in KMS',
}

function adviceOn({ problem, message }: KmsError): string {
  return `${message}${advice[problem] ?? ''}`
}
