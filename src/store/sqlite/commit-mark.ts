/**
 * The commit mark of a database, which is a file with the number of acknowledged commits. A database with fewer commits than its
 * mark has lost commits. Possible causes are a truncated write-ahead log, or an older file that replaced the database.
 *
 * The server overwrites the mark after each commit. The write takes a microsecond and survives a crash of the process. The file
 * is flushed once a second. After a power failure, the mark may be up to a second behind the database, but it is never ahead.
 */
import { closeSync, fdatasync, fdatasyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { replaceFile } from '../../files/durable-file.ts'

export interface CommitMark {
  /** ID of the database. A database that was restored has a new ID. */
  readonly databaseId: string
  readonly commits: number
}

const flushMilliseconds = 1000
const form = /^signet-commits-1 ([0-9a-f]{32}) (\d{16}) ([0-9a-f]{8})\n$/

/** Returns the path of the commit mark for the database at `path`. */
export function markFile(path: string): string {
  return `${path}.mark`
}

/** Encodes a commit mark. The encoding has a constant length and fits into one disk sector. */
function encodeMark({ databaseId, commits }: CommitMark): string {
  const text = `signet-commits-1 ${databaseId} ${String(commits).padStart(16, '0')}`
  return `${text} ${crc32(text).toString(16).padStart(8, '0')}\n`
}

/** Reads the commit mark. Returns `unreadable` if the file is unreadable or malformed. */
export function readMark(path: string): CommitMark | 'none' | 'unreadable' {
  let text: string
  try {
    text = readFileSync(markFile(path), 'latin1')
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'none' : 'unreadable'
  }
  const [, databaseId = '', digits] = form.exec(text) ?? []
  const mark = { databaseId, commits: Number(digits) }
  return digits !== undefined && encodeMark(mark) === text ? mark : 'unreadable'
}

/** Durably creates or replaces the file with the commit mark. */
export async function replaceMark(path: string, mark: CommitMark): Promise<void> {
  await replaceFile({ path: markFile(path), content: encodeMark(mark), mode: 0o600 })
}

/** Updates an existing commit mark. Only the process that writes to the database may use this class. */
export class CommitMarkWriter {
  readonly #databaseId: string
  readonly #file: number
  readonly #timer: NodeJS.Timeout
  #isFlushed = true
  #isClosed = false

  constructor(path: string, databaseId: string) {
    this.#databaseId = databaseId
    this.#file = openSync(markFile(path), 'r+')
    this.#timer = setInterval(() => this.#flush(), flushMilliseconds).unref()
  }

  /** Updates the commit mark. Must be called after the commit and before the response. */
  move(commits: number): void {
    try {
      writeSync(this.#file, encodeMark({ databaseId: this.#databaseId, commits }), 0)
      this.#isFlushed = false
    } catch {
      // An outdated mark may hide lost writes, but never leads to a false report of lost writes.
    }
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    clearInterval(this.#timer)
    try {
      if (!this.#isFlushed) fdatasyncSync(this.#file)
    } catch {
      // An outdated mark may hide lost writes, but never leads to a false report of lost writes.
    }
    closeSync(this.#file)
  }

  #flush(): void {
    if (this.#isFlushed) return
    this.#isFlushed = true
    fdatasync(this.#file, (error) => {
      if (error !== null) this.#isFlushed = false
    })
  }
}
