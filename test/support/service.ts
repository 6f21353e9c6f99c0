/** A whole server on a data folder of its own, with a clock that the test moves, and a client for it. */
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { parseCredentials } from '../../src/text/credentials-file.ts'
import { startSingleProcess, type SingleProcess } from '../../src/server/single-process.ts'
import type { Clock } from '../../src/clock.ts'
import { readConfig, type Config, type Flags } from '../../src/settings/config.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { bucketsFolder } from '../../src/data-folder/data-folder.ts'
import { createBucket, openObject } from '../../src/objects/embedded-buckets.ts'
import type { ObjectStore } from '../../src/objects/object-store.ts'
import { findOperation } from '../../src/operations/index.ts'
import type { Database } from '../../src/store/database.ts'
import type { Row } from '../../src/store/sql.ts'
import { chosenDatabase, databaseUrl, noteDatabase } from './chosen-database.ts'
import { runInPostgres } from './postgres.ts'
import { signedHeaders, type Credentials } from './signed-request.ts'
import { TestRandom } from './test-random.ts'

/** What a call answered. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The body as JSON; an empty object if it is empty. */
  readonly json: Record<string, unknown>
}

/** Members of an output or of an error, as tests look at them. */
// oxlint-disable-next-line typescript/no-explicit-any -- tests look into answers of any shape
export type Members = any

export interface CallOptions {
  readonly region?: string
  readonly credentials?: Credentials
}

/** Time that moves only when a test moves it. It begins at the real time, so that foreign clients can sign too. */
export class TestClock implements Clock {
  #milliseconds = Date.now()

  now(): Date {
    return new Date(this.#milliseconds)
  }

  advance({ days = 0, seconds = 0 }: { readonly days?: number; readonly seconds?: number }): void {
    this.#milliseconds += (days * 86_400 + seconds) * 1000
  }

  /** Moves to the real time, for clients that have no other clock. */
  catchUp(): void {
    this.#milliseconds = Date.now()
  }

  /** Milliseconds by which it is ahead of the real time. */
  get offset(): number {
    return this.#milliseconds - Date.now()
  }
}

/** What a test puts around a service. */
export interface ServiceOptions {
  /** One that begins at the real time unless given. */
  readonly clock?: TestClock
  /** Where log lines go, at the level that the flag `logLevel` says. */
  readonly logTo?: { write(line: string): void }
  /** Puts something between the service and its object store. */
  readonly wrapObjects?: (objects: ObjectStore) => ObjectStore
  /** Puts something between the service and its database. */
  readonly wrapDatabase?: (db: Database) => Database
}

interface Around extends ServiceOptions {
  readonly clock: TestClock
  readonly random: TestRandom
  /** The data folder is another's. */
  readonly isNode?: boolean
}

/** Whoever can be called. */
export type ApiCaller = Pick<TestService, 'call' | 'must'>

export class TestService {
  readonly clock: TestClock
  readonly random: TestRandom
  config: Config
  #app: SingleProcess
  readonly #around: Around
  readonly #flags: Flags

  private constructor(app: SingleProcess, flags: Flags, around: Around) {
    this.#app = app
    this.#flags = flags
    this.config = readConfig(flags, {})
    this.clock = around.clock
    this.random = around.random
    this.#around = around
  }

  /** Starts on a new folder. */
  static async start(flags: Flags = {}, options: ServiceOptions = {}): Promise<TestService> {
    const data = await mkdtemp(join(tmpdir(), 'signet-test-'))
    const place = flags.database === undefined ? await chosenDatabase() : undefined
    const database = place && { database: databaseUrl(place) }
    if (database !== undefined) noteDatabase(data, database.database)
    const all = {
      data,
      listen: '127.0.0.1:0',
      publicListen: '127.0.0.1:0',
      logLevel: 'silent',
      authFailures: '0',
      // Time does not move by itself: nothing may wait for it.
      crlDelay: '0',
      ...database,
      ...flags,
    }
    const around = { clock: new TestClock(), random: new TestRandom(), ...options }
    return new TestService(await start(readConfig(all, {}), around), all, around)
  }

