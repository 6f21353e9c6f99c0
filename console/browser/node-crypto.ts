/** Replaces node:crypto, whose functions the console does not call because it hashes and signs with Web Crypto. */
export function hash(): never {
  throw new Error('node:crypto is not available in a browser')
}
