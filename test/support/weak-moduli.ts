/** Weak RSA moduli, one of each type, and functions that create signatures and CSRs with them. */
import { checkPrimeSync, generatePrimeSync, hash, randomBytes } from 'node:crypto'
import {
  encodeBitString,
  encodeElement,
  encodeOctetString,
  encodeSequence,
  encodeSmallInteger,
  encodeUnsigned,
} from '../../src/x509/der/writer.ts'
import { encodeName } from '../../src/x509/names/name.ts'
import { encodeOidElement, oids } from '../../src/x509/der/oid.ts'
import { encodePem } from '../../src/x509/pem.ts'

export interface RsaModulus {
  readonly name: string
  readonly modulus: bigint
  /** Order of the multiplicative group of integers modulo the RSA modulus. */
  readonly order: bigint
  /** Pattern that the reason for rejecting the key must match. */
  readonly reason: RegExp
}

export const publicExponent = 65_537n

export function integerOctets(value: bigint): Uint8Array {
  const hex = value.toString(16)
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex')
}

/** Returns a random prime with its two highest bits set, like the primes in RSA keys. */
export function randomPrime(bits: number): bigint {
  for (;;) {
    const prime = generatePrimeSync(bits, { bigint: true })
    if (prime >> BigInt(bits - 2) === 3n && (prime - 1n) % publicExponent !== 0n) return prime
  }
}

function nextPrime(above: bigint): bigint {
  for (let candidate = above | 1n; ; candidate += 2n)
    if (checkPrimeSync(candidate) && (candidate - 1n) % publicExponent !== 0n) return candidate
}

function ofPrimes(name: string, reason: RegExp, primes: readonly bigint[]): RsaModulus {
  const seen = new Set<bigint>()
  let order = 1n
  for (const prime of primes) {
    order *= seen.has(prime) ? prime : prime - 1n
    seen.add(prime)
  }
  return { name, reason, order, modulus: primes.reduce((product, prime) => product * prime, 1n) }
}

/** Returns a strong modulus, by default 2048 bits long. */
export function strongModulus(bits = 2048): RsaModulus {
  return ofPrimes('strong', /none/, [randomPrime(bits / 2), randomPrime(bits / 2)])
}

export function primeModulus(): RsaModulus {
  return ofPrimes('prime', /is a prime number/, [randomPrime(2048)])
}

/** Returns moduli whose weakness can be detected with arithmetic alone. */
export function factorableModuli(): RsaModulus[] {
  const prime = randomPrime(1024)
  const close = /primes of the RSA modulus are too close/
  return [
    ofPrimes('neighbouring primes', close, [prime, nextPrime(prime + 2n)]),
    // Fermat's method factors this modulus in about fifty rounds: (p − q)² is about eight times the number of rounds times the
    // square root of n.
    ofPrimes('close primes', close, [prime, nextPrime(prime + 20n * rootOf(prime))]),
    ...[3n, 751n, 8191n].map((factor) =>
      ofPrimes(`factor ${factor}`, new RegExp(`divisible by ${factor}$`), [
        factor,
        randomPrime(2048),
      ]),
    ),
    ofPrimes('square', /is a square/, [prime, prime]),
    ofPrimes('cube', /raised to the power 3$/, powers(randomPrime(684), 3)),
    ofPrimes('power 157', /raised to the power 157$/, powers(nextPrime(8500n), 157)),
    ofPrimes('ROCA', /ROCA, CVE-2017-15361/, [rocaPrime(), rocaPrime()]),
  ]
}

function rootOf(square: bigint): bigint {
  let root = 1n << BigInt(square.toString(2).length)
  for (;;) {
    const next = (root + square / root) >> 1n
    if (next >= root) return root
    root = next
  }
}

function powers(prime: bigint, exponent: number): bigint[] {
  return Array.from({ length: exponent }, () => prime)
}

/** Returns a prime k·M + (65537^a mod M). M is the product of the primes up to 701 (Nemec et al. 2017, for 2048-bit keys). */
function rocaPrime(): bigint {
  let product = 1n
  for (let candidate = 2n; candidate <= 701n; candidate += 1n)
    if (checkPrimeSync(candidate)) product *= candidate
  for (;;) {
    const exponent = BigInt(`0x${randomBytes(8).toString('hex')}`)
    const factor = (3n << 52n) | BigInt(`0x${randomBytes(6).toString('hex')}`)
    const candidate = factor * product + powerModulo(publicExponent, exponent, product)
    if (checkPrimeSync(candidate) && (candidate - 1n) % publicExponent !== 0n) return candidate
  }
}

export function powerModulo(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n
  let square = base % modulus
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * square) % modulus
    square = (square * square) % modulus
  }
  return result
}

function inverse(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [value % modulus, modulus, 1n, 0n]
  while (b !== 0n) [a, b, x, y] = [b, a % b, y, x - (a / b) * y]
  return ((x % modulus) + modulus) % modulus
}

export function rsaSpki(modulus: bigint, exponent = publicExponent): Uint8Array {
  const key = encodeSequence(
    encodeUnsigned(integerOctets(modulus)),
    encodeUnsigned(integerOctets(exponent)),
  )
  return encodeSequence(
    encodeSequence(encodeOidElement(oids.rsaEncryption), Uint8Array.of(5, 0)),
    encodeBitString(key),
  )
}

/** Computes an RSASSA-PKCS1-v1_5 signature with SHA-256 (RFC 8017 §8.2.1) from the group's order. */
export function signWith({ modulus, order }: RsaModulus, message: Uint8Array): Uint8Array {
  const digest = encodeSequence(
    encodeSequence(encodeOidElement(oids.sha256), Uint8Array.of(5, 0)),
    encodeOctetString(hash('sha256', message, 'buffer')),
  )
  const modulusBytes = Math.ceil(modulus.toString(2).length / 8)
  const padding = Buffer.alloc(modulusBytes - digest.length - 3, 0xff)
  const encoded = Buffer.concat([Uint8Array.of(0, 1), padding, Uint8Array.of(0), digest])
  const exponent = inverse(publicExponent, order)
  const signature = powerModulo(BigInt(`0x${encoded.toString('hex')}`), exponent, modulus)
  return Buffer.from(signature.toString(16).padStart(modulusBytes * 2, '0'), 'hex')
}

/** Returns a CSR for the key, in PEM, with a valid signature. */
export function requestWith(key: RsaModulus): string {
  const info = encodeSequence(
    encodeSmallInteger(0),
    encodeName([{ type: oids.commonName, value: 'weak.example.com' }]),
    rsaSpki(key.modulus),
    encodeElement(0xa0),
  )
  const algorithm = encodeSequence(
    encodeOidElement(oids.sha256WithRsaEncryption),
    Uint8Array.of(5, 0),
  )
  const signature = encodeBitString(signWith(key, info))
  return encodePem('CERTIFICATE REQUEST', encodeSequence(info, algorithm, signature))
}