  /** One more server on the same database and data folder, with the same clock; it is closed before the first one. */
  async startNode(options: ServiceOptions = {}): Promise<TestService> {
    const around = { clock: this.clock, random: this.random, ...options, isNode: true }
    return new TestService(await start(this.config, around), this.#flags, around)
  }

  get url(): string {
    return this.#app.apiUrl
  }

  get publicUrl(): string {
    return this.#app.publicUrl
  }

  /** The administrator's key, from the credentials file. */
  get credentials(): Credentials {
    return readCredentials(join(this.config.dataDirectory, 'credentials'))
  }

  /** Runs a job now, to its end; by itself it looks for work once a second or less often. */
  async runJob(job: string): Promise<void> {
    await this.#app.runJob(job)
  }

  /** As SIGHUP does. */
  async reload(): Promise<void> {
    await this.#app.reload()
  }

  /** Stops and starts again on the same folder. */
  async restart(): Promise<void> {
    await this.#app.close()
    this.#app = await start(this.config, this.#around)
  }

  /** The same with further flags. */
  async restartWith(flags: Flags): Promise<this> {
    await this.#app.close()
    this.config = readConfig({ ...this.#flags, ...flags }, {})
    this.#app = await start(this.config, this.#around)
    return this
  }

  /** Stops, and leaves the folder and the database for tests to look at. */
  async stop(): Promise<void> {
    await this.#app.close()
  }

  /** Stops, and removes the folder. */
  async close(): Promise<void> {
    await this.#app.close()
    if (this.#around.isNode !== true) await rm(this.config.dataDirectory, { recursive: true })
  }

  /** Reads or changes the database behind the service's back. */
  async inDatabase(text: string, ...values: (string | number)[]): Promise<Row[]> {
    const { database, dataDirectory } = this.config
    if (database !== undefined) return runInPostgres(database, text, values)
    const db = new DatabaseSync(join(dataDirectory, 'signet.sqlite'), { timeout: 5000 })
    try {
      return db.prepare(text).all(...values) as Row[]
    } finally {
      db.close()
    }
  }

  /** Makes a bucket in the embedded object store, of the first account unless said otherwise. */
  async createBucket(name: string, accountId: string = this.config.accountId): Promise<void> {
    const createdAt = this.clock.now()
    await createBucket(bucketsFolder(this.config), { name, accountId, createdAt })
  }

  /** The content of an object in the embedded object store; undefined if there is none. */
  async readObject(bucket: string, key: string): Promise<Buffer | undefined> {
    const object = await openObject(bucketsFolder(this.config), { bucket, key })
    if (object === undefined) return undefined
    const chunks: Buffer[] = []
    for await (const chunk of object.stream()) chunks.push(chunk as Buffer)
    await object.close()
    return Buffer.concat(chunks)
  }

  /** One signed call. */
  async call(operation: string, input: unknown, options: CallOptions = {}): Promise<Answer> {
    return this.send(operation, JSON.stringify(input), options)
  }

  /** One signed call with a body of any kind. */
  async send(
    operation: string,
    body: string | Uint8Array<ArrayBuffer>,
    options: CallOptions = {},
  ): Promise<Answer> {
    const { url, credentials } = this
    const headers = signedHeaders({
      url,
      target: `ACMPrivateCA.${operation}`,
      body,
      region: 'eu-west-1',
      credentials,
      date: this.clock.now(),
      ...options,
    })
    const response = await fetch(`${url}/`, { method: 'POST', headers, body })
    const text = await response.text()
    const json = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
    requireDeclared(operation, json['__type'])
    return { status: response.status, headers: response.headers, text, json }
  }

  /** A call that must succeed: its output. */
  async must(operation: string, input: unknown, options: CallOptions = {}): Promise<Members> {
    const answer = await this.call(operation, input, options)
    if (answer.status !== 200) throw new Error(`${operation}: ${answer.status} ${answer.text}`)
    return answer.json
  }

  /** A call that must be refused: code and message, joined by a colon. */
  async refusal(operation: string, input: unknown, options: CallOptions = {}): Promise<string> {
    const { status, json, text } = await this.call(operation, input, options)
    if (status === 200) throw new Error(`${operation} was not refused: ${text}`)
    return `${String(json['__type'])}: ${String(json['message'] ?? json['Message'])}`
  }
}

/** Errors that every operation may answer (AWS Private CA API, Common Errors). */
const commonErrors: ReadonlySet<unknown> = new Set([
  'AccessDeniedException',
  'ExpiredTokenException',
  'IncompleteSignatureException',
  'InvalidSignatureException',
  'MissingAuthenticationTokenException',
  'RequestEntityTooLargeException',
  'SerializationException',
  'ServiceUnavailable',
  'ThrottlingException',
  'UnknownOperationException',
  'UnrecognizedClientException',
  'ValidationException',
])

/** Whatever a test is about: an operation answers no error but those that its table entry declares. */
function requireDeclared(operation: string, code: unknown): void {
  const declared: readonly unknown[] = findOperation(operation)?.errors ?? []
  if (code !== undefined && !declared.includes(code) && !commonErrors.has(code))
    throw new Error(`${operation} answers ${code as string}, which it does not declare`)
}

async function start(
  config: Config,
  { clock, random, logTo, wrapObjects, wrapDatabase }: Around,
): Promise<SingleProcess> {
  return startSingleProcess(config, {
    clock,
    random,
    log: createLog(config.logLevel, logTo),
    onFailure: (error) => {
      throw error
    },
    ...(wrapObjects && { wrapObjects }),
    ...(wrapDatabase && { wrapDatabase }),
  })
}

/** Reads the profile `default` of a shared credentials file. */
export function readCredentials(path: string): Credentials {
  const credentials = parseCredentials(readFileSync(path, 'utf8'))
  if (credentials === undefined) throw new Error(`${path} has no access key`)
  return credentials
}
