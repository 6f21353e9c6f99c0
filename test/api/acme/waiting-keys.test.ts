/** Tests of ACME orders while the CA's key is unavailable. */
import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { deactivateAccount } from '../../../src/admin-commands/enrollment/accounts.ts'
import { removeBindingKey } from '../../../src/admin-commands/enrollment/binding-keys.ts'
import { removeEndpoint } from '../../../src/admin-commands/enrollment/endpoints.ts'
import { createCsr } from '../../support/crafted-csrs.ts'
import type { Database } from '../../../src/store/database.ts'
import { expectSuccess, type AcmeClient } from '../../support/acme-client.ts'
import { assertProblem, derOf, ordered } from '../../support/issued-orders.ts'
import { AcmeService } from '../../support/acme-service.ts'
import { KmsServer, useKmsCredentials } from '../../support/kms-server.ts'
import { retry } from '../../support/waiting.ts'

useKmsCredentials()
const kms = await KmsServer.start()
const flags = { caKeys: 'kms', kmsEndpoint: kms.endpoint, kmsRegion: kms.region }

/** Runs once, before the next transaction that inserts a waiting certificate. */
let meanwhile: (() => Promise<unknown>) | undefined

function interrupted(db: Database): Database {
  return {
    ...db,
    async transaction(statements) {
      if (statements.some(({ text }) => text.startsWith('delete from certificate_intents'))) {
        const withdraw = meanwhile
        meanwhile = undefined
        await withdraw?.()
      }
      return db.transaction(statements)
    },
  }
}

const configuration = { challenges: [], names: ['*.corp.example'] }
const acme = await AcmeService.start(configuration, { flags, wrapDatabase: interrupted })
after(async () => {
  await acme[Symbol.asyncDispose]()
  await kms[Symbol.asyncDispose]()
})
const host = 'a.corp.example'
const csr = createCsr({ names: [host] })

function setAvailable(isAvailable: boolean): void {
  kms.fault = (operation) => (operation === 'Sign' && !isAvailable ? 'deny' : undefined)
}

/** Returns a new client for the same account, without old nonces. */
function again(client: AcmeClient): AcmeClient {
  const other = acme.client('web', client.key)
  other.accountUrl = client.accountUrl
  return other
}

test('an order is processing until the key is available, and then gets exactly one certificate', async () => {
  const client = await acme.account()
  const order = await ordered(client, [host])
  setAvailable(false)
  const finalized = expectSuccess(await client.finalize(order.json['finalize'], csr))
  assert.equal(finalized.json['status'], 'processing')
  assert.equal(finalized.json['certificate'], undefined)
  assert.equal(finalized.headers['retry-after'], '5')
  const { location = '' } = order.headers
  const read = await client.post(location)
  assert.deepEqual([read.json['status'], read.headers['retry-after']], ['processing', '5'])
  assertProblem(
    await client.finalize(order.json['finalize'], csr),
    'orderNotReady',
    /is processing/,
  )
  setAvailable(true)
  await retry(acme.service)
  const valid = await client.post(location)
  assert.equal(valid.json['status'], 'valid', valid.text)
  const chain = expectSuccess(await client.post(valid.json['certificate']))
  assert.equal(derOf(chain).length, 1)
})

test('an order is invalid if its certificate can no longer be issued', async () => {
  const owner = await acme.account()
  const order = await ordered(owner, [host])
  setAvailable(false)
  const finalized = expectSuccess(await owner.finalize(order.json['finalize'], csr))
  assert.equal(finalized.json['status'], 'processing')
  // The job run triggered by the request ends before the clock is advanced.
  await acme.service.runJob('finish-issuance')
  acme.service.clock.advance({ days: 1 })
  const client = again(owner)
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const failed = await client.post(order.headers['location'] ?? '')
    assert.equal(failed.json['status'], 'invalid')
    assert.match(failed.json['error'].type, /serverInternal$/)
    assert.match(failed.json['error'].detail, /within 24 hours/)
    await retry(acme.service)
  }
})

