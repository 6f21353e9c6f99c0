/**
 * Points of small order on Edwards curves. If a public key is a point of small order, anyone can create signatures that verify
 * with the key.
 */

interface EdwardsCurve {
  readonly bytes: number
  /**
   * Encoded y coordinates in hexadecimal, without the sign bit of x. The list includes unreduced encodings of the y coordinates.
   */
  readonly smallOrder: ReadonlySet<string>
}

const prime25519 = 2n ** 255n - 19n
const prime448 = 2n ** 448n - 2n ** 224n - 1n

/**
 * The y coordinate of two of the four points of order 8 on edwards25519. The other two points of order 8 have the negative y
 * coordinate.
 */
const orderEight = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n

const curves = {
  ed25519: curve(32, [
    0n,
    1n,
    prime25519 - 1n,
    prime25519,
    prime25519 + 1n,
    orderEight,
    prime25519 - orderEight,
  ]),
  ed448: curve(57, [0n, 1n, prime448 - 1n, prime448, prime448 + 1n]),
} as const

function curve(bytes: number, smallOrder: readonly bigint[]): EdwardsCurve {
  const encode = (y: bigint): string => {
    const bigEndian = Buffer.from(y.toString(16).padStart(bytes * 2, '0'), 'hex')
    return Buffer.from(bigEndian.toReversed()).toString('hex')
  }
  return { bytes, smallOrder: new Set(smallOrder.map(encode)) }
}

/** Returns whether an encoded public key (RFC 8032 §5.1.5, §5.2.5) is a point of small order. */
export function hasSmallOrder(kind: 'ed25519' | 'ed448', publicKey: Uint8Array): boolean {
  const { bytes, smallOrder } = curves[kind]
  const y = Buffer.from(publicKey)
  y[bytes - 1] = (y[bytes - 1] ?? 0) & 0x7f
  return smallOrder.has(y.toString('hex'))
}
