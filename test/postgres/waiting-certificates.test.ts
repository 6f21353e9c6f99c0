/** Tests of waiting certificates on PostgreSQL, including two nodes that try to sign the same certificates. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRoot } from '../support/hierarchy.ts'
import { KmsServer } from '../support/kms-server.ts'
import { onPostgres } from '../support/on-postgres.ts'
import { TestService } from '../support/service.ts'
import { request } from '../support/waiting.ts'

await onPostgres(async () => {
  await import('../api/waiting-certificates.test.ts')

  test('of two nodes that find the same waiting certificates, one issues each of them', async (t) => {
    const kms = await KmsServer.start()
    t.after(() => kms[Symbol.asyncDispose]())
    const flags = { caKeys: 'kms', kmsEndpoint: kms.endpoint, kmsRegion: kms.region }
    const service = await TestService.start(flags)
    const other = await service.startNode()
    t.after(async () => {
      await other.close()
      await service.close()
    })
    const root = await createRoot(service)
    kms.fault = (operation) => (operation === 'Sign' ? 'deny' : undefined)
    const requests = Array.from(
      { length: 20 },
      (_, index) => [service, other][index % 2] ?? service,
    )
    const waiting = await Promise.all(requests.map((node) => request(node, root.arn)))
    await Promise.all([service, other].map((node) => node.runJob('finish-issuance')))
    service.clock.advance({ seconds: 31 })
    kms.fault = () => undefined
    kms.calls.length = 0
    for (let run = 0; run < 2; run += 1)
      await Promise.all([service, other].map((node) => node.runJob('finish-issuance')))
    for (const arns of waiting) await other.must('GetCertificate', arns)
    const issued = await service.inDatabase('select count(*) as count from certificates')
    assert.equal(Number(issued[0]?.['count']), waiting.length + 1)
    assert.equal(kms.calls.filter((name) => name === 'Sign').length, waiting.length)
    const counts = await service.inDatabase('select issued from certificate_counts')
    assert.deepEqual(
      counts.map(({ issued: count }) => Number(count)),
      [waiting.length + 1],
    )
  })
})
