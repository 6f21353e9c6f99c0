/** Tests of ACME certificates: chains, revocation, renewal information and replacement. */
import assert from 'node:assert/strict'
import { createHash, X509Certificate } from 'node:crypto'
import { after, suite, test } from 'node:test'
import { formatCertificateId } from '../../../src/enrollment/certificate-id.ts'
import { issuerKeyIdentifier } from '../../../src/chain/issuer-identity.ts'
import { parseCertificate } from '../../../src/x509/certificate.ts'
import { oids } from '../../../src/x509/der/oid.ts'
import { encodePem } from '../../../src/x509/pem.ts'
import { createCsr } from '../../support/crafted-csrs.ts'
import { createAccountKey, type AcmeClient } from '../../support/acme-client.ts'
import { assertProblem, derOf, obtain, ordered } from '../../support/issued-orders.ts'
import { AcmeService } from '../../support/acme-service.ts'
import { base64, createRoot, createSubordinate, issue } from '../../support/hierarchy.ts'

const open = { challenges: [], names: ['*.corp.example'] } as const
const acme = await AcmeService.start(open)
after(() => acme[Symbol.asyncDispose]())
const { service } = acme
const root = await createRoot(service, { subject: { CommonName: 'Upper Root' } })
const subordinate = await createSubordinate(service, root)
await acme.addEndpoint('below', open)
const host = 'a.corp.example'

async function certificateOf(client: AcmeClient, members: object = {}, names = [host]) {
  const { order, chain } = await obtain(client, names, { members })
  const [der = Buffer.alloc(0)] = derOf(chain)
  return { order, chain, der }
}

function idOf(der: Uint8Array, issuerDer: Uint8Array): string {
  const keyIdentifier = issuerKeyIdentifier(parseCertificate(issuerDer))
  return formatCertificateId({ keyIdentifier, serialNumber: parseCertificate(der).serialNumber })
}

/** Adds a validated challenge to the authorization at the given URL. */
async function prove(authorizationUrl: string): Promise<void> {
  await service.inDatabase(`insert into acme_challenges (challenge_id, authorization_number, type, token,
      status, failures, retry_at_ms, lease_until_ms)
    select authorization_id || '-proof', authorization_number, 'dns-01', 't', 'valid', 0, 0, 0
    from acme_authorizations where authorization_id = '${authorizationUrl.slice(-22)}'`)
}

suite('a certificate', () => {
  test('is returned in PEM with its chain but without the root', async () => {
    const client = await acme.account('below')
    const { chain } = await certificateOf(client)
    assert.equal(chain.headers['content-type'], 'application/pem-certificate-chain')
    const certificates = derOf(chain).map((der) => new X509Certificate(der))
    assert.equal(certificates.length, 2)
    const [leaf, issuer] = certificates
    assert.ok(leaf && issuer && leaf.verify(issuer.publicKey))
    assert.deepEqual(issuer.raw, new X509Certificate(subordinate.certificate).raw)
    assert.match(chain.text, /^-----BEGIN CERTIFICATE-----\n[^]*-----END CERTIFICATE-----\n$/)
    assert.doesNotMatch(chain.text, /\n\n/)
    assert.equal(chain.links['alternate'], undefined)
  })

  test('is returned alone if its CA is a root', async () => {
    const { chain } = await certificateOf(await acme.account())
    assert.equal(derOf(chain).length, 1)
  })

  test('is returned only to its account and at its URL', async () => {
    const client = await acme.account()
    const { order } = await certificateOf(client)
    const url = order.json['certificate'] as string
    assertProblem(await (await acme.account()).post(url), '404 malformed', /no certificate/)
    assertProblem(await client.post(`${url}/1`), '404 malformed', /no certificate chain/)
    assertProblem(await client.post(url.slice(0, -1)), '404 malformed', /no certificate/)
    assertProblem(await client.post(url, {}), 'malformed', /POST-as-GET/)
  })

  test('has alternate chains with other valid certificates of the same CA', async () => {
    const renewed = await createSubordinate(service, root, { subject: { CommonName: 'Renewed' } })
    await acme.addEndpoint('renewed', open)
    const client = await acme.account('renewed')
    const { order } = await certificateOf(client)
    const second = await issue(
      service,
      { arn: root.arn, csr: renewed.csr },
      {
        template: 'SubordinateCACertificate_PathLen0',
        validity: { Value: 6, Type: 'YEARS' },
      },
    )
    await service.must('ImportCertificateAuthorityCertificate', {
      CertificateAuthorityArn: renewed.arn,
      Certificate: base64(second.certificate),
      CertificateChain: base64(second.chain ?? ''),
    })
    const url = order.json['certificate'] as string
    const chain = await client.post(url)
    assert.deepEqual(chain.links['alternate'], [`${url}/1`])
    const alternate = await client.post(`${url}/1`)
    assert.deepEqual(alternate.links['alternate'], [url])
    assert.deepEqual(derOf(alternate)[0], derOf(chain)[0])
    assert.deepEqual(derOf(alternate)[1], new X509Certificate(second.certificate).raw)
    assert.deepEqual(derOf(chain)[1], new X509Certificate(renewed.certificate).raw)
  })
})

