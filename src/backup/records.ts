/**
 * The records of a backup. A record consists of a 4-byte length, a letter for its kind, and its content. The header is the first
 * record. A file record contains the name of a file and its bytes. A table record contains the table's name and columns in JSON,
 * and is followed by the table's rows. The end record contains the number of rows in each table and the SHA-256 of all preceding
 * records. docs/reference/backup-format.md describes the records for operators who read a decrypted backup.
 */
import { createHash, type Hash } from 'node:crypto'
import { ConfigurationError } from '../errors.ts'
import { damaged } from './damaged.ts'
import { decodeRow, encodeRow, type BackupValue } from './row-values.ts'

export interface BackupHeader {
  /** Version of the database schema. All database engines share the same schema version numbers. */
  readonly schemaVersion: number
  /** Time of the backup in ISO 8601. */
  readonly createdAt: string
  /** Version of the program that wrote the backup. */
  readonly signetVersion: string
  /**
   * ID of the master key that decrypts the keys and secrets in the rows. The ID is undefined in backups from earlier versions
   * of Signet.
   */
  readonly masterKeyId?: string
}

/** Names of the secret files that are stored outside the database. */
export type BackupFileName = 'master-key' | 'credentials'

export interface TableShape {
  readonly name: string
  readonly columns: readonly string[]
}

export type BackupRecord =
  | { readonly kind: 'file'; readonly name: BackupFileName; readonly bytes: Uint8Array }
  | { readonly kind: 'table'; readonly table: TableShape }
  | { readonly kind: 'row'; readonly values: readonly BackupValue[] }

/** A decrypted backup whose header has been read. */
export interface BackupContent {
  readonly header: BackupHeader
  /**
   * Batches of records. Only the end record proves that the backup is complete, so the caller must commit nothing before it has
   * received the last batch.
   */
  readonly batches: AsyncIterable<readonly BackupRecord[]>
}

/** Number of rows in each table of the backup. */
export type RowCounts = Readonly<Record<string, number>>

const headBytes = 5
/**
 * Maximum length of a record, in bytes. A record with a longer length field is rejected as damaged before memory is allocated
 * for it.
 */
const recordBytesMax = 256 * 1024 * 1024
const letters = { header: 0x68, file: 0x66, table: 0x74, row: 0x72, end: 0x65 } as const
/** Name of the backup format in the header. The name distinguishes this format from later formats and other content. */
const format = 'signet-backup-2'

export class RecordWriter {
  readonly #hash: Hash = createHash('sha256')
  // The object has no prototype, because a table may have any name, including `constructor`.
  readonly #counts = Object.create(null) as Record<string, number>
  #table: TableShape | undefined

  header(header: BackupHeader): Buffer {
    return this.#add(framed('header', Buffer.from(JSON.stringify({ format, ...header }))))
  }

  file(name: BackupFileName, bytes: Uint8Array): Buffer {
    const content = Buffer.from(
      JSON.stringify({ name, base64: Buffer.from(bytes).toString('base64') }),
    )
    return this.#add(framed('file', content))
  }

  table(table: TableShape): Buffer {
    this.#table = table
    this.#counts[table.name] = 0
    return this.#add(framed('table', Buffer.from(JSON.stringify(table))))
  }

  /** Encodes rows of the most recently added table. Each row must contain a value for every column of the table. */
  rows(rows: readonly (readonly BackupValue[])[]): Buffer {
    const { name = '' } = this.#table ?? {}
    this.#counts[name] = (this.#counts[name] ?? 0) + rows.length
    return this.#add(Buffer.concat(rows.map((values) => framed('row', encodeRow(values)))))
  }

  end(): Buffer {
    const end = { rows: this.#counts, sha256: this.#hash.digest('hex') }
    return framed('end', Buffer.from(JSON.stringify(end)))
  }

  get counts(): RowCounts {
    return this.#counts
  }

  #add(record: Buffer): Buffer {
    this.#hash.update(record)
    return record
  }
}

function framed(kind: keyof typeof letters, content: Buffer): Buffer {
  const head = Buffer.allocUnsafe(headBytes)
  head.writeUInt32BE(content.length + 1)
  head[headBytes - 1] = letters[kind]
  return Buffer.concat([head, content])
}

/**
 * Reads a backup's content up to the end of its header. A legacy backup's header is not part of its content. Both the function
 * and the iteration over the batches throw ConfigurationError if the records are incomplete or inconsistent.
 */
