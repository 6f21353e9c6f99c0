/** Tests of operations during which another request changes the CA, after the CA was read and before it is written. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { policyOf, share, sharingStatements } from '../../test/support/accounts.ts'
import { csr } from '../../test/support/csrs.ts'
import { createAuthority, createRoot, issue, issueInput } from '../../test/support/hierarchy.ts'
import { lastOf } from '../../test/support/revocation.ts'
import { TestService } from '../../test/support/service.ts'
import { systemClock } from '../clock.ts'
import { testServices } from '../../test/support/services.ts'
import { userCaller } from '../../test/support/callers.ts'
import { openData, type DataFolder } from '../data-folder/data-folder.ts'
import { createEvents } from '../telemetry/events.ts'
import { createLocalKeyStore } from '../keys/local-key-store.ts'
import { createLog } from '../telemetry/log.ts'
import { createMetrics } from '../telemetry/metrics.ts'
import { systemRandom } from '../random.ts'
import type { Database } from '../store/database.ts'
import { createKeyRecords } from '../store/keys.ts'
import { operations } from './index.ts'
import type { OperationName } from './shared/operation.ts'

let service: TestService
let data: DataFolder
before(async () => {
  service = await TestService.start()
  data = await openData(service.config, { mayCreate: false })
})
after(async () => {
  await data.db.close()
  await service.close()
})

/** Names of the jobs that the operations have triggered. */
const woken = new Set<string>()

type Change = () => Promise<unknown>

/** Wraps a database so that `change` runs before each of the first `times` transactions. */
function interrupted(db: Database, change: Change, times: number): Database {
  let left = times
  return {
    query: (statement) => db.query(statement),
    async transaction(statements) {
      left -= 1
      if (left >= 0) await change()
      return db.transaction(statements)
    },
    sizeBytes: () => Promise.resolve(0),
    probe: () => db.probe(),
    changeStamp: () => db.changeStamp(),
    close: () => db.close(),
  }
}

/** Runs an operation on the running service's data folder while another request changes the CA. */
async function runAmid(
  operation: OperationName,
  input: object,
  { change, times = 1 }: { readonly change: Change; readonly times?: number },
): Promise<object | undefined> {
  const { clock, config } = service
  const log = createLog('silent')
  const wake = (job: string): void => void woken.add(job)
  const services = testServices({
    db: interrupted(data.db, change, times),
    clock,
    log,
    wake,
    random: systemRandom,
    metrics: createMetrics(),
    events: createEvents({
      log,
      random: systemRandom,
      delivered: false,
      wake: () => wake('deliver-events'),
    }),
    quotas: config.quotas,
    keys: createLocalKeyStore({
      records: createKeyRecords(data.db, systemClock),
      sealers: data.masterKeys.sealers('keys'),
      random: systemRandom,
    }),
    issuancePolicy: config.issuancePolicy,
    publicUrl: 'http://pki.example.com',
    revocationPolicy: config.revocationPolicy,
  })
  const caller = userCaller({ region: 'eu-west-1', accountId: config.accountId })
  return operations[operation].accept(input).run(services, caller)
}

const concurrent = {
  code: 'ConcurrentModificationException',
  message: 'The certificate authority is being changed by another request. Try again.',
}

const policyWith = (arn: string, Sid: string): string => {
  const [read, issuing] = sharingStatements({ arn })
  return policyOf({ ...read, Sid }, issuing)
}

const policyOn = async (ResourceArn: string): Promise<string> => {
  const { status, json } = await service.call('GetPolicy', { ResourceArn })
  return status === 200 ? String(json['Policy']) : 'none'
}

test('of two concurrent PutPolicy calls, one is rejected, and the policy of the other call is stored', async () => {
  const { arn: ResourceArn } = await createAuthority(service)
  for (const turn of ['first', 'replaced']) {
    const theirs = policyWith(ResourceArn, `theirs ${turn}`)
    const change = (): Promise<unknown> =>
      service.must('PutPolicy', { ResourceArn, Policy: theirs })
    const input = { ResourceArn, Policy: policyWith(ResourceArn, `mine ${turn}`) }
    await assert.rejects(runAmid('PutPolicy', input, { change }), concurrent)
    assert.equal(await policyOn(ResourceArn), theirs)
  }
})

test('PutPolicy and DeletePolicy fail if another request has deleted or replaced the policy', async () => {
  const { arn: ResourceArn } = await createAuthority(service)
  const Policy = policyWith(ResourceArn, 'mine')
  const remove = (): Promise<unknown> => service.must('DeletePolicy', { ResourceArn })
  const replace = (): Promise<unknown> =>
    service.must('PutPolicy', { ResourceArn, Policy: policyWith(ResourceArn, 'theirs') })
  for (const [operation, change, left] of [
    ['PutPolicy', remove, 'none'],
    ['DeletePolicy', remove, 'none'],
    ['DeletePolicy', replace, policyWith(ResourceArn, 'theirs')],
  ] as const) {
    await share(service, { arn: ResourceArn })
    const input = operation === 'PutPolicy' ? { ResourceArn, Policy } : { ResourceArn }
    await assert.rejects(runAmid(operation, input, { change }), concurrent)
    assert.equal(await policyOn(ResourceArn), left)
  }
})

