/** Tests of identical calls on several nodes that share a database. Only one of the calls uses the approval. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setApprovalPolicy } from '../../src/admin-commands/approval-policies.ts'
import { allow, createUser } from '../support/accounts.ts'
import { createAuthority, issueInput } from '../support/hierarchy.ts'
import { onPostgres } from '../support/on-postgres.ts'
import { TestService } from '../support/service.ts'

const statements = [allow('*'), { Effect: 'Allow', Action: 'signet:*', Resource: '*' }]

await onPostgres(async () => {
  test('of identical calls on three nodes, exactly one uses the approval', async (t) => {
    const service = await TestService.start()
    const nodes = [service, await service.startNode(), await service.startNode()]
    t.after(async () => {
      for (const node of nodes.toReversed()) await node.close()
    })
    const alice = await createUser(service, { userName: 'alice', statements })
    const bob = await createUser(service, { userName: 'bob', statements })
    const root = await createAuthority(service)
    const input = issueInput(root.arn, root.csr, { template: 'RootCACertificate' })
    const policy = { actions: ['issue-ca-certificate'], windowSeconds: 3600 }
    await setApprovalPolicy(service.config, undefined, policy)
    const ask = () =>
      Promise.all(
        [...nodes, ...nodes, ...nodes].map((node) => node.call('IssueCertificate', input, alice)),
      )
    const ids = (await ask()).map(({ text }) => /approval ID is ([0-9a-f-]{36})/.exec(text)?.[1])
    assert.equal(new Set(ids).size, 1)
    await service.must('ApproveRequest', { ApprovalId: ids[0] }, bob)
    const answers = await ask()
    assert.equal(answers.filter(({ status }) => status === 200).length, 1)
  })
})
