/**
 * PostgreSQL servers for tests, in temporary folders. Each test gets its own database, either on the test run's server or on the
 * test file's own server.
 */
import { freePort } from './free-port.ts'
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readdirSync, rmSync } from 'node:fs'
import { appendFile, chmod, copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { systemRandom } from '../../src/random.ts'
import type { PostgresConnectionOptions } from '../../src/store/postgres/connection-options.ts'
import type { Row } from '../../src/store/sql.ts'
import { openPostgres, type PostgresDatabase } from '../../src/store/postgres/database.ts'

const run = promisify(execFile)
const readySeconds = 60

/** The server's superuser, who needs no password. */
const superuser = 'postgres'

/** The environment variable that contains the location of the test run's server. */
const runVariable = 'POSTGRES_OF_TEST_RUN'

/** Prefix of database names, which differs between test files that share a server. */
const databasePrefix = `test_${process.pid}_`
const template = 'migrated'

interface Binaries {
  readonly initdb: string
  readonly postgres: string
}

/** Finds the newest PostgreSQL in Debian's folders, or the first one on PATH. */
function findBinaries(): Binaries | undefined {
  const root = '/usr/lib/postgresql'
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : []
  const folders = [
    ...versions.map((version) => join(root, version, 'bin')),
    ...(process.env['PATH'] ?? '').split(':'),
  ]
  const folder = folders.find((one) =>
    ['initdb', 'postgres'].every((n) => existsSync(join(one, n))),
  )
  return folder === undefined
    ? undefined
    : { initdb: join(folder, 'initdb'), postgres: join(folder, 'postgres') }
}

/** Arguments for setpriv that switch from root to another user, because the PostgreSQL server refuses to run as root. */
const asUnprivileged =
  process.getuid?.() === 0
    ? [`--reuid=${superuser}`, `--regid=${superuser}`, '--clear-groups']
    : ['--inh-caps=-all']

/** Paths of the server's private key and certificate, in PEM. */
interface ServerTls {
  readonly key: string
  readonly certificate: string
}

export class TestPostgres {
  readonly folder: string
  readonly port: number
  readonly #binaries: Binaries
  #server: ChildProcess | undefined
  #template: Promise<string> | undefined
  #databases = 0

  private constructor(binaries: Binaries, folder: string, port: number) {
    this.#binaries = binaries
    this.folder = folder
    this.port = port
  }

  /**
   * Starts a PostgreSQL server, or returns undefined if PostgreSQL is not installed. `settings` are lines for postgresql.conf.
   */
  static async start(
    settings: readonly string[] = [],
    tls?: ServerTls,
  ): Promise<TestPostgres | undefined> {
    const binaries = findBinaries()
    if (binaries === undefined) return undefined
    const folder = await mkdtemp(join(tmpdir(), 'signet-postgres-'))
    const server = new TestPostgres(binaries, folder, await freePort())
    try {
      await server.#initialize(settings)
      if (tls !== undefined) await server.#requireTls(tls)
      await server.startAgain()
    } catch (error) {
      const log = await readFile(join(folder, 'log'), 'utf8').catch(() => '')
      await server.close()
      throw new Error(`PostgreSQL did not start:\n${log.slice(-4000)}`, { cause: error })
    }
    return server
  }

  /**
   * Returns the PostgreSQL server that the test run shares, for tests that need only databases. Starts a server if the run has
   * none, for example when a test file is run alone.
   */
  static async ofRun(): Promise<TestPostgres | undefined> {
    const { [runVariable]: shared } = process.env
    const binaries = findBinaries()
    if (shared === undefined || binaries === undefined) return TestPostgres.start()
    const { folder, port } = JSON.parse(shared) as { folder: string; port: number }
    const server = new TestPostgres(binaries, folder, port)
    server.#template = Promise.resolve(template)
    return server
  }

  /**
   * Shares the server with all test files of the run. The server is killed when this process exits, even if the run is
   * interrupted.
   */
  async shareWithRun(): Promise<void> {
    await this.#migratedTemplate()
    process.env[runVariable] = JSON.stringify({ folder: this.folder, port: this.port })
    process.once('exit', () => {
      this.#server?.kill('SIGKILL')
      rmSync(this.folder, { recursive: true, force: true })
    })
  }

  async #initialize(settings: readonly string[]): Promise<void> {
    await chmod(this.folder, 0o755)
    if (process.getuid?.() === 0) await run('chown', [superuser, this.folder])
    const options = ['-D', this.#data, '-U', superuser, '-A', 'trust', '-E', 'UTF8', '--no-locale']
    const values = [
      `port=${this.port}`,
      `unix_socket_directories=${this.folder}`,
      'listen_addresses=127.0.0.1',
      'max_connections=200',
      'shared_buffers=64MB',
      ...settings,
    ]
    await run('setpriv', [...asUnprivileged, '--', this.#binaries.initdb, ...options], {
      cwd: this.folder,
    })
    const lines = values.map((value) => value.replace(/=(.*)$/, " = '$1'"))
    await appendFile(join(this.#data, 'postgresql.conf'), `${lines.join('\n')}\n`)
  }

  /** Configures the port to require TLS and a password. */
  async #requireTls({ key, certificate }: ServerTls): Promise<void> {
    const lines = ['local all all trust', 'hostssl all all all scram-sha-256']
    await writeFile(join(this.#data, 'pg_hba.conf'), `${lines.join('\n')}\n`)
    const copies = {
      key: join(this.#data, 'server.key'),
      certificate: join(this.#data, 'server.crt'),
    }
    await copyFile(key, copies.key)
    await copyFile(certificate, copies.certificate)
    await chmod(copies.key, 0o600)
    if (process.getuid?.() === 0) await run('chown', [superuser, copies.key, copies.certificate])
    await appendFile(join(this.#data, 'postgresql.conf'), 'ssl = on\n')
  }

  get #data(): string {
    return join(this.folder, 'data')
  }

  /** Starts the server on its port, and waits until it accepts connections. */
  async startAgain({ standby = false } = {}): Promise<void> {
    const signal = join(this.#data, 'standby.signal')
    if (standby) await writeFile(signal, '')
    else await rm(signal, { force: true })
    const output = openSync(join(this.folder, 'log'), 'a')
    const server = spawn(
      'setpriv',
      // The kernel kills the server when this process exits, even after SIGKILL.
      [...asUnprivileged, '--pdeathsig', 'KILL', '--', this.#binaries.postgres, '-D', this.#data],
      { cwd: this.folder, stdio: ['ignore', output, output] },
    )
    closeSync(output)
    this.#server = server
    const giveUpAt = Date.now() + readySeconds * 1000
    while (!(await this.#answers())) {
      if (server.exitCode !== null || Date.now() > giveUpAt)
        throw new Error('the server does not accept connections')
      await delay(50)
    }
  }

  async #answers(): Promise<boolean> {
    try {
      await this.admin('select 1')
      return true
    } catch {
      return false
    }
  }

  /** Stops all of the server's processes, with a fast shutdown or as in a machine crash. */
  async stop(mode: 'fast' | 'crash' = 'fast'): Promise<void> {
    const server = this.#server
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return
    const exited = once(server, 'exit')
    server.kill(mode === 'fast' ? 'SIGINT' : 'SIGQUIT')
    await exited
  }

  /** Returns the path of a program that is installed together with the PostgreSQL server. */
  tool(name: string): string {
    return join(dirname(this.#binaries.postgres), name)
  }

  /**
   * On the test run's server, only this object's databases are dropped. Any other server is stopped, and its folder is removed.
   */
  async close(): Promise<void> {
    if (this.#server === undefined && process.env[runVariable] !== undefined) {
      for (let n = 1; n <= this.#databases; n += 1)
        await this.admin(`drop database ${databasePrefix}${n} with (force)`)
      return
    }
    await this.stop('crash')
    await rm(this.folder, { recursive: true, force: true })
  }

  /** Runs SQL as the superuser, by default in the database `postgres`. */
  async admin(text: string, database = 'postgres'): Promise<Record<string, unknown>[]> {
    const client = new Client({
      host: this.folder,
      port: this.port,
      user: superuser,
      database,
      connectionTimeoutMillis: 10_000,
    })
    client.on('error', () => {})
    await client.connect()
    try {
      return (await client.query<Record<string, unknown>>(text)).rows
    } finally {
      await client.end()
    }
  }

  /** Creates an empty database. */
  async createDatabase(): Promise<PostgresConnectionOptions> {
    return this.#create('')
  }

  /**
   * Creates a database with the newest schema. The database is copied from a template, because a copy is ten times faster than
   * creating the schema.
   */
  async createMigrated(): Promise<PostgresConnectionOptions> {
    return this.#create(`template ${await this.#migratedTemplate()}`)
  }

  async copyOf(database: string): Promise<PostgresConnectionOptions> {
    // A database in use cannot be copied, and a server's jobs use the database twice a second.
    await this.admin(`alter database ${database} allow_connections false`)
    try {
      await this.terminate({ database })
      return await this.#create(`template ${database}`)
    } finally {
      await this.admin(`alter database ${database} allow_connections true`)
    }
  }

  async #migratedTemplate(): Promise<string> {
    this.#template ??= (async () => {
      await this.admin(`create database ${template}`)
      await (await openTestPostgres(this.#optionsFor(template))).close()
      return template
    })()
    return this.#template
  }

  async #create(options: string): Promise<PostgresConnectionOptions> {
    this.#databases += 1
    const database = `${databasePrefix}${this.#databases}`
    await this.admin(`create database ${database} ${options}`)
    return this.#optionsFor(database)
  }

  #optionsFor(database: string): PostgresConnectionOptions {
    return {
      host: '127.0.0.1',
      port: this.port,
      user: superuser,
      database,
      tls: { mode: 'disable' },
      password: { kind: 'none' },
    }
  }

  /** Ends all connections to a database, as an administrator or a failover would do. */
  async terminate({ database }: Pick<PostgresConnectionOptions, 'database'>): Promise<number> {
    const rows = await this.admin(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = '${database}' and pid <> pg_backend_pid()`,
    )
    return rows.length
  }
}

/**
 * Returns a function that gives all tests in a file the same server. By default, the function starts a new server, which tests
 * may stop; with `TestPostgres.ofRun`, it returns the test run's server. If PostgreSQL is not installed, the function prints a
 * line and skips the test, or throws in CI.
 */
export function sharedPostgres(
  start: () => Promise<TestPostgres | undefined> = () => TestPostgres.start(),
): (t: TestContext) => Promise<TestPostgres | undefined> {
  let started: Promise<TestPostgres | undefined> | undefined
  after(async () => (await started)?.close())
  return async (t) => {
    started ??= start()
    const server = await started
    if (server !== undefined) return server
    const message = 'NOT TESTED: PostgreSQL is not installed here'
    if (process.env['CI'] !== undefined) throw new Error(message)
    console.error(message)
    t.skip(message)
    return undefined
  }
}

/** Opens a database with the server's own code. */
export function openTestPostgres(
  connection: PostgresConnectionOptions,
  pool = 4,
): Promise<PostgresDatabase> {
  return openPostgres(connection, { pool, random: systemRandom, mayCreate: true })
}

/** Runs an SQL statement with `?` placeholders. */
export async function runInPostgres(
  { host, port, user, database }: Omit<PostgresConnectionOptions, 'password'>,
  text: string,
  values: readonly (string | number | Uint8Array)[],
): Promise<Row[]> {
  const client = new Client({ host, port, user, database })
  await client.connect()
  try {
    await client.query('set search_path = signet')
    let count = 0
    const numbered = text.replaceAll('?', () => `$${(count += 1)}`)
    return (await client.query<Row>(numbered, [...values])).rows
  } finally {
    await client.end()
  }
}
