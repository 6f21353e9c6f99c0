/** A complete server in the test's process, with its own data folder, a clock that the test controls, and a client. */
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
import type { Database } from '../../src/store/database.ts'
import type { Row } from '../../src/store/sql.ts'
import { chosenDatabase, databaseUrl, noteDatabase } from './chosen-database.ts'
import { requireDeclared } from './declared-errors.ts'
import { chosenKeyFlags } from './on-token.ts'
import { runInPostgres } from './postgres.ts'
import { signedHeaders, type Credentials } from './signed-request.ts'
import { TestRandom } from './test-random.ts'

/** The response to an API call. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The response body as JSON; an empty object if the body is empty. */
  readonly json: Record<string, unknown>
}

/** Members of an output or an error. */
// oxlint-disable-next-line typescript/no-explicit-any -- tests read responses of any shape
export type Members = any

export interface CallOptions {
  readonly region?: string
  /** Time of the signature. */
  readonly date?: Date
  readonly credentials?: Credentials
}

/**
 * A clock that only tests advance. The test clock starts at the real time, so that requests from foreign clients have valid
 * signatures.
 */
export class TestClock implements Clock {
  #milliseconds = Date.now()

  now(): Date {
    return new Date(this.#milliseconds)
  }

  advance({ days = 0, seconds = 0 }: { readonly days?: number; readonly seconds?: number }): void {
    this.#milliseconds += (days * 86_400 + seconds) * 1000
  }

  /** Sets the clock to the real time, for clients that use the system clock. */
  catchUp(): void {
    this.#milliseconds = Date.now()
  }

  /** Milliseconds by which the clock is ahead of the real time. */
  get offset(): number {
    return this.#milliseconds - Date.now()
  }
}

/** Replacements for the dependencies of a service. */
export interface ServiceOptions {
  /** Clock of the service; by default, a new clock that starts at the real time. */
  readonly clock?: TestClock
  /** Destination of log lines, at the level given by the flag `logLevel`. */
  readonly logTo?: { write(line: string): void }
  /** Environment variables that contain settings. */
  readonly environment?: Readonly<Record<string, string>>
  /** Wraps the service's object store. */
  readonly wrapObjects?: (objects: ObjectStore) => ObjectStore
  /** Wraps the service's database. */
  readonly wrapDatabase?: (db: Database) => Database
}

interface Dependencies extends ServiceOptions {
  readonly clock: TestClock
  readonly random: TestRandom
  /** Whether the data folder belongs to another service. */
  readonly isNode?: boolean
}

/** A client of the API. */
export type ApiCaller = Pick<TestService, 'call' | 'must'>

export class TestService {
  readonly clock: TestClock
  readonly random: TestRandom
  config: Config
  #app: SingleProcess
  readonly #dependencies: Dependencies
  readonly #flags: Flags

  private constructor(app: SingleProcess, flags: Flags, dependencies: Dependencies) {
    this.#app = app
    this.#flags = flags
    this.config = readConfig(flags, dependencies.environment ?? {})
    this.clock = dependencies.clock
    this.random = dependencies.random
    this.#dependencies = dependencies
  }

  /** Starts a service on the data folder in `flags`, or on a new data folder. `close` removes the data folder in both cases. */
  static async start(flags: Flags = {}, options: ServiceOptions = {}): Promise<TestService> {
    const data = flags.data ?? (await mkdtemp(join(tmpdir(), 'signet-test-')))
    const connection = flags.database === undefined ? await chosenDatabase() : undefined
    const database = connection && { database: databaseUrl(connection) }
    if (database !== undefined) noteDatabase(data, database.database)
    const all = {
      data,
      listen: '127.0.0.1:0',
      publicListen: '127.0.0.1:0',
      logLevel: 'silent',
      authFailures: '0',
      // The clock does not advance, so no code may wait for the clock.
      crlDelay: '0',
      ...database,
      ...chosenKeyFlags(),
      ...flags,
    }
    const dependencies = { clock: new TestClock(), random: new TestRandom(), ...options }
    try {
      const config = readConfig(all, options.environment ?? {})
      return new TestService(await start(config, dependencies), all, dependencies)
    } catch (error) {
      if (flags.data === undefined) await rm(data, { recursive: true })
      throw error
    }
  }

