/**
 * Tests of backups from earlier versions. If an old backup is restored alongside newer CRLs, the revocations on these CRLs are
 * kept.
 */
import assert from 'node:assert/strict'
import { cp, mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { answerOf, BackupFolder, contentOf } from '../support/backups.ts'
import { csr } from '../support/csrs.ts'
import { createRoot, issue } from '../support/hierarchy.ts'
import {
  crlBucket,
  crlConfiguration,
  crlThat,
  crlWith,
  eventually,
  lastOf,
  readCrl,
  revocationOptions,
  revoke,
  type ReadCrl,
} from '../support/revocation.ts'
import { ocspRequest, readOcspAnswer } from '../support/ocsp-requests.ts'
import { command } from '../support/process.ts'
import { TestService } from '../support/service.ts'

/** The entries of a CRL, for comparison. */
function entriesOf({ entries }: ReadCrl): unknown {
  return new Map(
    [...entries].map(([serial, { revocationDate, reasonCode }]) => [
      serial,
      [revocationDate, reasonCode],
    ]),
  )
}

/** Returns the OCSP status of a certificate, or undefined for an error response. */
async function ocspStatus(
  { publicUrl }: TestService,
  certificate: { readonly issuer: string; readonly serial: string },
): Promise<string | undefined> {
  const body = new Uint8Array(ocspRequest([certificate]))
  const headers = { 'content-type': 'application/ocsp-request' }
  const response = await fetch(`${publicUrl}/ocsp`, { method: 'POST', headers, body })
  const der = new Uint8Array(await response.arrayBuffer())
  // An error response consists only of its status.
  return der.length < 10 ? undefined : readOcspAnswer(der).singles[0]?.status
}

/** Restores the backup to a new folder with a copy of the latest buckets, and starts a server on the folder. */
async function startRestored(
  folder: BackupFolder,
  service: TestService,
  logTo: { write(line: string): void },
): Promise<TestService> {
  const data = await mkdtemp(join(tmpdir(), 'signet-restored-'))
  await cp(join(service.config.dataDirectory, 'objects'), join(data, 'objects'), {
    recursive: true,
  })
  await folder.restore('old', ['--data', data])
  return TestService.start({ data, crlDelay: '0', logLevel: 'warn' }, { logTo })
}

test('after a restore of an old backup no CRL number is reused and no published revocation is lost', async (t) => {
  using folder = new BackupFolder()
  const service = await TestService.start({ crlDelay: '0' })
  t.after(() => service.close())
  await service.createBucket(crlBucket)
  const root = await createRoot(service, {
    more: revocationOptions(crlConfiguration(), { Enabled: true }),
  })
  const authority = { arn: root.arn, csr: csr('ec-server') }
  const revokedBefore = await issue(service, authority)
  const revokedAfter = await issue(service, authority)
  await revoke(service, revokedBefore.arn)
  await crlWith(service, revokedBefore.arn)
  await folder.backUp('old', ['--data', service.config.dataDirectory])

  const unknownRevoked = await issue(service, authority)
  const unknown = await issue(service, authority)
  await revoke(service, revokedAfter.arn, 'SUPERSEDED')
  await revoke(service, unknownRevoked.arn, 'CESSATION_OF_OPERATION')
  const key = `crl/${lastOf(root.arn)}.crl`
  const last = await crlThat(service, key, ({ entries }) => entries.size === 3)
  const settled = await eventually(async () => {
    const [row] = await service.inDatabase(
      'select changes - published_changes as unpublished from crls',
    )
    const der = await service.readObject(crlBucket, key)
    return row?.['unpublished'] === 0 ? readCrl(der!) : undefined
  }, 'all changes published')
  assert.ok(settled.crlNumber! >= last.crlNumber!)

  const lines: string[] = []
  const restored = await startRestored(folder, service, { write: (line) => void lines.push(line) })
  t.after(() => restored.close())
  const next = await crlThat(restored, key, ({ crlNumber }) => crlNumber! > settled.crlNumber!)
  assert.deepEqual(entriesOf(next), entriesOf(settled))
  const messages = lines.map((line) => JSON.parse(line)).filter(({ taken }) => taken !== undefined)
  assert.deepEqual(
    messages.map(({ taken }) => taken),
    [2],
  )

  // Restored revocations behave like revocations that this server made.
  const statusOf = ({ arn }: { arn: string }): Promise<string | undefined> =>
    ocspStatus(restored, { issuer: root.certificate, serial: lastOf(arn) })
  for (const revoked of [revokedBefore, revokedAfter, unknownRevoked])
    assert.equal(await statusOf(revoked), 'revoked', revoked.arn)
  assert.equal(await statusOf(unknown), undefined)
  assert.match(
    await restored.refusal('RevokeCertificate', {
      CertificateAuthorityArn: root.arn,
      CertificateSerial: lastOf(revokedAfter.arn),
      RevocationReason: 'SUPERSEDED',
    }),
    /RequestAlreadyProcessed/,
  )

  // No revocation is imported twice, and the server can still revoke and publish.
  const later = await issue(restored, authority)
  await revoke(restored, later.arn)
  const after = await crlThat(restored, key, ({ entries }) =>
    entries.has(lastOf(later.arn).replace(/^0+/, '')),
  )
  assert.equal(after.entries.size, 4)
  assert.ok(after.crlNumber! > next.crlNumber!)
  const content = await contentOf(join(restored.config.dataDirectory, 'signet.sqlite'))
  const numbers = content.get('revocations')!.map((row) => Number(row['certificate_number']))
  assert.equal(numbers.filter((number) => number < 0).length, 1)
  assert.equal(numbers.length, 4)
  assert.equal(content.get('certificate_counts')![0]!['revoked'], 4)
})

const fixtures = join(import.meta.dirname, '../../testdata/backups')

for (const kind of ['passphrase', 'x25519', 'p-256', 'rsa', 'without-master-key'])
  test(`a backup of an earlier version, ${kind}.backup, is restored`, async () => {
    using folder = new BackupFolder()
    const data = folder.file('data')
    const key = ['x25519', 'p-256', 'rsa'].includes(kind)
      ? ['--identity', folder.file('identity.pem')]
      : ['--passphrase-file', folder.file('passphrase')]
    if (key[0] === '--identity')
      // Files in a checkout have mode 0644, but an identity file must be private.
      await writeFile(folder.file('identity.pem'), readFileSync(join(fixtures, `${kind}.pem`)), {
        mode: 0o600,
      })
    if (kind === 'without-master-key') {
      await mkdir(data, { mode: 0o700 })
      await writeFile(join(data, 'master.key'), readFileSync(join(fixtures, 'master.key')), {
        mode: 0o600,
      })
    }
    const file = join(fixtures, `${kind}.backup`)
    const restored = answerOf(await command(['restore', file, ...key, '--data', data]))
    assert.deepEqual([restored.SchemaVersion, restored.Rows.certificates], [9, 3])
    const found = answerOf(await command(['verify', '--data', data]))
    assert.deepEqual([found.Ok, found.Authorities, found.Certificates], [true, 2, 3])
  })