suite('revokeCert', () => {
  test('revokes a certificate for the account that ordered it, once', async () => {
    const client = await acme.account()
    const { der } = await certificateOf(client)
    const revoked = await client.revoke(der, { reason: 4 })
    assert.deepEqual([revoked.status, revoked.text], [200, ''])
    assertProblem(await client.revoke(der), '400 alreadyRevoked', /already been revoked/)
    const [row] = await service.inDatabase(
      'select reason_code from revocations order by certificate_number desc limit 1',
    )
    assert.equal(Number(row?.['reason_code']), 4)
  })

  test('revokes a certificate for the holder of its key, without an account', async () => {
    const key = createAccountKey('ES256')
    const client = await acme.account()
    const csr = createCsr({ names: [host], key: key.privateKey })
    const { chain } = await obtain(client, [host], { csr })
    const [der = Buffer.alloc(0)] = derOf(chain)
    const stranger = acme.client()
    assertProblem(
      await stranger.revoke(der, { withJwk: true }),
      '403 unauthorized',
      /must be signed with the key of the certificate/,
    )
    const holder = acme.client('web', key)
    assert.equal((await holder.revoke(der, { withJwk: true, reason: 1 })).status, 200)
  })

  test('revokes a certificate for another account only if its identifiers are proven', async () => {
    const { der } = await certificateOf(await acme.account(), {}, [host, 'b.corp.example'])
    const other = await acme.account()
    assertProblem(await other.revoke(der), '403 unauthorized', /did not order/)
    // Authorizations without a validated challenge do not permit revocation.
    const order = await ordered(other, [host, 'b.corp.example'])
    assertProblem(await other.revoke(der), 'unauthorized', /did not order/)
    for (const [at, url] of (order.json['authorizations'] as string[]).entries()) {
      await prove(url)
      const answer = await other.revoke(der)
      assert.equal(answer.status, at === 0 ? 403 : 200, answer.text)
    }
  })

  test('revokes a certificate that was not ordered only if its common name is proven, too', async () => {
    const commonName = 'b.corp.example'
    const csr = createCsr({
      subject: [{ type: oids.commonName, value: commonName }],
      names: [host],
    })
    const pem = encodePem('CERTIFICATE REQUEST', csr)
    const { certificate } = await issue(service, { arn: acme.authorityArn, csr: pem })
    const der = new X509Certificate(certificate).raw
    const client = await acme.account()
    for (const [name, status] of [
      [host, 403],
      [commonName, 200],
    ] as const) {
      const order = await ordered(client, [name])
      await prove((order.json['authorizations'] as string[])[0] ?? '')
      assert.equal((await client.revoke(der)).status, status)
    }
  })

  test('is refused for reasons that RevokeCertificate does not accept', async () => {
    const client = await acme.account()
    const { der } = await certificateOf(client)
    for (const reason of [-1, 1.5, 6, 7, 8, 11])
      assertProblem(
        await client.revoke(der, { reason }),
        '400 badRevocationReason',
        /0, 1, 2, 3, 4, 5, 9 or 10/,
      )
  })

  test('is refused for certificates that the CA of the endpoint has not issued', async () => {
    const client = await acme.account()
    const { der } = await certificateOf(await acme.account('below'))
    assertProblem(await client.revoke(der), '404 malformed', /has not issued this certificate/)
    const { der: own } = await certificateOf(client)
    const altered = Buffer.from(own)
    altered[altered.length - 1] = (altered.at(-1) ?? 0) ^ 1
    assertProblem(await client.revoke(altered), '404 malformed', /has not issued this certificate/)
    assertProblem(await client.revoke(Buffer.from('hello')), '400 malformed', /cannot be parsed/)
    const { revokeCert } = await client.directory()
    assertProblem(
      await client.post(revokeCert, {}),
      'malformed',
      /certificate must be DER in base64url/,
    )
  })
})

test('revokeCert is refused for an expired certificate, with the reason', async () => {
  const client = await acme.account()
  const { der } = await certificateOf(client)
  service.clock.advance({ days: 2 })
  const again = acme.client('web', client.key)
  again.accountUrl = client.accountUrl
  assertProblem(await again.revoke(der), '400 malformed', /has expired and cannot be revoked/)
})

