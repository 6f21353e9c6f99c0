/** Tests of EST endpoints and passwords that are deleted while a certificate is being signed. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { removeEndpoint } from '../../../src/admin-commands/enrollment/endpoints.ts'
import { removePassword } from '../../../src/admin-commands/enrollment/passwords.ts'
import type { Database } from '../../../src/store/database.ts'
import { clientKey, createEndpoint, createPassword, enrolled, estCall } from '../../support/est.ts'
import { createRoot } from '../../support/hierarchy.ts'
import { TestService } from '../../support/service.ts'

/** Runs once, before the next transaction that stores a certificate for an EST endpoint. */
let meanwhile: (() => Promise<unknown>) | undefined

function interrupted(db: Database): Database {
  return {
    ...db,
    async transaction(statements) {
      if (statements.some(({ guard }) => guard?.name === 'endpoint')) {
        const change = meanwhile
        meanwhile = undefined
        await change?.()
      }
      return db.transaction(statements)
    },
  }
}

let service: TestService
let ca: string
before(async () => {
  service = await TestService.start({ enrollListen: '127.0.0.1:0' }, { wrapDatabase: interrupted })
  ca = (await createRoot(service)).arn
})
after(() => service.close())

async function countCertificates(): Promise<number> {
  const [row] = await service.inDatabase('select count(*) as n from certificates')
  return Number(row?.['n'])
}

const remove = (name: string): Promise<void> =>
  removeEndpoint(service.config, { protocol: 'est', name }, { force: false })

test('no operation issues a certificate for an endpoint that is deleted meanwhile, or replaced', async () => {
  await createEndpoint(service, 'kept', { ca })
  const client = await enrolled(service, 'kept')
  const { csr } = client
  for (const operation of ['simpleenroll', 'simplereenroll', 'serverkeygen'])
    for (const replace of [
      async () => undefined,
      () => createEndpoint(service, 'devices', { ca }),
    ]) {
      await createEndpoint(service, 'devices', { ca, serverKeyGeneration: true })
      const earlier = await countCertificates()
      meanwhile = async () => {
        await remove('devices')
        await replace()
      }
      const { status, text } = await estCall(service, `devices/${operation}`, { csr, client })
      assert.equal(meanwhile, undefined)
      assert.deepEqual([status, text.slice(0, 10)], [404, 'Not found.'], operation)
      assert.equal(await countCertificates(), earlier)
      await remove('devices').catch(() => undefined)
    }
})

test('a password that is deleted meanwhile is not accepted', async () => {
  await createEndpoint(service, 'passwords', { ca, serverKeyGeneration: true })
  const { csr } = await clientKey()
  for (const operation of ['simpleenroll', 'serverkeygen']) {
    const credentials = await createPassword(service, 'passwords')
    const earlier = await countCertificates()
    const [userName = ''] = credentials.split(':')
    meanwhile = () => removePassword(service.config, 'passwords', userName)
    const { status, text } = await estCall(service, `passwords/${operation}`, { csr, credentials })
    assert.deepEqual([status, text.trim()], [401, 'The one-time password has been deleted.'])
    assert.equal(await countCertificates(), earlier)
  }
  const credentials = await createPassword(service, 'passwords')
  meanwhile = () => remove('passwords')
  const { status } = await estCall(service, 'passwords/simpleenroll', { csr, credentials })
  assert.equal(status, 404)
})
