/**
 * Writes PKCS #12 files (RFC 7292). A file contains a private key with its certificate chain, and is encrypted with a password.
 * Java, Windows, browsers and mail programs import keys in this format. This module uses Web Crypto, because the web console runs
 * it in browsers.
 */
import { hash } from 'node:crypto'
import type { Random } from '../random.ts'
import { encodeOidElement } from './der/oid.ts'
import { contextTag, tags } from './der/reader.ts'
import {
  encodeElement,
  encodeOctetString,
  encodeSequence,
  encodeSetOf,
  encodeSmallInteger,
} from './der/writer.ts'

export interface Pkcs12Content {
  /** Private key as PKCS #8 in DER. */
  readonly privateKey: Uint8Array
  /** Certificates in DER: the certificate of the key, followed by the CA certificates above it. */
  readonly certificates: readonly Uint8Array[]
  /** Name that programs display for the key. Characters outside the Basic Multilingual Plane are dropped. */
  readonly friendlyName: string
}

/** Parameters of the password-based encryption. */
export interface Pkcs12Protection {
  /** Password, for which `isPkcs12Password` must return true. */
  readonly password: string
  readonly random: Random
  /** Number of iterations of both key derivations. Tests pass a lower number. */
  readonly iterations?: number
}

/** Default number of iterations, with which one guess of the password takes about 50 ms of CPU time. */
const iterationsDefault = 100_000
const saltBytes = 16

const oid = {
  data: '1.2.840.113549.1.7.1',
  encryptedData: '1.2.840.113549.1.7.6',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certBag: '1.2.840.113549.1.12.10.1.3',
  x509Certificate: '1.2.840.113549.1.9.22.1',
  friendlyName: '1.2.840.113549.1.9.20',
  localKeyId: '1.2.840.113549.1.9.21',
  pbes2: '1.2.840.113549.1.5.13',
  pbkdf2: '1.2.840.113549.1.5.12',
  hmacWithSha256: '1.2.840.113549.2.9',
  aes256Cbc: '2.16.840.1.101.3.4.1.42',
  sha256: '2.16.840.1.101.3.4.2.1',
} as const

const derNull = Uint8Array.of(tags.null, 0)
const explicit0 = contextTag(0, true)
const implicit0 = contextTag(0, false)

/**
 * Returns whether all programs derive the same key from the password. Different programs encode non-ASCII characters in
 * different ways.
 */
export function isPkcs12Password(text: string): boolean {
  return /^[\x20-\x7E]+$/.test(text)
}

export const passwordLengthMin = 8

/** Returns the reason why a password for a new file is refused, or undefined if the password is accepted. */
export function pkcs12PasswordProblem(password: string): string | undefined {
  if (!isPkcs12Password(password))
    return 'the PKCS #12 password must consist of printable ASCII characters, because programs encode other characters differently'
  if (password.length >= passwordLengthMin) return undefined
  return `the PKCS #12 password must have at least ${passwordLengthMin} characters`
}

/** Encodes a PFX. The contents are encrypted with PBES2 (PBKDF2 and AES-256-CBC), and HMAC-SHA-256 protects their integrity. */
export async function encodePkcs12(
  content: Pkcs12Content,
  protection: Pkcs12Protection,
): Promise<Uint8Array<ArrayBuffer>> {
  const { privateKey, certificates, friendlyName } = content
  const attributes = encodeSetOf([
    encodeAttribute(oid.friendlyName, encodeBmpString(friendlyName)),
    // Programs use the localKeyId to find the certificate that belongs to a key. The value of the attribute is only an
    // identifier.
    encodeAttribute(oid.localKeyId, encodeOctetString(keyIdOf(certificates[0]))),
  ])
  const certificateBags = certificates.map((der, index) =>
    encodeBag(oid.certBag, encodeCertBag(der), index === 0 ? [attributes] : []),
  )
  const keyBag = encodeBag(oid.shroudedKeyBag, await encodeEncryptedKey(privateKey, protection), [
    attributes,
  ])
  const authenticatedSafe = encodeSequence(
    await encodeEncryptedData(encodeSequence(...certificateBags), protection),
    encodeContentInfo(oid.data, encodeOctetString(encodeSequence(keyBag))),
  )
  return new Uint8Array(
    encodeSequence(
      encodeSmallInteger(3),
      encodeContentInfo(oid.data, encodeOctetString(authenticatedSafe)),
      await encodeMacData(authenticatedSafe, protection),
    ),
  )
}

/** Returns an identifier of 20 bytes, which is also the length of OpenSSL's identifiers. */
function keyIdOf(certificate: Uint8Array = new Uint8Array()): Uint8Array {
  return hash('sha256', certificate, 'buffer').subarray(0, 20)
}

function encodeContentInfo(contentType: string, content: Uint8Array): Uint8Array {
  return encodeSequence(encodeOidElement(contentType), encodeElement(explicit0, content))
}

/** Encodes a SafeBag (RFC 7292 §4.2). */
function encodeBag(
  bagId: string,
  value: Uint8Array,
  attributes: readonly Uint8Array[],
): Uint8Array {
  return encodeSequence(encodeOidElement(bagId), encodeElement(explicit0, value), ...attributes)
}

