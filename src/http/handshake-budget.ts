/**
 * A budget of TLS handshakes with client certificates for each source address. OpenSSL verifies all signatures in the chain that
 * a client sends, and Node.js cannot prevent this. A chain of 96 P-521 certificates takes 200 ms of CPU time. The budget is
 * measured in bytes that the client sends in the handshake, because their number is known even if the handshake fails. Short
 * chains count too: a chain of 3.5 KB can take 20 ms.
 */
import { createBoundedCache } from '../bounded-cache.ts'
import type { Clock } from '../clock.ts'
import { networkOf } from '../text/ip-address.ts'

export interface HandshakeBudget {
  /** Begins a handshake. Returns undefined if the source has exceeded its budget. */
  begin(source: string): Handshake | undefined
}

export interface Handshake {
  /** Records the end of a handshake in which the client sent `bytes` bytes. Further calls have no effect. */
  end(bytes: number): void
}

interface Source {
  pending: number
  /** Bytes above `freeBytes` in the source's handshakes, minus the bytes that have since been forgiven. */
  excess: number
  at: number
}

const sourcesMax = 100_000
/** Maximum number of a source's unfinished handshakes. */
const pendingMax = 8
/** Bytes in each handshake that are not counted. A handshake without a certificate has about as many. */
const freeBytes = 1024
const excessMax = 128 * 1024
const forgivenPerSecond = 8 * 1024

export function createHandshakeBudget(clock: Clock): HandshakeBudget {
  const sources = createBoundedCache<Source>(sourcesMax)
  return {
    begin(address) {
      const name = networkOf(address)
      const now = clock.now().getTime()
      const source = sources.get(name) ?? { pending: 0, excess: 0, at: now }
      // If the clock has been set back, nothing is forgiven.
      const seconds = Math.max(0, now - source.at) / 1000
      source.excess = Math.max(0, source.excess - seconds * forgivenPerSecond)
      source.at = now
      sources.set(name, source)
      if (source.pending >= pendingMax || source.excess >= excessMax) return undefined
      source.pending += 1
      let isEnded = false
      return {
        end(bytes) {
          if (isEnded) return
          isEnded = true
          source.pending -= 1
          source.excess += Math.max(0, bytes - freeBytes)
        },
      }
    },
  }
}