suite('renewalInfo', () => {
  async function info(client: AcmeClient, id: string) {
    const { renewalInfo = '' } = await client.directory()
    return client.get(`${renewalInfo}/${id}`)
  }

  test('suggests a window after two thirds of the lifetime, and a time for the next request', async () => {
    const client = await acme.account('below')
    const { der, chain } = await certificateOf(client)
    const answer = await info(client, idOf(der, derOf(chain)[1] ?? der))
    assert.equal(answer.status, 200, answer.text)
    assert.equal(answer.headers['retry-after'], '21600')
    assert.equal(answer.headers['content-type'], 'application/json')
    const { notBefore, notAfter } = parseCertificate(der)
    const { start, end } = answer.json['suggestedWindow']
    const twoThirds = notBefore.getTime() + ((notAfter.getTime() - notBefore.getTime()) * 2) / 3
    assert.ok(Math.abs(new Date(start).getTime() - twoThirds) < 1000)
    assert.ok(new Date(start) < new Date(end) && new Date(end) < notAfter)
  })

  test('suggests immediate renewal of a revoked certificate', async () => {
    const client = await acme.account('below')
    const { der, chain } = await certificateOf(client)
    await client.revoke(der)
    const { json } = await info(client, idOf(der, derOf(chain)[1] ?? der))
    assert.ok(new Date(json['suggestedWindow'].end) <= service.clock.now())
  })

  test('is refused for unknown certificates and malformed identifiers', async () => {
    const client = await acme.account('below')
    const { der, chain } = await certificateOf(client)
    const id = idOf(der, derOf(chain)[1] ?? der)
    const otherIssuer = `${createHash('sha1').update('x').digest('base64url')}.${id.split('.')[1]}`
    for (const each of [otherIssuer, `${id.split('.')[0]}.AQ`])
      assertProblem(await info(client, each), '404 malformed', /has not issued/)
    assertProblem(await info(client, 'AQ'), '400 malformed', /must end with/)
  })
})

suite('an order that replaces a certificate', () => {
  test('is accepted once, and contains the identifier of the certificate', async () => {
    const client = await acme.account('below')
    const { der, chain } = await certificateOf(client)
    const replaces = idOf(der, derOf(chain)[1] ?? der)
    const { order } = await certificateOf(client, { replaces }, [host, 'b.corp.example'])
    assert.equal(order.json['replaces'], replaces)
    const second = await client.order([host], { replaces })
    assertProblem(second, '409 alreadyReplaced', /already replaces/)
  })

  test('is refused unless the account ordered the certificate for one of the identifiers', async () => {
    const client = await acme.account('below')
    const { der, chain } = await certificateOf(client)
    const replaces = idOf(der, derOf(chain)[1] ?? der)
    const other = await acme.account('below')
    assertProblem(
      await other.order([host], { replaces }),
      '400 malformed',
      /must identify a certificate that this account has ordered/,
    )
    assertProblem(
      await client.order(['b.corp.example'], { replaces }),
      'malformed',
      /must have an identifier in common/,
    )
    assertProblem(await client.order([host], { replaces: 'AQ' }), 'malformed', /RFC 9773/)
    assertProblem(
      await client.order([host], { replaces: `AQ.${replaces.split('.')[1]}` }),
      'malformed',
      /must identify a certificate that this account has ordered/,
    )
  })
})

test('orders are forgotten a month after their certificates expire, and used nonces after an hour', async () => {
  const client = await acme.account()
  const unfinished = await ordered(client, [host])
  const { order } = await certificateOf(client)
  const count = async (table: string) =>
    Number((await service.inDatabase(`select count(*) as n from ${table}`))[0]?.['n'])
  const later = () => {
    const again = acme.client('web', client.key)
    again.accountUrl = client.accountUrl
    return again
  }
  service.clock.advance({ days: 1 })
  await service.runJob('forget-enrollments')
  assert.equal(await count('acme_used_nonces'), 0)
  const url = order.headers['location'] ?? ''
  assert.equal((await later().post(url)).json['status'], 'valid')
  service.clock.advance({ days: 30 })
  await service.runJob('forget-enrollments')
  assertProblem(await later().post(url), '404 malformed', /no order/)
  assert.equal((await later().post(unfinished.headers['location'] ?? '')).json['status'], 'invalid')
  service.clock.advance({ days: 7 })
  await service.runJob('forget-enrollments')
  assert.equal(await count('acme_orders'), 0)
  assert.equal(await count('acme_authorizations'), 0)
})
