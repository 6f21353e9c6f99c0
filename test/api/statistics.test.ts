/** Tests of GetStatistics, which returns the numbers of CAs and certificates from counters. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { createUser } from '../support/accounts.ts'
import { command } from '../support/process.ts'
import { csr } from '../support/csrs.ts'
import { createAuthority, createRoot, issue } from '../support/hierarchy.ts'
import { revoke } from '../support/revocation.ts'
import { TestService, type CallOptions, type Members } from '../support/service.ts'

const daySeconds = 86_400
let service: TestService
let one: { readonly arn: string; readonly csr: string }
let two: { readonly arn: string; readonly csr: string }

before(async () => {
  service = await TestService.start()
  one = await createRoot(service)
  two = await createRoot(service, { subject: { CommonName: 'Second' } })
  await createAuthority(service, { type: 'SUBORDINATE' })
})
after(() => service.close())
beforeEach(() => {
  // Each test starts on a new day, so that it sees no cached statistics and no certificates from other tests.
  const now = service.clock.now().getTime() / 1000
  service.clock.advance({ seconds: daySeconds - (now % daySeconds) + 3600 })
})

async function issueFor(arn: string, days: number): Promise<string> {
  const validity = { Type: 'DAYS', Value: days }
  return (await issue(service, { arn, csr: csr('ec-server') }, { validity })).arn
}

/** Returns the statistics after all certificates have been counted. */
async function statistics(input: object = {}, options: CallOptions = {}): Promise<Members> {
  await service.runJob('index-certificates')
  service.clock.advance({ seconds: 6 })
  return service.must('GetStatistics', input, options)
}

const last = (counts: Members[]): number => counts.at(-1)?.['Count'] as number
const expiring = ({ Expiring }: Members): number[] =>
  (Expiring as Members[]).map(({ Count }) => Count as number)

test('CAs are counted by status', async () => {
  const { CertificateAuthorities } = await statistics()
  assert.deepEqual(
    new Map((CertificateAuthorities as Members[]).map(({ Status, Count }) => [Status, Count])),
    new Map([
      ['ACTIVE', 2],
      ['PENDING_CERTIFICATE', 1],
    ]),
  )
})

test('certificates are counted on the day of issue and in the week of expiry, and a revocation on its day', async () => {
  const before_ = expiring(await statistics())
  const arn = await issueFor(one.arn, 3)
  await issueFor(two.arn, 20)
  await issueFor(two.arn, 80)
  const issued = await statistics()
  assert.equal(issued.Complete, true)
  assert.equal(issued.IssuedPerDay.length, 30)
  assert.equal(last(issued.IssuedPerDay), 3)
  assert.equal(last(issued.RevokedPerDay), 0)
  assert.deepEqual(
    expiring(issued).map((count, index) => count - (before_[index] ?? 0)),
    [1, 2, 3],
  )
  assert.equal(issued.ExpiriesPerWeek.length, 13)
  const today = issued.GeneratedAt - (issued.GeneratedAt % daySeconds)
  assert.equal(issued.ExpiriesPerWeek[0].Start, today)
  assert.equal(issued.ExpiriesPerWeek[1].Start, today + 7 * daySeconds)
  assert.equal(issued.IssuedPerDay.at(-1).Start, today)
  assert.equal(issued.ExpiriesPerWeek[11].Count, 1)

  service.clock.advance({ days: 1 })
  await revoke(service, arn)
  const revoked = await statistics({ Days: 2 })
  assert.deepEqual(
    revoked.IssuedPerDay.map(({ Count }: Members) => Count),
    [3, 0],
  )
  assert.deepEqual(
    revoked.RevokedPerDay.map(({ Count }: Members) => Count),
    [0, 1],
  )
  assert.equal(expiring(revoked)[0], (expiring(issued)[0] ?? 0) - 1)
})

test('a certificate that is revoked before it is counted is counted once, as revoked', async () => {
  const [soon = 0] = expiring(await statistics())
  await revoke(service, await issueFor(one.arn, 3))
  const counted = await statistics({ Days: 1, Weeks: 1 })
  assert.deepEqual([last(counted.IssuedPerDay), last(counted.RevokedPerDay)], [1, 1])
  assert.equal(expiring(counted)[0], soon)
})

test('counts that are computed again from the certificates are the same', async () => {
  await revoke(service, await issueFor(one.arn, 3))
  const counted = await statistics()
  await service.inDatabase('delete from certificate_days')
  await service.inDatabase('update search_progress set counted_number = 0')
  const again = await statistics()
  for (const name of ['IssuedPerDay', 'RevokedPerDay', 'ExpiriesPerWeek', 'Expiring'])
    assert.deepEqual(again[name], counted[name], name)
})

test('statistics are cached for five seconds', async () => {
  const read = async (): Promise<number> =>
    last((await service.must('GetStatistics', { Days: 5 })).IssuedPerDay)
  await issueFor(one.arn, 3)
  await service.runJob('index-certificates')
  assert.equal(await read(), 1)
  await issueFor(one.arn, 3)
  await service.runJob('index-certificates')
  assert.equal(await read(), 1)
  service.clock.advance({ seconds: 5 })
  assert.equal(await read(), 2)
})

test('CAs for which the caller has no permission are not counted', async () => {
  const action = { Effect: 'Allow', Action: 'signet:GetStatistics', Resource: '*' }
  const { credentials } = await createUser(service, {
    userName: 'narrow',
    statements: [action, { ...action, Effect: 'Deny', Resource: two.arn }],
  })
  await issueFor(one.arn, 3)
  await issueFor(two.arn, 3)
  const [all, some] = [await statistics(), await statistics({}, { credentials })]
  assert.equal(last(all.IssuedPerDay), 2)
  assert.equal(last(some.IssuedPerDay), 1)
  assert.deepEqual(
    some.CertificateAuthorities.find(({ Status }: Members) => Status === 'ACTIVE'),
    {
      Status: 'ACTIVE',
      Count: 1,
    },
  )
})

test('a policy for acm-pca does not allow statistics, and lengths of periods are limited', async () => {
  const { credentials } = await createUser(service, {
    userName: 'aws',
    statements: [{ Effect: 'Allow', Action: 'acm-pca:*', Resource: '*' }],
  })
  assert.match(
    await service.refusal('GetStatistics', {}, { credentials }),
    /^AccessDeniedException: .*signet:GetStatistics/,
  )
  for (const input of [{ Days: 0 }, { Days: 367 }, { Weeks: 0 }, { Weeks: 105 }])
    assert.match(await service.refusal('GetStatistics', input), /^ValidationException/)
})

test('signet statistics prints totals, and all numbers as JSON', async () => {
  // The command signs its requests with this machine's time.
  service.clock.catchUp()
  await issueFor(one.arn, 3)
  await service.runJob('index-certificates')
  const run = async (...flags: string[]): Promise<string> => {
    const { url, config } = service
    const connection = ['--endpoint', url, '--data', config.dataDirectory, '--region', 'eu-west-1']
    const { code, stdout, stderr } = await command(['statistics', ...connection, ...flags])
    assert.deepEqual([code, stderr], [0, ''])
    return stdout
  }
  const text = await run('--days', '1')
  assert.match(text, /ACTIVE +2\n/)
  assert.match(text, /issued today +3\n/)
  const today = service.clock.now().toISOString().slice(0, 10)
  assert.ok(text.includes(today), text)
  const json = JSON.parse(await run('--output', 'json'))
  assert.equal(json.IssuedPerDay.length, 30)
  assert.deepEqual(json.IssuedPerDay.at(-1), { Start: today, Count: 3 })
})
