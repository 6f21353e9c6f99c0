/** Stores signed OCSP responses in batches, so that signing does not wait for a commit. */
import type { Database } from '../store/database.ts'
import { putOcspResponse, type OcspResponseRow } from '../store/ocsp-responses.ts'

export interface ResponseWriter {
  /** Stores an OCSP response within seconds. */
  add(row: OcspResponseRow): void
  /** Stores all OCSP responses that have been added. */
  flush(): Promise<void>
}

interface ResponseWriterOptions {
  readonly db: Database
  /** Called with the error if responses could not be stored. The next signed response for the same request is stored again. */
  readonly onFailure: (error: unknown) => void
}

const delayMilliseconds = 1000
/** Maximum number of responses per transaction, so that a flood of requests delays other writes by only a few milliseconds. */
const writtenMax = 500
/** Maximum number of waiting responses, which equals the maximum number of cached responses. Further responses are not stored. */
const waitingMax = 20_000

/** Creates a process's response writer. If a process is killed, the responses from its last second are lost. */
export function createResponseWriter({ db, onFailure }: ResponseWriterOptions): ResponseWriter {
  /** Waiting rows, keyed by CertID. */
  const waiting = new Map<string, OcspResponseRow>()
  let timer: NodeJS.Timeout | undefined
  const write = async (): Promise<void> => {
    const next = [...waiting].slice(0, writtenMax)
    for (const [name] of next) waiting.delete(name)
    if (next.length > 0) await db.transaction(next.map(([, row]) => putOcspResponse(row)))
  }
  const writeAndContinue = async (): Promise<void> => {
    try {
      await write()
    } catch (error) {
      onFailure(error)
    }
    timer = undefined
    if (waiting.size > 0) writeLater()
  }
  // The write starts in the same turn of the event loop as the write of the record's leaves (ledger/ocsp-batches.ts), so that
  // both share a commit.
  const writeLater = (): void => {
    timer ??= setTimeout(() => {
      writeAndContinue().catch(onFailure)
    }, delayMilliseconds).unref()
  }
  return {
    add(row) {
      const name = Buffer.from(row.certIdSha256).toString('latin1')
      if (waiting.size >= waitingMax && !waiting.has(name)) return
      waiting.set(name, row)
      writeLater()
    },
    async flush() {
      while (waiting.size > 0) await write()
    },
  }
}
