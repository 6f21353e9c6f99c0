/** Tests of ACME accounts: creation, external account binding, contacts, deactivation and keys. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import {
  accountKeyAlgorithms,
  type AcmeClient,
  bindAccount,
  createAccountKey,
  signJws,
  type AcmeResponse,
  type ExternalBinding,
} from '../../support/acme-client.ts'
import { AcmeService } from '../../support/acme-service.ts'

const acme = await AcmeService.start()
after(() => acme[Symbol.asyncDispose]())

function assertProblem(response: AcmeResponse, problem: string, detail: RegExp): void {
  assert.equal(response.problem, problem, response.text)
  assert.match(String(response.json['detail']), detail)
  assert.equal(response.json['status'], response.status)
}

function statusesOf(responses: readonly AcmeResponse[]): number[] {
  return responses.map(({ status }) => status).toSorted((a, b) => a - b)
}

test('a new account has a URL, and a second request with its key returns the same account', async () => {
  const client = acme.client()
  const contacts = ['mailto:admin@corp.example', 'mailto:ops+acme@corp.example']
  const created = await client.register({ contacts })
  assert.equal(created.status, 201, created.text)
  const { accountUrl = '' } = client
  assert.match(accountUrl, /\/acme\/web\/account\/[\w-]{22}$/)
  const orders = accountUrl.replace('/account/', '/orders/')
  assert.deepEqual(created.json, { status: 'valid', contact: contacts, orders })
  const { newAccount } = await client.directory()
  for (const payload of [{ contact: [] }, { onlyReturnExisting: true }]) {
    const found = await client.post(newAccount, payload, { withJwk: true })
    assert.deepEqual([found.status, found.headers['location']], [200, accountUrl])
    assert.deepEqual(found.json, created.json)
  }
  const read = await client.post(accountUrl)
  assert.deepEqual([read.status, read.json], [200, created.json])
})

test('an account can be created with each signature algorithm, and signs further requests', async () => {
  for (const alg of accountKeyAlgorithms) {
    const client = await acme.account('web', createAccountKey(alg))
    const { status, json } = await client.post(client.accountUrl ?? '')
    assert.deepEqual([alg, status, json['status']], [alg, 200, 'valid'])
  }
})

test('onlyReturnExisting creates no account', async () => {
  const client = acme.client()
  for (let attempt = 0; attempt < 2; attempt += 1)
    assertProblem(
      await client.register({ members: { onlyReturnExisting: true } }),
      'accountDoesNotExist',
      /^No account of this endpoint has the key/,
    )
  assertProblem(
    await client.register({ members: { onlyReturnExisting: 'yes' } }),
    'malformed',
    /onlyReturnExisting must be true or false/,
  )
})

test('concurrent requests with one key create one account', async () => {
  const key = createAccountKey('ES256')
  const clients = Array.from({ length: 5 }, () => acme.client('web', key))
  const responses = await Promise.all(clients.map((client) => client.register()))
  assert.deepEqual(statusesOf(responses), [200, 200, 200, 200, 201])
  assert.equal(new Set(responses.map(({ headers }) => headers['location'])).size, 1)
})

test('the accounts of endpoints are separate', async () => {
  await acme.addEndpoint('other')
  const key = createAccountKey('ES256')
  const web = await acme.account('web', key)
  const other = await acme.account('other', key)
  assert.notEqual(web.accountUrl, other.accountUrl)
  const { newAccount } = await other.directory()
  assertProblem(
    await other.post(newAccount, {}, { header: { kid: web.accountUrl, jwk: undefined } }),
    'malformed',
    /must have jwk, the public key/,
  )
  const { keyChange } = await other.directory()
  assertProblem(
    await other.post(keyChange, {}, { header: { kid: web.accountUrl } }),
    'malformed',
    /kid is .* but must be the URL of an account, which begins with .*\/acme\/other\/account\//,
  )
})

test('contacts must be mailto URLs with one address', async () => {
  const wrong = {
    unsupportedContact: ['tel:+123', 'https://corp.example', 'MAILTOO:a@b'],
    invalidContact: [
      'mailto:a@b.example,c@d.example',
      'mailto:a@b.example?subject=x',
      'mailto:',
      'mailto:a',
      'mailto:a@',
      'mailto:a b@c.example',
      'mailto:a@c.example\n',
      'a@b.example',
      '',
      `mailto:a@${'b'.repeat(260)}`,
    ],
  }
  for (const [problem, contacts] of Object.entries(wrong))
    for (const contact of contacts) {
      const response = await acme.client().register({ contacts: [contact] })
      assertProblem(response, problem, /^The contact "/)
    }
  const many = Array.from({ length: 11 }, (_, number) => `mailto:a${number}@b.example`)
  assertProblem(await acme.client().register({ contacts: many }), 'invalidContact', /at most 10/)
  for (const contact of ['mailto:a@b.example', [1], {}])
    assertProblem(
      await acme.client().register({ members: { contact } }),
      'malformed',
      /contact must be an array of strings/,
    )
})

test('an account can replace its contacts, and unknown members are ignored', async () => {
  const client = await acme.account()
  const url = client.accountUrl ?? ''
  const contact = ['mailto:new@corp.example']
  const updated = await client.post(url, { contact, orders: 'x', status: 'revoked', extra: 1 })
  assert.deepEqual([updated.status, updated.json['contact']], [200, contact])
  const read = await client.post(url)
  assert.deepEqual([read.json['status'], read.json['contact']], ['valid', contact])
  assertProblem(await client.post(url, { contact: ['tel:1'] }), 'unsupportedContact', /scheme tel/)
})

test('an account cannot read or change another account', async () => {
  const [one, other] = [await acme.account(), await acme.account()]
  for (const payload of [undefined, { status: 'deactivated' }])
    assertProblem(
      await one.post(other.accountUrl ?? '', payload),
      'unauthorized',
      /^The account in the URL must be the account that signed/,
    )
  assert.equal((await other.post(other.accountUrl ?? '')).json['status'], 'valid')
})

test('a deactivated account is refused everywhere, and its pending work is canceled', async () => {
  const client = await acme.account()
  const url = client.accountUrl ?? ''
  const id = url.slice(url.lastIndexOf('/') + 1)
  await addPendingOrder(id)
  const deactivated = await client.post(url, { status: 'deactivated' })
  assert.deepEqual([deactivated.status, deactivated.json['status']], [200, 'deactivated'])
  const [row] = await acme.service.inDatabase(
    `select o.status as o, a.status as a, c.status as c from acme_accounts
      join acme_orders o using (acme_account_number)
      join acme_authorizations a using (acme_account_number)
      join acme_challenges c using (authorization_number) where acme_account_id = ?`,
    id,
  )
  assert.deepEqual({ ...row }, { o: 'invalid', a: 'deactivated', c: 'invalid' })
  const { newAccount, keyChange } = await client.directory()
  for (const response of [
    await client.post(url),
    await client.post(keyChange, {}),
    await client.post(newAccount, {}, { withJwk: true }),
  ])
    assertProblem(response, 'unauthorized', /^The account is deactivated/)
})

async function addPendingOrder(accountId: string): Promise<void> {
  const { service } = acme
  const account = `(select acme_account_number from acme_accounts where acme_account_id = '${accountId}')`
  const at = service.clock.now().getTime()
  for (const statement of [
    `insert into acme_orders (order_id, acme_account_number, status, identifiers, authority_number,
      created_at_ms, expires_at_ms) values ('o', ${account}, 'pending', '[]', 1, ${at}, ${at})`,
    `insert into acme_authorizations (authorization_id, acme_account_number, identifier_type,
      identifier_value, wildcard, status, created_at_ms, expires_at_ms)
      values ('a', ${account}, 'dns', 'x', 0, 'pending', ${at}, ${at})`,
    `insert into acme_challenges (challenge_id, authorization_number, type, token, status, failures,
      retry_at_ms, lease_until_ms) values ('c', (select authorization_number
        from acme_authorizations where authorization_id = 'a'), 'http-01', 't', 'processing', 0, 0, 0)`,
  ])
    await acme.db.transaction([{ text: statement, values: [] }])
}

test('a key can be replaced, and only the new key can then sign requests', async () => {
  for (const alg of accountKeyAlgorithms) {
    const client = await acme.account()
    const { response, client: renewed } = await client.changeKey(createAccountKey(alg))
    assert.equal(response.status, 200, response.text)
    const url = client.accountUrl ?? ''
    assert.equal((await renewed.post(url)).status, 200)
    const old = await client.post(url)
    assert.ok(['malformed', 'badSignatureAlgorithm'].includes(old.problem ?? ''), old.text)
    const { newAccount } = await renewed.directory()
    const found = await renewed.post(newAccount, {}, { withJwk: true })
    assert.deepEqual([found.status, found.headers['location']], [200, url])
  }
})

test('a key of another account is not accepted as the new key', async () => {
  const [client, other] = [await acme.account(), await acme.account()]
  for (const [key, owner] of [
    [other.key, other],
    [client.key, client],
  ] as const) {
    const { response } = await client.changeKey(key)
    assertProblem(response, 'malformed', /^The new key already belongs to the account/)
    assert.deepEqual([response.status, response.headers['location']], [409, owner.accountUrl])
  }
})

test('the inner JWS of a new key must match the outer request', async () => {
  const client = await acme.account()
  const other = await acme.account()
  const { keyChange, newAccount } = await client.directory()
  const key = createAccountKey('ES256')
  const change = async (inner: Parameters<AcmeClient['changeKey']>[1]): Promise<AcmeResponse> =>
    (await client.changeKey(key, inner)).response
  const nonce = await client.freshNonce()
  for (const [inner, problem, detail] of [
    [
      { payload: { account: other.accountUrl } },
      'malformed',
      /The member account of the inner JWS must be/,
    ],
    [
      { payload: { account: undefined } },
      'malformed',
      /The member account of the inner JWS must be/,
    ],
    [
      { payload: { oldKey: other.key.jwk } },
      'malformed',
      /oldKey of the inner JWS must be the current/,
    ],
    [{ payload: { oldKey: 'x' } }, 'malformed', /oldKey of the inner JWS must be the current/],
    [{ header: { url: newAccount } }, 'unauthorized', /was signed for the URL/],
    [{ header: { url: undefined } }, 'malformed', /must have the member url/],
    [{ header: { nonce } }, 'malformed', /must not have a nonce/],
    [{ header: { kid: client.accountUrl } }, 'malformed', /must have jwk/],
    [{ header: { jwk: undefined } }, 'malformed', /must have jwk/],
    [{ header: { jwk: other.key.jwk } }, 'malformed', /signature of the inner JWS is invalid/],
    [{ key: other.key }, 'malformed', /signature of the inner JWS is invalid/],
    [{ header: { alg: 'none' } }, 'badSignatureAlgorithm', /"none"/],
    [{ header: { alg: 'HS256' } }, 'badSignatureAlgorithm', /"HS256"/],
  ] as const)
    assertProblem(await change(inner), problem, detail)
  for (const payload of [{}, { protected: 1 }, signJws(key, {}, {})])
    assert.ok((await client.post(keyChange, payload)).problem)
  assert.equal((await client.post(client.accountUrl ?? '')).status, 200)
})

test('a new account needs a valid external account binding if the endpoint requires one', async () => {
  await acme.addEndpoint('eab', { eab: 'required' })
  await acme.addEndpoint('optional', { eab: 'optional' })
  const ofEab = { endpointName: 'eab' }
  const key = await acme.bindingKey('key-1', ofEab)
  const client = acme.client('eab')
  const { meta, newAccount, newOrder } = await client.directory()
  assert.equal(meta?.['externalAccountRequired'], true)
  const missing = await client.register()
  assertProblem(missing, 'externalAccountRequired', /^A new account needs externalAccountBinding/)
  assert.equal(missing.status, 403)
  const { jwk } = client.key
  const bind = (binding: ExternalBinding, header: object = {}, url = newAccount) =>
    client.register({
      members: { externalAccountBinding: bindAccount(binding, { jwk, newAccount: url }, header) },
    })
  const unknown = { ...key, keyId: 'unknown' }
  const ofOther = await acme.bindingKey('key-other', { endpointName: 'optional' })
  assertProblem(await bind(unknown), 'unauthorized', /^The key "unknown" .* does not exist/)
  assertProblem(await bind(ofOther), 'unauthorized', /does not exist at this endpoint/)
  assertProblem(
    await bind({ ...key, macKey: new Uint8Array(32) }),
    'unauthorized',
    /does not match the signature/,
  )
  assertProblem(await bind(key, {}, newOrder), 'unauthorized', /was signed for the URL/)
  assertProblem(await bind(key, { nonce: 'abc' }), 'malformed', /must not have a nonce/)
  assertProblem(await bind(key, { kid: undefined }), 'malformed', /must have the member kid/)
  const otherKey = bindAccount(key, { jwk: createAccountKey('ES256').jwk, newAccount })
  assertProblem(
    await client.register({ members: { externalAccountBinding: otherKey } }),
    'unauthorized',
    /must be the public key that signed the request/,
  )
  for (const externalAccountBinding of [1, 'x', [], { protected: '' }])
    assertProblem(
      await client.register({ members: { externalAccountBinding } }),
      'malformed',
      /externalAccountBinding/,
    )
  const algorithm = signJws(client.key, { alg: 'ES256', kid: 'key-1', url: newAccount }, jwk)
  assertProblem(
    await client.register({ members: { externalAccountBinding: algorithm } }),
    'malformed',
    /must be HS256, HS384 or HS512/,
  )
  assert.equal((await bind(key)).status, 201)
  assertProblem(
    await acme.client('eab').register({ binding: key }),
    'unauthorized',
    /was used for another account/,
  )
  // The account key is enough to find the account, so no binding is required.
  assert.equal((await client.register()).status, 200)
})

test('a binding is accepted with each MAC algorithm, until its key expires or is used up', async () => {
  const at = (seconds: number): Date =>
    new Date(acme.service.clock.now().getTime() + seconds * 1000)
  const reusable = await acme.bindingKey('reusable', { endpointName: 'optional', reusable: true })
  for (const alg of ['HS256', 'HS384', 'HS512']) {
    const client = acme.client('optional')
    const { newAccount } = await client.directory()
    const { jwk } = client.key
    const externalAccountBinding = bindAccount(reusable, { jwk, newAccount }, { alg })
    const { status } = await client.register({ members: { externalAccountBinding } })
    assert.deepEqual([alg, status], [alg, 201])
  }
  const expired = await acme.bindingKey('old', { endpointName: 'optional', expiresAt: at(60) })
  acme.service.clock.advance({ seconds: 60 })
  assertProblem(
    await acme.client('optional').register({ binding: expired }),
    'unauthorized',
    /^The key "old" .* expired at/,
  )
  assert.equal((await acme.client('optional').register()).status, 201)
  const once = await acme.bindingKey('once', { endpointName: 'optional' })
  const clients = Array.from({ length: 4 }, () => acme.client('optional'))
  const responses = await Promise.all(clients.map((client) => client.register({ binding: once })))
  assert.deepEqual(statusesOf(responses), [201, 403, 403, 403])
})

test('an endpoint without bindings ignores a binding', async () => {
  const binding = { keyId: 'none', macKey: new Uint8Array(32) }
  assert.equal((await acme.client().register({ binding })).status, 201)
})

test('each change of an account is in the record, with the endpoint as its principal', async () => {
  const client = await acme.account()
  const url = client.accountUrl ?? ''
  const { client: renewed } = await client.changeKey(createAccountKey('ES256'))
  await renewed.post(url, { contact: ['mailto:a@b.example'] })
  await renewed.post(url, { status: 'deactivated' })
  const id = url.slice(url.lastIndexOf('/') + 1)
  const { Entries } = await acme.service.must('ListRecordEntries', { MaxResults: 100 })
  const own = Entries.filter(({ Key }: { Key?: string }) => Key?.includes(id))
  assert.equal(own.length, 4, JSON.stringify(Entries.at(-1)))
  for (const { Principal } of own)
    assert.equal(Principal, `arn:aws:signet:eu-west-1:${acme.service.config.accountId}:acme/web`)
})

test('an account that is created while its endpoint is deleted is refused', async () => {
  await acme.addEndpoint('deleted')
  const client = acme.client('deleted')
  await client.directory()
  await acme.db.transaction([
    { text: `delete from enrollment_endpoints where name = 'deleted'`, values: [] },
  ])
  const response = await client.register()
  assertProblem(response, 'malformed', /^The ACME endpoint was deleted/)
  assert.equal(response.status, 404)
})