test('two concurrent PutPolicy calls with the same policy succeed, and PutPolicy on a deleted CA fails', async () => {
  const { arn } = await createAuthority(service)
  const ResourceArn = arn
  await share(service, { arn })
  const same = { ResourceArn, Policy: await policyOn(arn) }
  await runAmid('PutPolicy', same, { change: () => service.must('PutPolicy', same) })
  assert.equal(await policyOn(arn), same.Policy)
  const ofAuthority = { CertificateAuthorityArn: arn }
  const change = (): Promise<unknown> => service.must('DeleteCertificateAuthority', ofAuthority)
  const other = { ResourceArn, Policy: policyWith(arn, 'late') }
  await assert.rejects(runAmid('PutPolicy', other, { change }), concurrent)
  await service.must('RestoreCertificateAuthority', ofAuthority)
  assert.equal(await policyOn(arn), same.Policy)
})

test('of many concurrent PutPolicy calls, at least one succeeds, and all others are rejected with the same code', async () => {
  const { arn: ResourceArn } = await createAuthority(service)
  const texts = Array.from({ length: 24 }, (_, number) => policyWith(ResourceArn, `${number}`))
  const answers = await Promise.all(
    texts.map((Policy) => service.call('PutPolicy', { ResourceArn, Policy })),
  )
  const done = texts.filter((_, number) => answers[number]?.status === 200)
  const codes = answers.flatMap(({ json }) => json['__type'] ?? [])
  assert.deepEqual(new Set(codes), new Set(codes.length === 0 ? [] : [concurrent.code]))
  assert.equal(done.length + codes.length, texts.length)
  assert.ok(done.includes(await policyOn(ResourceArn)))
})

test('a restoration fails if a concurrent restoration has succeeded, or if the CA changes during every attempt', async () => {
  const { arn } = await createAuthority(service)
  const input = { CertificateAuthorityArn: arn }
  const restore = (): Promise<unknown> => service.must('RestoreCertificateAuthority', input)
  const remove = (): Promise<unknown> => service.must('DeleteCertificateAuthority', input)
  await remove()
  await assert.rejects(runAmid('RestoreCertificateAuthority', input, { change: restore }), {
    code: 'InvalidStateException',
  })
  await remove()
  const again = async (): Promise<unknown> => [await restore(), await remove()]
  await runAmid('RestoreCertificateAuthority', input, { change: again, times: 4 })
  const { CertificateAuthority } = await service.must('DescribeCertificateAuthority', input)
  assert.equal(CertificateAuthority.Status, 'PENDING_CERTIFICATE')
  await remove()
  await assert.rejects(runAmid('RestoreCertificateAuthority', input, { change: again, times: 5 }), {
    code: 'ConcurrentModificationException',
    message: 'The certificate authority is being changed by other requests. Try again.',
  })
})

test('a revocation is retried when the CA changes, and fails when the CA changes during every attempt', async () => {
  const root = await createRoot(service)
  const CertificateAuthorityArn = root.arn
  const { arn } = await issue(service, { arn: root.arn, csr: csr('ec-server') })
  const input = {
    CertificateAuthorityArn,
    CertificateSerial: lastOf(arn),
    RevocationReason: 'SUPERSEDED',
  }
  let isDisabled = false
  const change = (): Promise<unknown> => {
    isDisabled = !isDisabled
    const Status = isDisabled ? 'DISABLED' : 'ACTIVE'
    return service.must('UpdateCertificateAuthority', { CertificateAuthorityArn, Status })
  }
  // Each failed attempt runs a second transaction, which counts the revocations again.
  await assert.rejects(runAmid('RevokeCertificate', input, { change, times: 10 }), {
    code: 'ConcurrentModificationException',
    message: 'The certificate authority is being changed by other requests. Try again.',
  })
  assert.equal(woken.delete('publish-crls'), false, 'no job starts without a revocation')
  await runAmid('RevokeCertificate', input, { change, times: 3 })
  assert.equal(woken.delete('publish-crls'), true)
  await assert.rejects(runAmid('RevokeCertificate', input, { change, times: 0 }), {
    code: 'RequestAlreadyProcessedException',
  })
})

test('an issuance is retried when the CA changes, and fails when the CA changes during every attempt', async () => {
  const { arn: CertificateAuthorityArn } = await createRoot(service)
  const input = {
    ...issueInput(CertificateAuthorityArn, csr('ec-server')),
    IdempotencyToken: 'one',
  }
  let Enabled = false
  const change = (): Promise<unknown> => {
    Enabled = !Enabled
    const RevocationConfiguration = { OcspConfiguration: { Enabled } }
    return service.must('UpdateCertificateAuthority', {
      CertificateAuthorityArn,
      RevocationConfiguration,
    })
  }
  await assert.rejects(runAmid('IssueCertificate', input, { change, times: 10 }), {
    code: 'ConcurrentModificationException',
    message: 'The certificate authority is being changed by other requests. Try again.',
  })
  const issued = await runAmid('IssueCertificate', input, { change, times: 9 })
  const again = await runAmid('IssueCertificate', input, { change, times: 0 })
  assert.deepEqual(again, issued)
})

// This test must run last, because it moves the clock beyond the expiry of every CA.
test('IssueCertificate fails with InvalidStateException if the root has changed and expired during the call', async () => {
  const { arn } = await createRoot(service)
  const change = async (): Promise<void> => {
    await service.must('UpdateCertificateAuthority', {
      CertificateAuthorityArn: arn,
      RevocationConfiguration: { OcspConfiguration: { Enabled: true } },
    })
    service.clock.advance({ days: 11 * 366 })
  }
  await assert.rejects(runAmid('IssueCertificate', issueInput(arn, csr('ec-server')), { change }), {
    code: 'InvalidStateException',
  })
})