async function countCertificates(): Promise<unknown> {
  return (await acme.service.inDatabase('select count(*) as n from certificates'))[0]?.['n']
}

suite('a processing order gets no certificate after', () => {
  interface Withdrawn {
    readonly client: AcmeClient
    readonly orderUrl: string
    readonly authorizationUrl: string
  }

  /** Withdraws an order that is processing, makes the key available, and returns the order's stored status and error. */
  async function withdrawnOrder(
    client: AcmeClient,
    withdraw: (order: Withdrawn) => Promise<unknown>,
  ): Promise<string> {
    const { service } = acme
    const order = await ordered(client, [host])
    setAvailable(false)
    const finalized = expectSuccess(await client.finalize(order.json['finalize'], csr))
    assert.equal(finalized.json['status'], 'processing')
    const before = await countCertificates()
    const { location: orderUrl = '' } = order.headers
    const [authorizationUrl = ''] = order.json['authorizations'] as string[]
    await withdraw({ client, orderUrl, authorizationUrl })
    setAvailable(true)
    await retry(service)
    assert.equal(await countCertificates(), before)
    const [intent] = await service.inDatabase(
      'select failure_reason from certificate_intents order by requested_at_ms desc, failed_at_ms desc limit 1',
    )
    const [row] = await service.inDatabase(
      `select status, error from acme_orders where order_id = '${orderUrl.slice(-22)}'`,
    )
    const shown = row && `${String(row['status'])} ${String(row['error'])}`
    return `${String(intent?.['failure_reason'])} / ${shown ?? 'no order'}`
  }

  test('an administrator deactivated its account', async () => {
    const outcome = await withdrawnOrder(await acme.account(), ({ client }) =>
      deactivateAccount(acme.service.config, 'web', (client.accountUrl ?? '').slice(-22)),
    )
    assert.match(
      outcome,
      /^The ACME account was deactivated before .* \/ invalid .*error:unauthorized.*deactivated/,
    )
  })

  test('an administrator deactivated its account while the certificate was signed', async () => {
    const before = await countCertificates()
    await withdrawnOrder(await acme.account(), async ({ client }) => {
      const id = (client.accountUrl ?? '').slice(-22)
      meanwhile = async () => deactivateAccount(acme.service.config, 'web', id)
    })
    assert.equal(meanwhile, undefined)
    // The next attempt after the conflict determines the reason.
    await retry(acme.service)
    const rows = await acme.service.inDatabase('select status from acme_orders')
    assert.ok(!rows.some(({ status }) => status === 'processing'))
    assert.equal(await countCertificates(), before)
  })

  test('the EAB key of its account was deleted', async () => {
    const names = ['*.corp.example']
    await acme.addEndpoint('bound', { challenges: [], names, eab: 'required' })
    const client = acme.client('bound')
    const binding = await acme.bindingKey('withdrawn', { endpointName: 'bound', names })
    await client.register({ binding })
    const outcome = await withdrawnOrder(client, () =>
      removeBindingKey(acme.service.config, 'bound', 'withdrawn'),
    )
    assert.match(outcome, /^The EAB key .* was deleted before .* \/ invalid/)
  })

  test('the account deactivated an authorization of the order', async () => {
    const client = await acme.account()
    const outcome = await withdrawnOrder(client, ({ authorizationUrl }) =>
      client.post(authorizationUrl, { status: 'deactivated' }),
    )
    assert.match(outcome, /^An authorization .* was deactivated before .* \/ invalid/)
  })

  test('an administrator deleted its endpoint, even if another one has its name', async () => {
    const open = { challenges: [], names: ['*.corp.example'] }
    await acme.addEndpoint('deleted', open)
    const name = { protocol: 'acme', name: 'deleted' } as const
    const outcome = await withdrawnOrder(await acme.account('deleted'), async () => {
      await removeEndpoint(acme.service.config, name, { force: true })
      await acme.addEndpoint('deleted', open)
    })
    assert.match(outcome, /^The ACME endpoint and its orders were deleted .* \/ no order$/)
  })
})
