/** Backups made and restored on the command line, and all that a database holds. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadEngine, type DatabaseLocation } from '../../src/store/engines/index.ts'
import type { PostgresConnectionOptions } from '../../src/store/postgres/connection-options.ts'
import { pagesOf } from '../../src/store/snapshot.ts'
import type { Row } from '../../src/store/sql.ts'
import { command, type Outcome } from './process.ts'
import type { Members } from './service.ts'

/** A folder with what backups are locked and opened with. */
export class BackupFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'signet-backup-'))

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync('x25519', {
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    })
    writeFileSync(this.file('recipient.pem'), publicKey)
    writeFileSync(this.file('identity.pem'), privateKey, { mode: 0o600 })
    writeFileSync(this.file('passphrase'), 'correct horse battery\n', { mode: 0o600 })
  }

  file(name: string): string {
    return join(this.path, name)
  }

  /** Runs `signet backup` for the recipient; its answer. */
  async backUp(name: string, place: readonly string[]): Promise<Members> {
    const lock = ['--recipient', this.file('recipient.pem')]
    return answerOf(await command(['backup', this.file(name), ...lock, ...place]))
  }

  /** Runs `signet restore` with the identity. */
  async tryRestore(name: string, place: readonly string[]): Promise<Outcome> {
    const opener = ['--identity', this.file('identity.pem')]
    return command(['restore', this.file(name), ...opener, ...place])
  }

  async restore(name: string, place: readonly string[]): Promise<Members> {
    return answerOf(await this.tryRestore(name, place))
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

/** What a command that must succeed has printed. */
export function answerOf({ code, stdout, stderr }: Outcome): Members {
  assert.deepEqual([code, stderr], [0, ''])
  return JSON.parse(stdout)
}

/** All rows of a database, by table. */
export async function contentOf(
  location: string | PostgresConnectionOptions,
): Promise<ReadonlyMap<string, Row[]>> {
  const database: DatabaseLocation =
    typeof location === 'string'
      ? { engine: 'sqlite', at: location }
      : { engine: 'postgres', at: { connection: location, pool: 1, damagePath: '' } }
  const engine = await loadEngine(database)
  const snapshot = await engine.openSnapshot()
  try {
    const content = new Map<string, Row[]>()
    for (const table of snapshot.tables) {
      const rows: Row[] = []
      for await (const page of pagesOf(snapshot, table))
        rows.push(...page.map((row) => ({ ...row })))
      content.set(table.name, rows)
    }
    return content
  } finally {
    await snapshot.close()
  }
}

/**
 * The same without what a restore changes: when CRLs are due, who works on what, where the credentials are; and without
 * what a server that runs notes at any time: last uses, outcomes of jobs.
 */
export function withoutRestoration(content: ReadonlyMap<string, Row[]>): Record<string, Row[]> {
  const changed: Record<string, readonly string[]> = {
    crls: ['changes', 'due_at_ms', 'failures', 'retry_at_ms', 'lease', 'lease_until_ms'],
    audit_reports: ['lease', 'lease_until_ms'],
    events: ['lease', 'lease_until_ms'],
    access_keys: ['last_used_at_ms', 'last_used_region', 'last_used_service'],
  }
  return Object.fromEntries(
    [...content].map(([table, rows]) => [
      table,
      rows
        .filter(({ name }) => table !== 'settings' || name !== 'credentials file')
        .filter(() => table !== 'job_outcomes')
        .map((row) =>
          Object.fromEntries(
            Object.entries(row).filter(([column]) => !changed[table]?.includes(column)),
          ),
        ),
    ]),
  )
}
