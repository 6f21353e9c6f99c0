/**
 * Tests of restoring a backup whose approval policy lists `restore`. The restored server waits for a second person's approval.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { setApprovalPolicy } from '../../src/admin-commands/approval-policies.ts'
import { allow, createUser, type User } from '../support/accounts.ts'
import { BackupFolder } from '../support/backups.ts'
import { chosenDatabase, databaseUrl, noteDatabase } from '../support/chosen-database.ts'
import { csr } from '../support/csrs.ts'
import { createRoot, issue } from '../support/hierarchy.ts'
import { ocspRequest, readOcspAnswer } from '../support/ocsp-requests.ts'
import { lastOf } from '../support/revocation.ts'
import { runInPostgres } from '../support/postgres.ts'
import { TestService, type Members } from '../support/service.ts'
import { callSts } from '../support/sts.ts'

const statements = [allow('*'), { Effect: 'Allow', Action: ['signet:*', 'sts:*'], Resource: '*' }]
const more = { RevocationConfiguration: { OcspConfiguration: { Enabled: true } } }

interface World {
  readonly bob: User
  readonly rootArn: string
  readonly request: Buffer
  /** Restores the newest backup, and starts a server on the restored data. */
  readonly restore: () => Promise<{ readonly service: TestService; readonly output: Members }>
}

/** Backs up a service with a CA, two approvers and an approval policy. */
async function prepare(t: TestContext, actions: readonly string[]): Promise<World> {
  const service = await TestService.start()
  const folder = new BackupFolder()
  const started = [service]
  t.after(async () => {
    for (const each of started.toReversed()) await each.close()
    folder[Symbol.dispose]()
  })
  const root = await createRoot(service, { more })
  const certificate = await issue(service, { arn: root.arn, csr: csr('ec-server') })
  await createUser(service, { userName: 'alice', statements })
  const bob = await createUser(service, { userName: 'bob', statements })
  const serial = lastOf(certificate.arn)
  await setApprovalPolicy(service.config, undefined, { actions, windowSeconds: 3600 })
  return {
    bob,
    rootArn: root.arn,
    request: ocspRequest([{ issuer: root.certificate, serial }]),
    async restore() {
      const source = started.at(-1) ?? service
      const name = `${started.length}.age`
      await folder.backUp(name, ['--data', source.config.dataDirectory])
      const data = folder.file(`restored-${started.length}`)
      const connection = await chosenDatabase()
      if (connection !== undefined)
        await runInPostgres(connection, 'drop schema signet cascade', [])
      const database = connection === undefined ? {} : { database: databaseUrl(connection) }
      const flags = Object.entries(database).flatMap(([flag, url]) => [`--${flag}`, url])
      if (connection !== undefined) noteDatabase(data, databaseUrl(connection))
      const output = await folder.restore(name, ['--data', data, ...flags])
      const restored = await TestService.start({ data, ...database })
      started.push(restored)
      return { service: restored, output }
    },
  }
}

const list = (service: TestService): Promise<string> =>
  service.call('ListCertificateAuthorities', {}).then(({ text }) => text)

test('a restored server serves only approvals, sessions, CRLs and OCSP until another person has approved', async (t) => {
  const { bob, rootArn, request, restore } = await prepare(t, ['restore'])
  const { service, output } = await restore()
  const [id] = output.ApprovalIds as [string]
  const refusal = await service.refusal('ListCertificateAuthorities', {}, bob)
  assert.ok(
    refusal.startsWith('ServiceUnavailable: The server was restored from a backup'),
    refusal,
  )
  assert.ok(refusal.endsWith(`Approve it with: signet approval approve ${id}`), refusal)
  const issuing = {
    CertificateAuthorityArn: rootArn,
    Csr: 'eA==',
    SigningAlgorithm: 'SHA256WITHECDSA',
    Validity: { Type: 'DAYS', Value: 1 },
  }
  assert.match(await service.refusal('IssueCertificate', issuing), /^ServiceUnavailable: /)
  assert.equal((await fetch(`${service.url}/healthz`)).status, 200)
  const headers = { 'content-type': 'application/ocsp-request' }
  const body = Uint8Array.from(request)
  const answer = await fetch(service.publicUrl, { method: 'POST', headers, body })
  const status = readOcspAnswer(new Uint8Array(await answer.arrayBuffer()))
  assert.equal(status.singles[0]?.status, 'good')
  assert.match((await callSts(service, { Action: 'GetCallerIdentity' }, bob)).text, /user\/bob/)
  const { Approvals } = await service.must('ListApprovals', { Status: 'PENDING' }, bob)
  const [approval] = Approvals as Members[]
  assert.deepEqual(
    [approval.ApprovalId, approval.Action, approval.Operation],
    [id, 'restore', 'restore'],
  )
  assert.match(approval.Requester, /^operating system user /)
  const { Approval } = await service.must('ApproveRequest', { ApprovalId: id }, bob)
  assert.equal(Approval.Status, 'USED')
  assert.match(await list(service), /"CertificateAuthorities":\[\{/)
  await service.restart()
  assert.match(await list(service), /"CertificateAuthorities":\[\{/)
  await issue(service, { arn: rootArn, csr: csr('ec-server') })
  // Another restore requires another approval.
  const again = await restore()
  assert.notEqual(again.output.ApprovalIds[0], id)
  assert.match(await list(again.service), /ServiceUnavailable/)
})

test('a rejected restore is refused for good, and the restore can be repeated', async (t) => {
  const { bob, restore } = await prepare(t, ['restore'])
  const { service, output } = await restore()
  const ApprovalId = output.ApprovalIds[0]
  // The restore waits for approval longer than the approval policy's window.
  service.clock.advance({ days: 400 })
  await service.must('RejectRequest', { ApprovalId }, bob)
  assert.match(await list(service), /user\/bob rejected approval .* Restore the backup again/)
  assert.match(await service.refusal('ApproveRequest', { ApprovalId }, bob), /is REJECTED/)
  const again = await restore()
  await again.service.must('ApproveRequest', { ApprovalId: again.output.ApprovalIds[0] }, bob)
  assert.match(await list(again.service), /"CertificateAuthorities":\[\{/)
})

test('a restore needs no approval if the policy does not name it', async (t) => {
  const { restore } = await prepare(t, ['delete-ca'])
  const { service, output } = await restore()
  assert.equal(output.ApprovalIds, undefined)
  assert.match(await list(service), /"CertificateAuthorities":\[\{/)
})
