/** Tests of finalizing ACME orders: CSRs, the names in certificates, and one certificate per order. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { after, suite, test } from 'node:test'
import { DatabaseUnavailableError, type Database } from '../../../src/store/database.ts'
import { encodePem } from '../../../src/x509/pem.ts'
import { oids } from '../../../src/x509/der/oid.ts'
import { uriName } from '../../../src/x509/names/general-name.ts'
import { nonCritical } from '../../../src/x509/extensions/extensions.ts'
import { createCsr } from '../../support/crafted-csrs.ts'
import { createAccountKey } from '../../support/acme-client.ts'
import { assertProblem, derOf, obtain, ordered } from '../../support/issued-orders.ts'
import { AcmeService } from '../../support/acme-service.ts'
import { createRoot } from '../../support/hierarchy.ts'
import { parsePem } from '../../../src/x509/pem.ts'
import { csr as sampleCsr } from '../../support/csrs.ts'

/** A fault that makes issuance transactions fail, either before or after the commit. */
let fault: 'before' | 'after' | undefined

function faulty(db: Database): Database {
  return {
    ...db,
    async transaction(statements) {
      const isIssuance = statements.some(({ text }) =>
        text.startsWith('update acme_orders set status'),
      )
      if (isIssuance && fault === 'before')
        throw new DatabaseUnavailableError('lost before the commit')
      const rows = await db.transaction(statements)
      if (isIssuance && fault === 'after')
        throw new DatabaseUnavailableError('lost after the commit')
      return rows
    },
  }
}

const open = { challenges: [], names: ['*.corp.example', '10.0.0.0/8'] } as const
const acme = await AcmeService.start(open, { wrapDatabase: faulty })
after(() => acme[Symbol.asyncDispose]())
const { service } = acme
const host = 'a.corp.example'
const cn = (value: string) => ({ type: oids.commonName, value })

async function countCertificates(): Promise<number> {
  const [row] = await service.inDatabase('select count(*) as n from certificates')
  return Number(row?.['n'])
}

suite('the names in the certificate', () => {
  test('are the identifiers of the order in a critical SAN if the CSR has an empty subject', async () => {
    const { order, chain } = await obtain(await acme.account(), [
      host,
      '10.1.2.3',
      '*.corp.example',
    ])
    assert.equal(order.json['status'], 'valid')
    const leaf = new X509Certificate(chain.text)
    assert.equal(leaf.subject, undefined)
    assert.equal(leaf.subjectAltName, 'DNS:a.corp.example, IP Address:10.1.2.3, DNS:*.corp.example')
    const critical = Buffer.from('0603551d110101ff', 'hex')
    assert.ok(leaf.raw.includes(critical), 'the SAN is not critical')
  })

  test('are in lower case, with the common name of the CSR as the only attribute of the subject', async () => {
    const subject = [{ type: oids.organizationName, value: 'Example Bank' }, cn('A.Corp.Example')]
    const csr = createCsr({ subject, names: ['A.CORP.example'] })
    const { chain } = await obtain(await acme.account(), [host], { csr })
    const leaf = new X509Certificate(chain.text)
    assert.deepEqual(
      [leaf.subject, leaf.subjectAltName],
      ['CN=a.corp.example', 'DNS:a.corp.example'],
    )
  })

  test('include a name that the CSR has only as its common name', async () => {
    const { chain } = await obtain(await acme.account(), [host], {
      csr: createCsr({ subject: [cn(host)] }),
    })
    assert.equal(new X509Certificate(chain.text).subjectAltName, 'DNS:a.corp.example')
  })

  test('are not accompanied by extensions that the CSR requests and the template does not have', async () => {
    const mustStaple = nonCritical('1.3.6.1.5.5.7.1.24', Buffer.from('3003020105', 'hex'))
    const csr = createCsr({ names: [host], extensions: [mustStaple] })
    const { chain } = await obtain(await acme.account(), [host], { csr })
    const [der = Buffer.alloc(0)] = derOf(chain)
    assert.ok(!der.includes(Buffer.from('2b06010505070118', 'hex')))
  })
})

suite('a CSR', () => {
  const refusedCsrs = {
    'is not DER': [Buffer.from('hello'), /cannot be parsed/],
    'lacks an identifier of the order': [
      createCsr({ names: [host] }),
      /"b\.corp\.example" is an identifier of the order/,
    ],
    'has another name': [
      createCsr({ names: [host, 'b.corp.example', 'c.corp.example'] }),
      /"c\.corp\.example" is not an identifier/,
    ],
    'has another common name': [
      createCsr({ subject: [cn('c.corp.example')], names: [host, 'b.corp.example'] }),
      /"c\.corp\.example"/,
    ],
    'has a URI': [
      createCsr({ names: [host, 'b.corp.example'], otherNames: [uriName('spiffe://a')] }),
      /uniformResourceIdentifier/,
    ],
    'has a wrong signature': [flipped(createCsr({ names: [host, 'b.corp.example'] })), /signature/],
  } as const

  test('is refused, and the order stays ready, unless it is valid and requests exactly the identifiers of the order', async () => {
    const client = await acme.account()
    const order = await ordered(client, [host, 'b.corp.example'])
    const before = await countCertificates()
    for (const [reason, [csr, detail]] of Object.entries(refusedCsrs)) {
      const refused = await client.finalize(order.json['finalize'], csr)
      assert.equal(refused.problem, 'badCSR', reason)
      assertProblem(refused, '400 badCSR', detail)
    }
    assert.equal((await client.post(order.headers['location'] ?? '')).json['status'], 'ready')
    assert.equal(await countCertificates(), before)
    const csr = createCsr({ names: [host, 'b.corp.example'] })
    assert.equal((await client.finalize(order.json['finalize'], csr)).json['status'], 'valid')
  })

  test('is refused as malformed unless it is in base64url without padding', async () => {
    const client = await acme.account()
    const order = await ordered(client, [host])
    const pem = encodePem('CERTIFICATE REQUEST', createCsr({ names: [host] }))
    for (const csr of [undefined, 7, '', 'AA==', pem])
      assertProblem(
        await client.post(order.json['finalize'], { csr }),
        'malformed',
        /csr must be DER in base64url/,
      )
  })

  test('is refused with the key of an ACME account', async () => {
    const key = createAccountKey('ES256')
    const client = await acme.account('web', key)
    const order = await ordered(client, [host])
    const csr = createCsr({ names: [host], key: key.privateKey })
    assertProblem(
      await client.finalize(order.json['finalize'], csr),
      'badCSR',
      /key of an ACME account/,
    )
  })

  test('is refused with a weak key', async () => {
    const client = await acme.account()
    const order = await ordered(client, ['weak.corp.example'])
    const [{ der } = { der: Buffer.alloc(0) }] = parsePem(sampleCsr('rsa-1024'))
    const refused = await client.finalize(order.json['finalize'], der)
    assert.equal(refused.problem, 'badCSR', refused.text)
  })
})

