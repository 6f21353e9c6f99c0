/** Leaves for signed OCSP responses: one leaf for each CA and each second in which the CA signed responses. */
import { createHash, type Hash } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { sha256 } from '../record/merkle.ts'
import type { Database } from '../store/database.ts'
import { appendLeaf } from '../store/leaves.ts'

export interface OcspBatches {
  /** Adds a signed OCSP response to the current batch. */
  add(authorityNumber: number, responseDer: Uint8Array): void
  /** Writes the leaves for all OCSP responses in the batches. */
  flush(): Promise<void>
}

interface OcspBatchesOptions {
  readonly db: Database
  readonly clock: Clock
  /** Called with the error if leaves could not be written. The leaves are then written with the next batch. */
  readonly onFailure: (error: unknown) => void
}

/** A CA's OCSP responses: their number, and the hash of their digests so far. */
interface Batch {
  readonly hash: Hash
  responses: number
}

const delayMilliseconds = 1000

/**
 * Creates the OCSP response batches of a process. The leaf for a batch contains the number of responses and the SHA-256 of their
 * concatenated SHA-256 digests. If a process is killed, the batch of its last second is lost. While leaves cannot be written, all
 * new responses are added to the next batch, so that memory use does not grow.
 */
export function createOcspBatches({ db, clock, onFailure }: OcspBatchesOptions): OcspBatches {
  let next = new Map<number, Batch>()
  /** Batches that are being written, kept until the write succeeds. */
  let current = new Map<number, Batch>()
  let running: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  const writeCurrent = async (): Promise<void> => {
    if (current.size === 0) [current, next] = [next, current]
    if (current.size === 0) return
    const time = clock.now()
    await db.transaction(
      [...current].map(([authority, { hash, responses }]) =>
        appendLeaf({
          kind: 'ocsp-responses',
          time,
          authority,
          sha256: Uint8Array.from(hash.copy().digest()),
          principal: 'ocsp',
          detail: JSON.stringify({ responses }),
        }),
      ),
    )
    current = new Map()
  }
  const write = (): Promise<void> =>
    (running ??= writeCurrent().finally(() => {
      running = undefined
    }))
  const writeAndContinue = async (): Promise<void> => {
    timer = undefined
    try {
      await write()
      if (next.size === 0) return
    } catch (error) {
      onFailure(error)
    }
    writeLater()
  }
  const writeLater = (): void => {
    timer ??= setTimeout(() => {
      writeAndContinue().catch(onFailure)
    }, delayMilliseconds).unref()
  }
  return {
    add(authorityNumber, responseDer) {
      const batch = next.get(authorityNumber) ?? { hash: createHash('sha256'), responses: 0 }
      batch.hash.update(sha256(responseDer))
      batch.responses += 1
      next.set(authorityNumber, batch)
      writeLater()
    },
    async flush() {
      clearTimeout(timer)
      timer = undefined
      do await write()
      while (current.size > 0 || next.size > 0)
    },
  }
}