export async function readContent(
  source: AsyncIterable<Uint8Array>,
  legacyHeader?: BackupHeader,
): Promise<BackupContent> {
  const reader = new RecordReader(legacyHeader)
  const batches = readBatches(source, reader)
  const first = await batches.next()
  const { header } = reader
  if (header === undefined) throw damaged('the header is missing')
  return {
    header,
    batches: (async function* () {
      if (first.done === true) return
      yield first.value
      yield* batches
    })(),
  }
}

async function* readBatches(
  source: AsyncIterable<Uint8Array>,
  reader: RecordReader,
): AsyncGenerator<readonly BackupRecord[]> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const bytes of source) {
    rest = rest.length === 0 ? Buffer.from(bytes) : Buffer.concat([rest, bytes])
    const records: BackupRecord[] = []
    let record = firstRecord(rest)
    while (record !== undefined) {
      rest = rest.subarray(record.length)
      const parsed = reader.read(record)
      if (parsed !== undefined) records.push(parsed)
      record = firstRecord(rest)
    }
    if (records.length > 0) yield records
  }
  if (rest.length > 0 || !reader.isEnded) throw damaged('the last record is missing')
}

/** Returns the first record in a buffer, or undefined if the record is incomplete. */
function firstRecord(bytes: Buffer): Buffer | undefined {
  if (bytes.length < headBytes) return undefined
  const length = bytes.readUInt32BE()
  if (length === 0 || length > recordBytesMax) throw damaged('a record has an invalid length')
  return bytes.length < length + 4 ? undefined : bytes.subarray(0, length + 4)
}

class RecordReader {
  readonly #hash: Hash = createHash('sha256')
  // The object has no prototype, because a table may have any name, including `constructor`.
  readonly #counts = Object.create(null) as Record<string, number>
  #table: TableShape | undefined
  header: BackupHeader | undefined
  isEnded = false

  constructor(legacyHeader: BackupHeader | undefined) {
    this.header = legacyHeader
  }

  /** Parses a record. Returns undefined for a header record and for the end record. */
  read(record: Buffer): BackupRecord | undefined {
    if (this.isEnded) throw damaged('more data follows the last record')
    const content = record.subarray(headBytes)
    const letter = record[headBytes - 1]
    if ((letter === letters.header) !== (this.header === undefined))
      throw damaged('the first record is not the header')
    if (letter === letters.end) {
      this.#end(content)
      return undefined
    }
    this.#hash.update(record)
    if (letter === letters.header) {
      this.header = headerOf(content)
      return undefined
    }
    if (letter === letters.row) return { kind: 'row', values: this.#row(content) }
    if (letter === letters.table) return { kind: 'table', table: this.#startTable(content) }
    if (letter !== letters.file) throw damaged('a record has an unknown kind')
    const { name, base64 } = jsonOf(content) as { name: BackupFileName; base64: string }
    return { kind: 'file', name, bytes: Buffer.from(base64, 'base64') }
  }

  #startTable(content: Buffer): TableShape {
    const table = jsonOf(content) as TableShape
    if (this.#counts[table.name] !== undefined) throw damaged('a table occurs twice')
    this.#table = table
    this.#counts[table.name] = 0
    return table
  }

  #row(content: Buffer): BackupValue[] {
    const { name = '', columns = [] } = this.#table ?? {}
    this.#counts[name] = (this.#counts[name] ?? 0) + 1
    const values = decodeRow(content)
    if (values.length !== columns.length)
      throw damaged('the number of values in a row differs from the number of columns in its table')
    return values
  }

  #end(content: Buffer): void {
    const { rows, sha256 } = jsonOf(content) as { rows: RowCounts; sha256: string }
    const isConsistent =
      sha256 === this.#hash.digest('hex') && JSON.stringify(rows) === JSON.stringify(this.#counts)
    if (!isConsistent) throw damaged('the row counts or the checksum do not match the content')
    this.isEnded = true
  }
}

function headerOf(content: Buffer): BackupHeader {
  const { format: actualFormat, ...header } = jsonOf(content) as BackupHeader & { format: unknown }
  if (actualFormat !== format)
    throw new ConfigurationError('the backup has a format that this version of Signet cannot read')
  if (!Number.isSafeInteger(header.schemaVersion)) throw damaged('the header has no schema version')
  return header
}

function jsonOf(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString('utf8'))
  } catch (cause) {
    throw damaged('a record is not JSON', cause)
  }
}