  /** Starts another server with the same database, data folder and clock. The other server must be closed before this service. */
  async startNode(options: ServiceOptions = {}): Promise<TestService> {
    const dependencies = { clock: this.clock, random: this.random, ...options, isNode: true }
    return new TestService(await start(this.config, dependencies), this.#flags, dependencies)
  }

  get url(): string {
    return this.#app.apiUrl
  }

  get publicUrl(): string {
    return this.#app.publicUrl
  }

  /** URL of the enrollment listener, with the listener's first host name. Requires the flag `enrollListen`. */
  get enrollUrl(): string {
    const { enrollUrl } = this.#app
    if (enrollUrl === undefined) throw new Error('the service has no enrollment listener')
    return enrollUrl
  }

  /** PEM of the root that issued the enrollment listener's certificate. Clients must trust this root. */
  get enrollRoot(): string {
    return readFileSync(join(this.config.dataDirectory, 'tls-root.pem'), 'utf8')
  }

  /** The administrator's access key, as read from the credentials file. */
  get credentials(): Credentials {
    return readCredentials(join(this.config.dataDirectory, 'credentials'))
  }

  /** Runs a job to completion. By itself, a job checks for work at most once a second. */
  async runJob(job: string): Promise<void> {
    await this.#app.runJob(job)
  }

  /** Reloads files, as SIGHUP does. */
  async reload(): Promise<void> {
    await this.#app.reload()
  }

  /** Restarts the server with the same data folder. */
  async restart(): Promise<void> {
    await this.#app.close()
    this.#app = await start(this.config, this.#dependencies)
  }

  /** Restarts the server with additional flags. */
  async restartWith(flags: Flags): Promise<this> {
    await this.#app.close()
    this.config = readConfig({ ...this.#flags, ...flags }, {})
    this.#app = await start(this.config, this.#dependencies)
    return this
  }

  /** Stops the server, but keeps the data folder and the database for inspection. */
  async stop(): Promise<void> {
    await this.#app.close()
  }

  /** Stops the server and removes the data folder. */
  async close(): Promise<void> {
    await this.#app.close()
    if (this.#dependencies.isNode !== true) await rm(this.config.dataDirectory, { recursive: true })
  }

  /** Executes SQL in the database, bypassing the service. */
  async inDatabase(text: string, ...values: (string | number)[]): Promise<Row[]> {
    const { database, dataDirectory } = this.config
    if (database !== undefined) return runInPostgres(database, text, values)
    using db = new DatabaseSync(join(dataDirectory, 'signet.sqlite'), { timeout: 5000 })
    return db.prepare(text).all(...values) as Row[]
  }

  /** Creates a bucket in the embedded object store, owned by the first account by default. */
  async createBucket(name: string, accountId: string = this.config.accountId): Promise<void> {
    const createdAt = this.clock.now()
    await createBucket(bucketsFolder(this.config), { name, accountId, createdAt })
  }

  /** Returns the content of an object in the embedded object store, or undefined if the object does not exist. */
  async readObject(bucket: string, key: string): Promise<Buffer | undefined> {
    const object = await openObject(bucketsFolder(this.config), { bucket, key })
    if (object === undefined) return undefined
    const chunks: Buffer[] = []
    for await (const chunk of object.stream()) chunks.push(chunk as Buffer)
    await object.close()
    return Buffer.concat(chunks)
  }

  /** Makes a signed call. */
  async call(operation: string, input: unknown, options: CallOptions = {}): Promise<Answer> {
    return this.send(operation, JSON.stringify(input), options)
  }

  /** Makes a signed call with an arbitrary body. */
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

  /** Makes a call that must succeed, and returns the call's output. */
  async must(operation: string, input: unknown, options: CallOptions = {}): Promise<Members> {
    const answer = await this.call(operation, input, options)
    if (answer.status !== 200) throw new Error(`${operation}: ${answer.status} ${answer.text}`)
    return answer.json
  }

  /** Makes a call that must fail, and returns the error code and message, joined by a colon. */
  async refusal(operation: string, input: unknown, options: CallOptions = {}): Promise<string> {
    const { status, json, text } = await this.call(operation, input, options)
    if (status === 200) throw new Error(`${operation} did not fail: ${text}`)
    return `${String(json['__type'])}: ${String(json['message'] ?? json['Message'])}`
  }
}

async function start(
  config: Config,
  { clock, random, logTo, wrapObjects, wrapDatabase }: Dependencies,
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

/** Reads the profile `default` from a shared credentials file. */
export function readCredentials(path: string): Credentials {
  const credentials = parseCredentials(readFileSync(path, 'utf8'))
  if (credentials === undefined) throw new Error(`${path} has no access key`)
  return credentials
}