function encodeCertBag(certificate: Uint8Array): Uint8Array {
  return encodeSequence(
    encodeOidElement(oid.x509Certificate),
    encodeElement(explicit0, encodeOctetString(certificate)),
  )
}

function encodeAttribute(type: string, value: Uint8Array): Uint8Array {
  return encodeSequence(encodeOidElement(type), encodeSetOf([value]))
}

/** Encodes an EncryptedPrivateKeyInfo (RFC 5958 §3). */
async function encodeEncryptedKey(
  privateKey: Uint8Array,
  protection: Pkcs12Protection,
): Promise<Uint8Array> {
  const { algorithm, ciphertext } = await encrypt(privateKey, protection)
  return encodeSequence(algorithm, encodeOctetString(ciphertext))
}

/** Encodes a ContentInfo with EncryptedData (RFC 5652 §8). */
async function encodeEncryptedData(
  plaintext: Uint8Array,
  protection: Pkcs12Protection,
): Promise<Uint8Array> {
  const { algorithm, ciphertext } = await encrypt(plaintext, protection)
  const encryptedContentInfo = encodeSequence(
    encodeOidElement(oid.data),
    algorithm,
    encodeElement(implicit0, ciphertext),
  )
  return encodeContentInfo(
    oid.encryptedData,
    encodeSequence(encodeSmallInteger(0), encryptedContentInfo),
  )
}

/**
 * Encrypts data with PBES2, using PBKDF2-HMAC-SHA-256, AES-256-CBC (RFC 8018 §6.2), a fresh salt and a fresh initialization
 * vector.
 */
async function encrypt(
  plaintext: Uint8Array,
  { password, random, iterations = iterationsDefault }: Pkcs12Protection,
): Promise<{ readonly algorithm: Uint8Array; readonly ciphertext: Uint8Array }> {
  const salt = new Uint8Array(random.bytes(saltBytes))
  const iv = new Uint8Array(random.bytes(16))
  const { subtle } = globalThis.crypto
  const secret = new TextEncoder().encode(password)
  const key = await subtle.deriveKey(
    { name: 'PBKDF2', hash: 'SHA-256', salt, iterations },
    await subtle.importKey('raw', secret, 'PBKDF2', false, ['deriveKey']),
    { name: 'AES-CBC', length: 256 },
    false,
    ['encrypt'],
  )
  // AES-CBC in Web Crypto adds the padding that RFC 8018 requires.
  const ciphertext = await subtle.encrypt({ name: 'AES-CBC', iv }, key, new Uint8Array(plaintext))
  const keyDerivation = encodeSequence(
    encodeOidElement(oid.pbkdf2),
    encodeSequence(
      encodeOctetString(salt),
      encodeSmallInteger(iterations),
      encodeSequence(encodeOidElement(oid.hmacWithSha256), derNull),
    ),
  )
  const scheme = encodeSequence(encodeOidElement(oid.aes256Cbc), encodeOctetString(iv))
  return {
    algorithm: encodeSequence(encodeOidElement(oid.pbes2), encodeSequence(keyDerivation, scheme)),
    ciphertext: new Uint8Array(ciphertext),
  }
}

/** Encodes MacData (RFC 7292 §4). */
async function encodeMacData(
  authenticatedSafe: Uint8Array,
  { password, random, iterations = iterationsDefault }: Pkcs12Protection,
): Promise<Uint8Array> {
  const salt = random.bytes(saltBytes)
  const { subtle } = globalThis.crypto
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const secret = deriveMacKey(password, salt, iterations)
  const key = await subtle.importKey('raw', secret, algorithm, false, ['sign'])
  const mac = new Uint8Array(await subtle.sign(algorithm, key, new Uint8Array(authenticatedSafe)))
  const digestInfo = encodeSequence(
    encodeSequence(encodeOidElement(oid.sha256), derNull),
    encodeOctetString(mac),
  )
  return encodeSequence(digestInfo, encodeOctetString(salt), encodeSmallInteger(iterations))
}

/** Input block size of SHA-256, in bytes. */
const blockBytes = 64
/** The ID byte for the purpose "integrity key" (RFC 7292 B.3). */
const macPurpose = 3

/** Derives the 32-byte MAC key (RFC 7292 B.2). A single output block of SHA-256 is long enough for the key. */
export function deriveMacKey(
  password: string,
  salt: Uint8Array,
  iterations: number,
): Uint8Array<ArrayBuffer> {
  // The password is encoded as a zero-terminated BMPString.
  const passwordBytes = Buffer.from(`${password}\0`, 'utf16le').swap16()
  const input = Buffer.concat([
    Buffer.alloc(blockBytes, macPurpose),
    repeatToBlocks(salt),
    repeatToBlocks(passwordBytes),
  ])
  let digest = hash('sha256', input, 'buffer')
  for (let round = 1; round < iterations; round += 1) digest = hash('sha256', digest, 'buffer')
  return new Uint8Array(digest)
}

function repeatToBlocks(bytes: Uint8Array): Buffer {
  return Buffer.alloc(Math.ceil(bytes.length / blockBytes) * blockBytes, bytes)
}

function encodeBmpString(text: string): Uint8Array {
  const plane0 = text.replaceAll(/[\u{10000}-\u{10FFFF}]/gu, '')
  return encodeElement(tags.bmpString, Buffer.from(plane0, 'utf16le').swap16())
}