function flipped(der: Uint8Array): Uint8Array {
  const copy = Buffer.from(der)
  copy[copy.length - 1] = (copy.at(-1) ?? 0) ^ 1
  return copy
}

suite('an order has one certificate', () => {
  test('even if it is finalized twice, concurrently or one after the other', async () => {
    const client = await acme.account()
    const other = acme.client('web', client.key)
    other.accountUrl = client.accountUrl
    const order = await ordered(client, [host])
    const before = await countCertificates()
    const csr = createCsr({ names: [host] })
    const url = order.json['finalize'] as string
    const answers = await Promise.all([client.finalize(url, csr), other.finalize(url, csr)])
    assert.deepEqual(
      answers.map(({ status }) => status).toSorted((a, b) => a - b),
      [200, 403],
    )
    assertProblem(await client.finalize(url, csr), '403 orderNotReady', /is valid/)
    assert.equal(await countCertificates(), before + 1)
  })

  test('if the database fails before or after the commit', async () => {
    for (const when of ['before', 'after'] as const) {
      const client = await acme.account()
      const order = await ordered(client, [host])
      const before = await countCertificates()
      const csr = createCsr({ names: [host] })
      fault = when
      const failed = await client.finalize(order.json['finalize'], csr)
      fault = undefined
      assertProblem(failed, '503 serverInternal', /./)
      const { location = '' } = order.headers
      const read = await client.post(location)
      assert.equal(read.json['status'], when === 'before' ? 'ready' : 'valid')
      await client.finalize(order.json['finalize'], csr)
      const final = await client.post(location)
      assert.equal(final.json['status'], 'valid')
      assert.equal((await client.post(final.json['certificate'])).status, 200)
      assert.equal(await countCertificates(), before + 1, when)
    }
  })

  test('only while its account is valid', async () => {
    const client = await acme.account()
    const order = await ordered(client, [host])
    await service.inDatabase(
      `update acme_orders set status = 'invalid' where order_id = '${(order.headers['location'] ?? '').slice(-22)}'`,
    )
    const csr = createCsr({ names: [host] })
    assertProblem(await client.finalize(order.json['finalize'], csr), 'orderNotReady', /is invalid/)
  })
})

suite('the endpoint', () => {
  test('is the requester of its certificates', async () => {
    await obtain(await acme.account(), ['requester.corp.example'])
    await service.runJob('index-certificates')
    const { Certificates } = await service.must('ListCertificates', {
      CertificateAuthorityArn: acme.authorityArn,
    })
    const requesters = (Certificates as { Requester?: string; RequesterArn?: string }[]).map(
      (each) => JSON.stringify(each),
    )
    assert.ok(
      requesters.some((text) => text.includes(`:${service.config.accountId}:acme/web`)),
      requesters[0],
    )
  })

  test('issues nothing for a name that it has ceased to permit', async () => {
    await acme.addEndpoint('narrowed', open)
    const client = await acme.account('narrowed')
    const order = await ordered(client, [host])
    await acme.configure('narrowed', { ...open, names: ['b.corp.example'] })
    const csr = createCsr({ names: [host] })
    const refused = await client.finalize(order.json['finalize'], csr)
    assertProblem(refused, '400 rejectedIdentifier', /names of this endpoint/)
  })

  test('issues no certificate that outlives its CA', async () => {
    await createRoot(service, {
      subject: { CommonName: 'Brief' },
      validity: { Value: 1, Type: 'DAYS' },
    })
    await acme.addEndpoint('brief', { ...open, validitySeconds: 10 * 86_400 })
    const client = await acme.account('brief')
    const { chain } = await obtain(client, [host])
    const leaf = new X509Certificate(chain.text)
    assert.ok(leaf.validToDate.getTime() <= service.clock.now().getTime() + 86_400_000)
    const notAfter = new Date(service.clock.now().getTime() + 5 * 86_400_000).toISOString()
    const order = await ordered(client, [host], { notAfter })
    const csr = createCsr({ names: [host] })
    assertProblem(
      await client.finalize(order.json['finalize'], csr),
      'badCSR',
      /exceeds the certificate authority validity/,
    )
  })
})
