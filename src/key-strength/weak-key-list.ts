/** Fingerprints of publicly known keys, for example those from Debian's faulty generator (CVE-2008-0166). */
import { hash } from 'node:crypto'
import type { SubjectPublicKeyInfo } from '../x509/subject-public-key-info.ts'

export interface WeakKeyList {
  has(key: SubjectPublicKeyInfo): boolean
}

/** Lengths in bytes of openssl-blacklist fingerprints and of SHA-256. */
const suffixBytes = 10
const digestBytes = 32
const linePattern = new RegExp(`^([0-9a-f]{${suffixBytes * 2}}|[0-9a-f]{${digestBytes * 2}})$`)

/**
 * Reads one hexadecimal fingerprint per line. A fingerprint of 64 digits is the SHA-256 of the SubjectPublicKeyInfo in DER. A
 * fingerprint of 20 digits is the end of the SHA-1 of `Modulus=HEX` and a line feed, as in Debian's openssl-blacklist. Empty
 * lines and lines that begin with `#` are skipped. Throws a SyntaxError that identifies the first invalid line.
 */
export function parseWeakKeyList(text: string): WeakKeyList {
  const suffixes: string[] = []
  const digests: string[] = []
  for (const [index, untrimmed] of text.split('\n').entries()) {
    const line = untrimmed.trim().toLowerCase()
    if (line === '' || line.startsWith('#')) continue
    if (!linePattern.test(line))
      throw new SyntaxError(
        `line ${index + 1} must contain ${suffixBytes * 2} or ${digestBytes * 2} hexadecimal digits`,
      )
    const list = line.length === suffixBytes * 2 ? suffixes : digests
    list.push(line)
  }
  const hasSuffix = lookup(suffixes, suffixBytes)
  const hasDigest = lookup(digests, digestBytes)
  return {
    has: (key) =>
      hasDigest?.(hash('sha256', key.der, 'buffer')) === true || hasModulus(key, hasSuffix),
  }
}

function hasModulus({ key }: SubjectPublicKeyInfo, hasSuffix: Lookup | undefined): boolean {
  if (hasSuffix === undefined || key.kind !== 'rsa') return false
  const hex = Buffer.from(key.modulus).toString('hex').toUpperCase()
  return hasSuffix(hash('sha1', `Modulus=${hex}\n`, 'buffer').subarray(-suffixBytes))
}

type Lookup = (fingerprint: Uint8Array) => boolean

/**
 * Creates a binary search over sorted bytes, because the full list has hundreds of thousands of lines. Returns
 * undefined if there are no fingerprints.
 */
function lookup(fingerprints: readonly string[], bytes: number): Lookup | undefined {
  if (fingerprints.length === 0) return undefined
  const sorted = Buffer.from(fingerprints.toSorted().join(''), 'hex')
  return (fingerprint) => {
    let low = 0
    let high = fingerprints.length
    while (low < high) {
      const middle = (low + high) >> 1
      const order = Buffer.compare(fingerprint, entryAt(sorted, middle, bytes))
      if (order === 0) return true
      if (order < 0) high = middle
      else low = middle + 1
    }
    return false
  }
}

function entryAt(sorted: Buffer, index: number, bytes: number): Buffer {
  return sorted.subarray(index * bytes, (index + 1) * bytes)
}
