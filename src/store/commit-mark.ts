/**
 * The high-water mark of a database: how many commits it has acknowledged, in a file of its own. A database that has fewer
 * has lost some, for example because its write-ahead log was truncated or an older file was put in its place.
 *
 * The server overwrites the file after each commit, which costs a microsecond and survives the end of the process at any
 * moment. Once a second it is flushed, so that after a power failure it may be a second behind the database, but is never
 * ahead of it.
 */
import { closeSync, fdatasync, fdatasyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { replaceFile } from '../durable-file.ts'

export interface CommitMark {
  /** Of the database that it belongs to; one that was restored is another. */
  readonly databaseId: string
  readonly commits: number
}

const flushMilliseconds = 1000
const form = /^signet-commits-1 ([0-9a-f]{32}) (\d{16}) ([0-9a-f]{8})\n$/

/** Where the mark of the database at `path` is. */
export function markFile(path: string): string {
  return `${path}.mark`
}

/** Always as long, within one sector of a disk. */
function encodeMark({ databaseId, commits }: CommitMark): string {
  const text = `signet-commits-1 ${databaseId} ${String(commits).padStart(16, '0')}`
  return `${text} ${crc32(text).toString(16).padStart(8, '0')}\n`
}

/** `unreadable` for a file that holds no mark: it tells nothing. */
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

/** Writes the file anew, durably. */
export async function replaceMark(path: string, mark: CommitMark): Promise<void> {
  await replaceFile({ path: markFile(path), content: encodeMark(mark), mode: 0o600 })
}

/** Moves a mark that is there, for the one process that writes to its database. */
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

  /** After the commit, before anybody is told of it. */
  move(commits: number): void {
    try {
      writeSync(this.#file, encodeMark({ databaseId: this.#databaseId, commits }), 0)
      this.#isFlushed = false
    } catch {
      // The mark stays behind: less is noticed, and nothing is refused that is right.
    }
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    clearInterval(this.#timer)
    try {
      if (!this.#isFlushed) fdatasyncSync(this.#file)
    } catch {
      // As above.
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
