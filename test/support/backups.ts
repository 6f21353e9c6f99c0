/** Backup and restore on the command line, and comparison of database contents. */
import { decodeLeaf } from '../../src/record/leaf.ts'
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gunzipSync, gzipSync } from 'node:zlib'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { decrypt, encrypt } from '../../src/backup/encryption.ts'
import { loadEngine, type DatabaseLocation } from '../../src/store/engines/index.ts'
import type { PostgresConnectionOptions } from '../../src/store/postgres/connection-options.ts'
import { pagesOf } from '../../src/store/snapshot.ts'
import type { Row } from '../../src/store/sql.ts'
import { command, type Outcome } from './process.ts'
import type { Members } from './service.ts'

const identity = await generateX25519Identity()
const recipient = await identityToRecipient(identity)

/** A temporary folder for backups, with an age recipient, an identity and a passphrase. */
export class BackupFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'signet-backup-'))

  constructor() {
    writeFileSync(this.file('recipient.txt'), `${recipient}\n`)
    writeFileSync(this.file('identity.txt'), `# public key: ${recipient}\n${identity}\n`, {
      mode: 0o600,
    })
    writeFileSync(this.file('passphrase'), 'correct horse battery\n', { mode: 0o600 })
  }

  file(name: string): string {
    return join(this.path, name)
  }

  /** Runs `signet backup` for the recipient and returns its output. */
  async backUp(name: string, flags: readonly string[]): Promise<Members> {
    const key = ['--recipient', this.file('recipient.txt')]
    return answerOf(await command(['backup', this.file(name), ...key, ...flags]))
  }

  /** Runs `signet restore` with the identity, and returns its outcome. */
  async tryRestore(name: string, flags: readonly string[]): Promise<Outcome> {
    const key = ['--identity', this.file('identity.txt')]
    return command(['restore', this.file(name), ...key, ...flags])
  }

  /** Runs `signet restore`, which must succeed, and returns its output. */
  async restore(name: string, flags: readonly string[]): Promise<Members> {
    return answerOf(await this.tryRestore(name, flags))
  }

  /** Writes a copy of a backup with a modified plaintext, encrypted for the recipient. */
  async rewrite(from: string, to: string, change: (plaintext: Buffer) => Buffer): Promise<void> {
    const key = { kind: 'identities', identities: [identity] } as const
    const plaintext = gunzipSync(
      await collect(decrypt(key, Readable.from([readFileSync(this.file(from))]))),
    )
    const content = Readable.from([gzipSync(change(plaintext))])
    const changed = encrypt({ kind: 'recipients', recipients: [recipient] }, content)
    writeFileSync(this.file(to), await collect(changed))
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const bytes of source) pieces.push(bytes)
  return Buffer.concat(pieces)
}

/** Asserts that a command succeeded, and returns its JSON output. */
export function answerOf({ code, stdout, stderr }: Outcome): Members {
  assert.deepEqual([code, stderr], [0, ''])
  return JSON.parse(stdout)
}

/** Returns all rows of a database, by table. */
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

function isEvent(entry: unknown): boolean {
  return entry instanceof Uint8Array && decodeLeaf(entry).kind === 'event'
}

/**
 * Returns the rows without the values that a restore or a running server changes. A restore changes CRL due times, leases and the
 * path of the credentials file. A running server can update job outcomes and the last-used times of access keys at any time.
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
        .filter(
          ({ name }) =>
            table !== 'settings' || (name !== 'credentials file' && name !== 'last backup'),
        )
        .filter(() => table !== 'job_outcomes')
        // The restored record contains the restore, and the original record contains the backup.
        .filter(({ entry }) => !isEvent(entry))
        .filter(() => !['record_tiles', 'record_checkpoint'].includes(table))
        .map((row) =>
          Object.fromEntries(
            Object.entries(row).filter(([column]) => !changed[table]?.includes(column)),
          ),
        ),
    ]),
  )
}
