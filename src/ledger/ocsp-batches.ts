/** Leaves about signed OCSP responses: one for each CA and second in which responses were signed. */
import type { Clock } from '../clock.ts'
import { sha256 } from '../record/merkle.ts'
import type { Database } from '../store/database.ts'
import { appendLeaf } from '../store/leaves.ts'

export interface OcspBatches {
  /** Notes a signed response. */
  add(authorityNumber: number, responseDer: Uint8Array): void
  /** Writes the leaves of all noted responses. */
  flush(): Promise<void>
}

interface OcspBatchesOptions {
  readonly db: Database
  readonly clock: Clock
  /** Receives the error of leaves that could not be written. They are written with the next ones. */
  readonly onFailure: (error: unknown) => void
}

const delayMilliseconds = 1000

/**
 * Creates the batches of a process. The leaf of a batch contains the number of responses and the SHA-256 of their concatenated
 * SHA-256 digests. A process that is killed loses the batch of its last second.
 */
export function createOcspBatches({ db, clock, onFailure }: OcspBatchesOptions): OcspBatches {
  let digests = new Map<number, Uint8Array[]>()
  let timer: NodeJS.Timeout | undefined
  const write = async (): Promise<void> => {
    clearTimeout(timer)
    timer = undefined
    const batches = digests
    if (batches.size === 0) return
    digests = new Map()
    const time = clock.now()
    try {
      await db.transaction(
        [...batches].map(([authority, responses]) =>
          appendLeaf({
            kind: 'ocsp-responses',
            time,
            authority,
            sha256: sha256(Buffer.concat(responses)),
            principal: 'ocsp',
            detail: JSON.stringify({ responses: responses.length }),
          }),
        ),
      )
    } catch (error) {
      for (const [authority, responses] of batches)
        digests.set(authority, [...responses, ...(digests.get(authority) ?? [])])
      throw error
    }
  }
  const writeLater = (): void => {
    timer ??= setTimeout(() => {
      write().catch((error: unknown) => {
        onFailure(error)
        writeLater()
      })
    }, delayMilliseconds).unref()
  }
  return {
    add(authorityNumber, responseDer) {
      const responses = digests.get(authorityNumber) ?? []
      responses.push(sha256(responseDer))
      digests.set(authorityNumber, responses)
      writeLater()
    },
    flush: write,
  }
}
