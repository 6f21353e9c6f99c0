/** Searches the memory of a running process for secrets. A core file of the process contains the same mappings. */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'

const chunkBytes = 16 * 1024 * 1024
/** Chunks overlap, so that a secret at the boundary of two chunks is found. */
const overlapBytes = 4096

/**
 * Reads the writable memory of a process, in chunks. Reading the memory requires Linux and the permission to trace the process.
 */
function* memoryOf(pid: number): Generator<Buffer> {
  const file = openSync(`/proc/${pid}/mem`, 'r')
  try {
    for (const [start, length] of writableChunks(pid)) {
      const chunk = readChunk(file, start, length)
      if (chunk !== undefined) yield chunk
    }
  } finally {
    closeSync(file)
  }
}

function* writableChunks(pid: number): Generator<[start: number, length: number]> {
  const maps = readFileSync(`/proc/${pid}/maps`, 'utf8')
  for (const [, start, end] of maps.matchAll(/^([\da-f]+)-([\da-f]+) rw/gm)) {
    const last = Number(`0x${end}`)
    for (let at = Number(`0x${start}`); at < last; at += chunkBytes - overlapBytes)
      yield [at, Math.min(chunkBytes, last - at)]
  }
}

/** Returns undefined for memory that the process has freed in the meantime. */
function readChunk(file: number, at: number, length: number): Buffer | undefined {
  const chunk = Buffer.allocUnsafe(length)
  try {
    return chunk.subarray(0, readSync(file, chunk, 0, length, at))
  } catch {
    return undefined
  }
}

/** Returns whether the memory of a process contains any of the values. */
export function memoryContains(pid: number, values: readonly Buffer[]): boolean {
  for (const chunk of memoryOf(pid)) if (values.some((value) => chunk.includes(value))) return true
  return false
}

/**
 * Returns whether the memory of a process contains a prime factor of a 2048-bit RSA modulus. A factor reveals the private key.
 */
export function memoryContainsFactor(pid: number, modulus: bigint): boolean {
  for (const chunk of memoryOf(pid))
    for (const factor of candidates(chunk)) if (modulus % factor === 0n) return true
  return false
}

const factorBytes = 128
/** Minimum value of a prime factor's most significant byte. The product of two such primes has twice their length. */
const highestByteMin = 0xb5
const derHeader = Buffer.from('02818100', 'hex')

/**
 * Yields the odd numbers in memory that have the length of a prime factor. A number can be stored as an OpenSSL BIGNUM or as a
 * DER INTEGER.
 */
function* candidates(chunk: Buffer): Generator<bigint> {
  for (let at = 0; at + factorBytes <= chunk.length; at += 8) {
    const highest = chunk[at + factorBytes - 1] ?? 0
    if (highest < highestByteMin || ((chunk[at] ?? 0) & 1) === 0) continue
    const bytes = chunk.subarray(at, at + factorBytes)
    if (looksRandom(bytes)) yield toBigInt(Buffer.from(bytes.toReversed()))
  }
  for (let at = chunk.indexOf(derHeader); at >= 0; at = chunk.indexOf(derHeader, at + 1)) {
    const bytes = chunk.subarray(at + derHeader.length, at + derHeader.length + factorBytes)
    if (bytes.length === factorBytes && looksRandom(bytes)) yield toBigInt(bytes)
  }
}

/** Excludes text, pointers and tables, without using arithmetic on large numbers. */
function looksRandom(bytes: Uint8Array): boolean {
  return new Set(bytes).size > 70
}

function toBigInt(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex') || '0'}`)
}
