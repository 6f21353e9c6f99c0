/**
 * A file of HTTP requests for the load generator. Each request is preceded by its length, a 32-bit integer in network byte order.
 */
import { readFileSync, writeFileSync } from 'node:fs'

export function writeRequests(path: string, requests: readonly Uint8Array[]): void {
  const pieces = requests.flatMap((request) => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(request.length)
    return [length, request]
  })
  writeFileSync(path, Buffer.concat(pieces))
}

export function readRequests(path: string): Buffer[] {
  const all = readFileSync(path)
  const requests: Buffer[] = []
  for (let at = 0; at < all.length;) {
    const end = at + 4 + all.readUInt32BE(at)
    requests.push(all.subarray(at + 4, end))
    at = end
  }
  return requests
}
