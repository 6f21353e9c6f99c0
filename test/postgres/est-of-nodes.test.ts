/** Tests of concurrent requests with the same password on several nodes that share a database. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  certificateOf,
  clientKey,
  estCall,
  createEndpoint,
  createPassword,
} from '../support/est.ts'
import { createRoot } from '../support/hierarchy.ts'
import { onPostgres } from '../support/on-postgres.ts'
import { TestService } from '../support/service.ts'

await onPostgres(async () => {
  test('of requests with one password on three nodes, one gets a certificate, also if it is repeated', async (t) => {
    const service = await TestService.start({ enrollListen: '127.0.0.1:0' })
    const nodes = [service, await service.startNode(), await service.startNode()]
    t.after(async () => {
      for (const node of nodes.toReversed()) await node.close()
    })
    const { arn } = await createRoot(service)
    await createEndpoint(service, 'devices', { ca: arn })
    const credentials = await createPassword(service, 'devices')
    const keys = await Promise.all(Array.from({ length: 3 }, () => clientKey()))
    const answers = await Promise.all(
      nodes.flatMap((node) =>
        keys.map(({ csr }) => estCall(node, 'devices/simpleenroll', { csr, credentials })),
      ),
    )
    const issued = answers.filter(({ status }) => status === 200)
    assert.equal(new Set(issued.map(certificateOf)).size, 1)
    assert.ok(answers.every(({ status }) => status === 200 || status === 401))
    const rows = await service.inDatabase(
      `select count(*) as total from certificates where requester_arn like '%:est/devices'`,
    )
    assert.equal(Number(rows[0]?.['total']), 1)
  })
})
