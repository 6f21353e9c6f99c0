/** Tests of endpoints, accounts, EAB keys and authorizations that are withdrawn during an ACME request. */
import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { deactivateAccount } from '../../../src/admin-commands/enrollment/accounts.ts'
import { removeBindingKey } from '../../../src/admin-commands/enrollment/binding-keys.ts'
import { changeEndpoint, removeEndpoint } from '../../../src/admin-commands/enrollment/endpoints.ts'
import type { Database } from '../../../src/store/database.ts'
import { requireUnusedEndpoint } from '../../../src/store/enrollment/endpoints.ts'
import type { AcmeClient, AcmeResponse } from '../../support/acme-client.ts'
import { AcmeService } from '../../support/acme-service.ts'
import { createCsr } from '../../support/crafted-csrs.ts'
import { assertProblem, ordered } from '../../support/issued-orders.ts'

/** Runs once, before the next transaction with a statement that contains `interruptedAt`. */
let meanwhile: (() => Promise<unknown>) | undefined
const certificateStored = 'certificate_serial_number ='
let interruptedAt = certificateStored

function interrupted(db: Database): Database {
  return {
    ...db,
    async transaction(statements) {
      if (statements.some(({ text }) => text.includes(interruptedAt))) {
        const withdraw = meanwhile
        meanwhile = undefined
        await withdraw?.()
      }
      return db.transaction(statements)
    },
  }
}

const open = { challenges: [], names: ['*.corp.example'] }
const acme = await AcmeService.start(open, { wrapDatabase: interrupted })
after(() => acme[Symbol.asyncDispose]())
const { service } = acme
const host = 'a.corp.example'

async function countCertificates(): Promise<number> {
  const [row] = await service.inDatabase('select count(*) as n from certificates')
  return Number(row?.['n'])
}

suite('an order gets no certificate if, while it is signed,', () => {
  async function refusedAfter(
    client: AcmeClient,
    withdraw: (order: AcmeResponse) => Promise<unknown>,
  ) {
    const order = await ordered(client, [host])
    const before = await countCertificates()
    meanwhile = () => withdraw(order)
    const answer = await client.finalize(order.json['finalize'], createCsr({ names: [host] }))
    assert.equal(meanwhile, undefined)
    assertProblem(answer, '403 orderNotReady', /canceled/)
    assert.equal(await countCertificates(), before)
  }

  test('an administrator deactivates its account', async () => {
    const client = await acme.account()
    const id = (client.accountUrl ?? '').slice(-22)
    await refusedAfter(client, () => deactivateAccount(service.config, 'web', id))
    assertProblem(await client.order([host]), '403 unauthorized', /deactivated/)
  })

  test("the account's EAB key is deleted", async () => {
    await acme.addEndpoint('bound', { ...open, eab: 'required' })
    const client = acme.client('bound')
    const binding = await acme.bindingKey('withdrawn', { endpointName: 'bound' })
    await client.register({ binding })
    await refusedAfter(client, () => removeBindingKey(service.config, 'bound', binding.keyId))
  })

  test('its authorization is deactivated', async () => {
    const client = await acme.account()
    const other = acme.client('web', client.key)
    await other.register()
    await refusedAfter(client, async ({ json }) => {
      const [url = ''] = json['authorizations'] as string[]
      await other.post(url, { status: 'deactivated' })
    })
  })

  test('its endpoint is deleted', async () => {
    await acme.addEndpoint('deleted', open)
    const client = await acme.account('deleted')
    const name = { protocol: 'acme', name: 'deleted' } as const
    await refusedAfter(client, () => removeEndpoint(service.config, name, { force: true }))
  })
})

suite('an endpoint that is deleted with its accounts during a request', () => {
  async function answerDuring(
    { table, name }: { readonly table: string; readonly name: string },
    send: (client: AcmeClient) => Promise<AcmeResponse>,
  ): Promise<AcmeResponse> {
    const client = await acme.account(name)
    interruptedAt = `insert into ${table} `
    meanwhile = () => removeEndpoint(service.config, { protocol: 'acme', name }, { force: true })
    try {
      return await send(client)
    } finally {
      assert.equal(meanwhile, undefined)
      interruptedAt = certificateStored
    }
  }

  test('has no new order', async () => {
    await acme.addEndpoint('order', open)
    const at = { table: 'acme_orders', name: 'order' }
    const answer = await answerDuring(at, (client) => client.order([host]))
    assertProblem(answer, '403 unauthorized', /deactivated or deleted/)
  })

  test('has no new authorization', async () => {
    await acme.addEndpoint('authorization', { ...open, challenges: ['http-01'] })
    const at = { table: 'acme_authorizations', name: 'authorization' }
    const answer = await answerDuring(at, async (client) =>
      client.post((await client.directory())['newAuthz'] ?? '', {
        identifier: { type: 'dns', value: host },
      }),
    )
    assertProblem(answer, '403 unauthorized', /deactivated or deleted/)
  })

  test('has no new account, even if an endpoint of the same name was created', async () => {
    await acme.addEndpoint('account', open)
    const other = acme.client('account')
    const at = { table: 'acme_accounts', name: 'account' }
    const answer = await answerDuring(at, async () => {
      const remove = meanwhile
      meanwhile = async () => {
        await remove?.()
        service.clock.advance({ seconds: 1 })
        await acme.addEndpoint('account', open)
      }
      return other.register()
    })
    assertProblem(answer, '404 malformed', /was deleted/)
  })
})

suite('an endpoint that loses its validation', () => {
  const validated = { ...open, challenges: ['http-01'] } as const
  const unvalidated = { protocol: 'acme', challenges: 'none', eab: 'required' } as const
  const update = (name: string) => changeEndpoint(service.config, name, unvalidated)

  test('has no account that was created without its new EAB requirement', async () => {
    await acme.addEndpoint('cached', validated)
    const client = acme.client('cached')
    const register = () => client.register()
    // The server has cached the endpoint's previous configuration.
    await client.directory()
    await update('cached')
    const answer = await register()
    assertProblem(answer, '503 serverInternal', /changed/)
    assert.equal(answer.headers['retry-after'], '1')
    service.clock.advance({ seconds: 1 })
    assertProblem(await register(), '403 externalAccountRequired', /externalAccountBinding/)
  })

  test('has no account that was created during the change', async () => {
    await acme.addEndpoint('used', validated)
    const client = acme.client('used')
    const guarded = requireUnusedEndpoint({ name: 'used' })
    await acme.db.transaction([guarded])
    await client.register()
    await assert.rejects(acme.db.transaction([guarded]), { guard: 'in-use' })
    await assert.rejects(update('used'), /has accounts or EAB keys/)
  })
})
