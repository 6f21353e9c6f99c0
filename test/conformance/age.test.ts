/**
 * Tests that backups are interoperable: `age` decrypts backups from `signet`, and `signet` restores files that `age` has
 * encrypted.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { answerOf, BackupFolder, contentOf, withoutRestoration } from '../support/backups.ts'
import { csr } from '../support/csrs.ts'
import { tool } from '../support/foreign-tools.ts'
import { createRoot, issue } from '../support/hierarchy.ts'
import { command } from '../support/process.ts'
import { TestService } from '../support/service.ts'

let service: TestService
let folder: BackupFolder
before(async () => {
  folder = new BackupFolder()
  service = await TestService.start()
  const { arn } = await createRoot(service)
  await issue(service, { arn, csr: csr('ec-server') })
})
after(async () => {
  await service.close()
  folder[Symbol.dispose]()
})

const hasAge = async (t: TestContext): Promise<boolean> =>
  (await tool(t, 'age')) !== undefined && (await tool(t, 'age-keygen')) !== undefined

function age(args: readonly string[], input?: Uint8Array): Buffer {
  return execFileSync('age', args, { input, maxBuffer: 2 ** 28, stdio: 'pipe' })
}

/** Creates a key with `age-keygen`, and returns the key's file and recipient. */
function keygen(name: string): { readonly file: string; readonly recipient: string } {
  const file = folder.file(name)
  execFileSync('age-keygen', ['-o', file], { stdio: 'pipe' })
  assert.equal(statSync(file).mode & 0o777, 0o600)
  return { file, recipient: execFileSync('age-keygen', ['-y', file]).toString().trim() }
}

async function backUp(name: string, recipient: string): Promise<void> {
  const { dataDirectory } = service.config
  const flags = ['--recipient', recipient, '--data', dataDirectory]
  answerOf(await command(['backup', folder.file(name), ...flags]))
}

async function assertRestores(name: string, identity: string): Promise<void> {
  const data = folder.file(`${name}-data`)
  answerOf(await command(['restore', folder.file(name), '--identity', identity, '--data', data]))
  assert.deepEqual(
    withoutRestoration(await contentOf(join(data, 'signet.sqlite'))),
    withoutRestoration(await contentOf(join(service.config.dataDirectory, 'signet.sqlite'))),
  )
}

/** Asserts that the plaintext begins with the header and ends with the row counts. */
function assertIsBackup(compressed: Uint8Array): void {
  const plaintext = gunzipSync(compressed).toString('latin1')
  assert.match(plaintext, /^....h\{"format":"signet-backup-2","schemaVersion":\d+,/s)
  assert.match(plaintext, /e\{"rows":\{"settings":\d.*\},"sha256":"[0-9a-f]{64}"\}$/s)
}

test('age decrypts a backup for an age-keygen key', async (t) => {
  if (!(await hasAge(t))) return
  const { file, recipient } = keygen('native.txt')
  await backUp('native', recipient)
  assertIsBackup(age(['-d', '-i', file, folder.file('native')]))
  await assertRestores('native', file)
})

test('age decrypts a backup for an RSA key in PEM', async (t) => {
  if (!(await hasAge(t))) return
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  writeFileSync(folder.file('rsa-public.pem'), publicKey)
  writeFileSync(folder.file('rsa.pem'), privateKey, { mode: 0o600 })
  await backUp('rsa', folder.file('rsa-public.pem'))
  assertIsBackup(age(['-d', '-i', folder.file('rsa.pem'), folder.file('rsa')]))
})

test('the program in backup-format.md prints the records of a backup that age has decrypted', async (t) => {
  if (!(await hasAge(t)) || (await tool(t, 'python3')) === undefined) return
  const { file, recipient } = keygen('printed.txt')
  await backUp('printed', recipient)
  const document = readFileSync(
    join(import.meta.dirname, '../../docs/reference/backup-format.md'),
    'utf8',
  )
  const program = /```python\n([\s\S]*?)```/.exec(document)?.[1] ?? ''
  const input = gunzipSync(age(['-d', '-i', file, folder.file('printed')]))
  const lines = execFileSync('python3', ['-c', program], { input }).toString().trim().split('\n')
  const records = lines.map((line) => [line[0], JSON.parse(line.slice(2))] as const)
  const content = await contentOf(join(service.config.dataDirectory, 'signet.sqlite'))
  // The record of the backup itself is written after the snapshot.
  const counts = records.at(-1)?.[1].rows as Record<string, number>
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0)
  assert.equal(records.filter(([letter]) => letter === 'r').length, total)
  for (const [table, count] of Object.entries(counts))
    if (!table.startsWith('record_')) assert.equal(count, content.get(table)?.length, table)
  const certificates = content.get('certificates')!
  for (const row of certificates) {
    const der = Buffer.from(row['certificate_der'] as Uint8Array).toString('base64')
    assert.ok(records.some(([letter, values]) => letter === 'r' && values.includes(der)))
  }
})

test('signet restores a backup that age re-encrypted', async (t) => {
  if (!(await hasAge(t))) return
  const [first, second] = [keygen('first.txt'), keygen('second.txt')]
  await backUp('first', first.recipient)
  const plaintext = age(['-d', '-i', first.file, folder.file('first')])
  age(['-r', second.recipient, '-o', folder.file('second')], plaintext)
  await assertRestores('second', second.file)
})

test('age decrypts a backup with a passphrase, and signet restores a backup that age encrypted with a passphrase', async (t) => {
  if (!(await hasAge(t))) return
  if ((await tool(t, 'script')) === undefined) return
  const passphrase = ['--passphrase-file', folder.file('passphrase')]
  const data = ['--data', service.config.dataDirectory]
  answerOf(await command(['backup', folder.file('by-signet'), ...passphrase, ...data]))
  // age prompts only on a terminal, so `script` provides a terminal.
  const typed = readFileSync(folder.file('passphrase'), 'utf8')
  const runWithPrompt = (line: string, input: string): void => {
    const child = `script -qec "${line}" /dev/null`
    execFileSync('sh', ['-c', `(sleep 1; printf '%s' "$ANSWER"; sleep 3) | ${child}`], {
      env: { ...process.env, ANSWER: input },
      cwd: folder.path,
      stdio: 'pipe',
    })
  }
  runWithPrompt('age -d -o plaintext by-signet', typed)
  assertIsBackup(readFileSync(folder.file('plaintext')))
  runWithPrompt('age -p -o by-age plaintext', typed + typed)
  const restored = ['--data', folder.file('by-age-data')]
  answerOf(await command(['restore', folder.file('by-age'), ...passphrase, ...restored]))
})
