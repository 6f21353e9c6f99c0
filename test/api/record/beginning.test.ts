/**
 * Tests of the record in a database from before the record existed. The record of an older database begins with the existing
 * rows.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { csr } from '../../support/csrs.ts'
import { createRoot, issue } from '../../support/hierarchy.ts'
import { command } from '../../support/process.ts'
import { revocationOptions, revoke, crlBucket, lastOf } from '../../support/revocation.ts'
import { TestService } from '../../support/service.ts'

function alter(data: string, ...statements: string[]): void {
  const db = new DatabaseSync(join(data, 'signet.sqlite'))
  for (const text of statements) db.exec(text)
  db.close()
}

async function problemsOf(data: string): Promise<string[]> {
  const { stdout } = await command(['verify', '--data', data])
  return (JSON.parse(stdout) as { Problems: string[] }).Problems
}

test('the record of an older database names later changes of its old rows', async () => {
  const data = await mkdtemp(join(tmpdir(), 'signet-older-'))
  try {
    const older = await TestService.start({ data, crlDelay: '0' })
    await older.createBucket(crlBucket)
    const root = await createRoot(older, { more: revocationOptions() })
    const issued = await issue(older, { arn: root.arn, csr: csr('ec-server') })
    await issue(older, { arn: root.arn, csr: csr('ec-server') })
    await revoke(older, issued.arn)
    await older.stop()
    alter(
      data,
      'delete from record_leaves',
      'delete from record_tiles',
      'delete from record_checkpoint',
      "delete from settings where name like 'record %'",
      "delete from keys where name = 'record'",
    )
    assert.deepEqual(await problemsOf(data), [], 'a record that has not begun has no problems')
    const service = await TestService.start({ data, crlDelay: '0' })
    await service.runJob('seal-record')
    await issue(service, { arn: root.arn, csr: csr('ec-server') })
    await service.runJob('seal-record')
    await service.stop()
    assert.deepEqual(await problemsOf(data), [])
    alter(data, "update certificates set requester_arn = 'x' where certificate_number = 2")
    alter(data, 'update revocations set reason_code = 3')
    alter(data, "update users set user_name = 'x'")
    const problems = (await problemsOf(data)).join('\n')
    assert.match(problems, /the certificate [0-9a-f]{32} of CA number 1 was changed/)
    assert.match(problems, new RegExp(`the revocation of ${lastOf(issued.arn)} .* was changed`))
    assert.match(problems, /the row \[.*\] of users was changed: user_name/)
    alter(data, 'delete from certificates where certificate_number = 3', 'delete from revocations')
    const removed = (await problemsOf(data)).join('\n')
    assert.match(removed, /certificate number 3 was removed/)
    assert.match(removed, /the revocation of certificate number \d+ by CA number 1 was removed/)
  } finally {
    await rm(data, { recursive: true })
  }
})

const altered: Readonly<Record<string, RegExp>> = {
  'update record_tiles set hashes = zeroblob(length(hashes))':
    /the tiles do not match the root in the last checkpoint/,
  'delete from record_checkpoint': /the checkpoint (?:of the record )?was removed/,
}

for (const [alteration, reason] of Object.entries(altered))
  test(`a server signs no other checkpoint after a restart, and says so: ${alteration}`, async () => {
    const data = await mkdtemp(join(tmpdir(), 'signet-altered-'))
    try {
      const service = await TestService.start({ data })
      await service.runJob('seal-record')
      await service.stop()
      alter(data, alteration)
      const again = await TestService.start({ data })
      await createRoot(again)
      await again.runJob('seal-record')
      const [outcome] = await again.inDatabase(
        "select error from job_outcomes where job = 'seal-record'",
      )
      assert.match(String(outcome?.['error']), reason)
      await again.stop()
    } finally {
      await rm(data, { recursive: true })
    }
  })
