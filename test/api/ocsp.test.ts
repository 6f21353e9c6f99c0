/** Tests of OCSP requests and responses over HTTP. */
import assert from 'node:assert/strict'
import { createHash, createPublicKey, verify, X509Certificate } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { csr } from '../support/csrs.ts'
import { createAuthority, createRoot, createSubordinate, issue } from '../support/hierarchy.ts'
import { ocspRequest, readOcspAnswer, type ReadAnswer } from '../support/ocsp-requests.ts'
import { crlBucket, lastOf, revocationOptions, revoke } from '../support/revocation.ts'
import { TestService } from '../support/service.ts'
import { sendTo, type ReceivedResponse, type SendOptions } from '../support/send-to.ts'

let service: TestService
before(async () => {
  service = await TestService.start({ crlDelay: '0', ocspValidity: '3600' })
  await service.createBucket(crlBucket)
})
after(() => service.close())

const send = (path: string, options: SendOptions = {}): Promise<ReceivedResponse> =>
  sendTo(service.publicUrl, path, options)

const get = (path: string, headers: Record<string, string> = {}): Promise<ReceivedResponse> =>
  send(path, { headers })

const malformed = '30030a0101'
const unauthorized = '30030a0106'
const mediaType = 'application/ocsp-request'

interface OcspCa {
  readonly arn: string
  readonly certificate: string
}

/** Creates a CA with OCSP, issues a certificate, and also returns the certificate's serial number. */
async function ocspCa(more = {}): Promise<OcspCa & { readonly serial: string }> {
  const root = await createRoot(service, {
    more: revocationOptions({ Enabled: false }, { Enabled: true }),
    ...more,
  })
  return { ...root, serial: lastOf((await leafOf(root)).arn) }
}

const leafOf = (root: OcspCa, days = 30): ReturnType<typeof issue> =>
  issue(
    service,
    { arn: root.arn, csr: csr('ec-server') },
    { validity: { Value: days, Type: 'DAYS' } },
  )

const post = (body: Uint8Array, path = '/ocsp'): Promise<ReceivedResponse> =>
  send(path, { method: 'POST', body, headers: { 'content-type': mediaType } })

const hexOf = ({ body }: ReceivedResponse): string => body.toString('hex')

/** Parses a successful OCSP response, and asserts that the CA signed it. */
function answerOf({ status, headers, body }: ReceivedResponse, issuer: string): ReadAnswer {
  assert.deepEqual([status, headers['content-type']], [200, 'application/ocsp-response'])
  const answer = readOcspAnswer(body)
  const key = createPublicKey(issuer)
  assert.ok(verify('sha256', answer.responseData, key, answer.signature), 'the signature is valid')
  return answer
}

describe('OCSP', () => {
  let root: OcspCa & { readonly serial: string }
  let ocspBody: Buffer
  before(async () => {
    root = await ocspCa()
    ocspBody = ocspRequest([{ issuer: root.certificate, serial: root.serial }])
  })

  test('OCSP returns the same response to GET and POST, below / and below /ocsp', async () => {
    const base64 = ocspBody.toString('base64')
    const escaped = encodeURIComponent(base64)
    const partly = base64.replaceAll('=', '%3D').replaceAll('+', '%2b')
    const responses = [
      await post(ocspBody),
      await post(ocspBody, '/ocsp/'),
      await post(ocspBody, '/'),
      ...(await Promise.all(
        [base64, escaped, partly].flatMap((text) => [get(`/ocsp/${text}`), get(`/${text}`)]),
      )),
    ]
    for (const response of responses) {
      const { singles } = answerOf(response, root.certificate)
      assert.deepEqual(
        singles.map(({ status, serial }) => [status, serial]),
        [['good', root.serial.replace(/^(00)+/, '')]],
      )
      assert.deepEqual(response.body, responses[0]?.body)
    }
  })

  test('OCSP accepts base64 with / and +, escaped or not', async () => {
    // The test issues certificates until an OCSP request contains `/`, `+` and `=` in base64.
    let base64 = ''
    while (!(base64.includes('/') && base64.includes('+') && base64.includes('='))) {
      const { arn } = await leafOf(root)
      const one = { issuer: root.certificate, serial: lastOf(arn) }
      base64 = ocspRequest([one]).toString('base64')
    }
    for (const text of [base64, encodeURIComponent(base64), base64.replaceAll('/', '%2f')])
      for (const folder of ['/', '/ocsp/'])
        answerOf(await get(`${folder}${text}`), root.certificate)
  })

  test('OCSP accepts a POST with any media type', async () => {
    for (const type of ['text/plain', 'application/json', 'nonsense', ''])
      answerOf(
        await send('/ocsp', {
          method: 'POST',
          body: ocspBody,
          ...(type !== '' && { headers: { 'content-type': type } }),
        }),
        root.certificate,
      )
  })

  test('OCSP repeats the requested CertIDs with SHA-1 and SHA-256, several in one response', async () => {
    const other = lastOf((await leafOf(root)).arn)
    await revoke(service, `${root.arn}/certificate/${other}`, 'SUPERSEDED')
    const many = [
      { issuer: root.certificate, serial: root.serial },
      { issuer: root.certificate, serial: other },
      { issuer: root.certificate, serial: root.serial, hash: 'sha256' },
      { issuer: root.certificate, serial: other, hash: 'sha256' },
    ] as const
    const request = ocspRequest(many)
    const { singles } = answerOf(await post(request), root.certificate)
    assert.deepEqual(
      singles.map(({ status, reasonCode }) => [status, reasonCode]),
      [
        ['good', undefined],
        ['revoked', 4],
        ['good', undefined],
        ['revoked', 4],
      ],
    )
    for (const { certId } of singles) assert.ok(request.toString('hex').includes(certId))
    assert.equal(new Set(singles.map(({ certId }) => certId)).size, 4)
  })

  test('OCSP returns the time and the reason of a revocation, and omits UNSPECIFIED', async () => {
    for (const [reason, code] of [
      ['UNSPECIFIED', undefined],
      ['A_A_COMPROMISE', 10],
    ] as const) {
      const { arn } = await leafOf(root)
      const before_ = Math.floor(service.clock.now().getTime() / 1000) * 1000
      await revoke(service, arn, reason)
      const request = ocspRequest([{ issuer: root.certificate, serial: lastOf(arn) }])
      const [single] = answerOf(await post(request), root.certificate).singles
      assert.deepEqual([single?.status, single?.reasonCode], ['revoked', code])
      const late = (single?.revocationTime?.getTime() ?? 0) - before_
      assert.ok(late >= 0 && late < 5000, String(late))
    }
  })

  test('OCSP returns the status of the certificate of a subordinate CA and of the root itself', async () => {
    const subordinate = await createSubordinate(service, root)
    for (const certificate of [subordinate.certificate, root.certificate]) {
      const { serialNumber } = new X509Certificate(certificate)
      const request = ocspRequest([{ issuer: root.certificate, serial: serialNumber }])
      assert.equal(answerOf(await post(request), root.certificate).singles[0]?.status, 'good')
    }
  })

  test('other methods are refused with 405 and Allow', async () => {
    for (const method of ['HEAD', 'PUT', 'DELETE', 'OPTIONS'])
      for (const path of ['/', '/ocsp', `/${ocspBody.toString('base64')}`]) {
        if (method === 'HEAD' && path === '/') continue
        const { status, headers } = await send(path, { method })
        assert.deepEqual([status, headers.allow], [405, 'GET, POST'], `${method} ${path}`)
      }
    for (const path of ['/ocsp', '/ocsp/']) assert.equal((await get(path)).status, 405, path)
    assert.equal((await get('/ocsp/x')).status, 404)
  })

  test('OCSP refuses a body that is too large', async () => {
    const large = Buffer.alloc(70_000, ocspBody)
    assert.equal((await post(large)).status, 413)
    assert.equal((await post(large, '/')).status, 413)
    answerOf(await post(ocspBody), root.certificate)
  })
})

describe('malformed OCSP requests', () => {
  let root: OcspCa & { readonly serial: string }
  let ocspBody: Buffer
  before(async () => {
    root = await ocspCa()
    ocspBody = ocspRequest([{ issuer: root.certificate, serial: root.serial }])
  })
  const one = (): { issuer: string; serial: string } => ({
    issuer: root.certificate,
    serial: root.serial,
  })

  test('a malformed OCSP request by POST returns malformedRequest', async () => {
    const bodies: Buffer[] = [
      Buffer.alloc(0),
      Buffer.from('nonsense'),
      Buffer.from('3000', 'hex'),
      ocspBody.subarray(0, -1),
      Buffer.concat([ocspBody, Buffer.of(0)]),
      // The first OCSP request has an unknown hash algorithm, and the second has a SET instead of a SEQUENCE.
      Buffer.from(ocspBody.toString('hex').replace('2b0e03021a', '2b0e03021b'), 'hex'),
      Buffer.from(ocspBody.toString('hex').replace(/^30/, '31'), 'hex'),
      Buffer.alloc(60_000, 0x30),
      ocspRequest([]),
      ocspRequest(Array.from({ length: 21 }, one)),
      ocspRequest([one()], { nonce: new Uint8Array() }),
      ocspRequest([one()], { nonce: new Uint8Array(129) }),
      ocspRequest([one()], { extension: { oid: '1.2.3.4', critical: true } }),
    ]
    for (const [index, body] of bodies.entries()) {
      const response = await post(body)
      assert.deepEqual(
        [response.status, hexOf(response), response.headers['content-type']],
        [200, malformed, 'application/ocsp-response'],
        String(index),
      )
    }
  })

  test('a malformed OCSP request by GET returns malformedRequest, which is not cached', async () => {
    const base64 = ocspBody.toString('base64')
    const texts = [
      'MA',
      'M%',
      'M%zz',
      `${base64}===`,
      `M${base64}`,
      base64.slice(0, -6),
      'M-_',
      'MAA=x',
    ]
    for (const text of texts) {
      const response = await get(`/ocsp/${text}`)
      assert.deepEqual([response.status, hexOf(response)], [200, malformed], text)
      assert.equal(response.headers['cache-control'], 'no-store')
      assert.equal(response.headers.expires, undefined)
    }
  })

  test('OCSP requests at the limits are accepted: twenty certificates, and nonces of 1 to 128 bytes', async () => {
    const twenty = await post(ocspRequest(Array.from({ length: 20 }, one)))
    assert.equal(answerOf(twenty, root.certificate).singles.length, 20)
    for (const length of [1, 32, 128]) {
      const nonce = Buffer.alloc(length, 7)
      const response = await post(ocspRequest([one()], { nonce }))
      assert.equal(answerOf(response, root.certificate).nonce, nonce.toString('hex'))
    }
  })

  test('an unknown extension that is not critical is ignored', async () => {
    const extension = { oid: '1.3.6.1.5.5.7.48.1.4', critical: false }
    const response = await post(ocspRequest([one()], { extension }))
    assert.equal(answerOf(response, root.certificate).singles[0]?.status, 'good')
  })
})

describe('OCSP requests that are unauthorized', () => {
  const codeFor = async (issuer: string, serial: string): Promise<string> => {
    const request = ocspRequest([{ issuer, serial }])
    const response = await post(request)
    assert.deepEqual(
      [response.status, response.headers['content-type']],
      [200, 'application/ocsp-response'],
    )
    const byGet = await get(`/ocsp/${encodeURIComponent(request.toString('base64'))}`)
    if (hexOf(response) === unauthorized) assert.equal(byGet.headers['cache-control'], 'no-store')
    assert.equal(hexOf(byGet), hexOf(response))
    return hexOf(response).slice(0, 10)
  }
  /** The beginning of a successful OCSP response. */
  const success = /^3082/

  test('OCSP is unauthorized for serial numbers that were never issued', async () => {
    const { certificate, serial } = await ocspCa()
    for (const unknown of [
      '00',
      '01',
      'f'.repeat(32),
      `01${'0'.repeat(32)}`,
      'ff'.repeat(20),
      '7f'.repeat(100),
    ])
      assert.equal(await codeFor(certificate, unknown), unauthorized, unknown)
    assert.match(await codeFor(certificate, serial), success)
    const mixed = ['01', serial].map((one) => ({ issuer: certificate, serial: one }))
    assert.equal(hexOf(await post(ocspRequest(mixed))), unauthorized)
  })

  test('OCSP returns no status for a negative serial number', async () => {
    const { certificate, serial } = await ocspCa()
    const hex = ocspRequest([{ issuer: certificate, serial: `7f${serial.slice(2)}` }]).toString(
      'hex',
    )
    const negative = hex.replace(/02107f/, '0210ff')
    assert.notEqual(negative, hex)
    const response = hexOf(await post(Buffer.from(negative, 'hex')))
    assert.ok([unauthorized, malformed].includes(response), response)
  })

  test('OCSP is unauthorized for external CAs, and for certificates of two CAs in one request', async () => {
    const [one, two] = [await ocspCa(), await ocspCa()]
    const stranger = await createAuthority(service)
    const own = await issue(service, stranger, { template: 'RootCACertificate' })
    assert.equal(await codeFor(own.certificate, one.serial), unauthorized)
    assert.equal(await codeFor(two.certificate, one.serial), unauthorized)
    const both = [one, two].map(({ certificate, serial }) => ({ issuer: certificate, serial }))
    assert.equal(hexOf(await post(ocspRequest(both))), unauthorized)
  })

  test('OCSP is unauthorized for a CA while its OCSP is disabled', async () => {
    const { arn, certificate, serial } = await ocspCa()
    const turn = (Enabled: boolean): Promise<unknown> =>
      service.must('UpdateCertificateAuthority', {
        CertificateAuthorityArn: arn,
        RevocationConfiguration: { OcspConfiguration: { Enabled } },
      })
    assert.match(await codeFor(certificate, serial), success)
    await turn(false)
    assert.equal(await codeFor(certificate, serial), unauthorized)
    await turn(true)
    assert.match(await codeFor(certificate, serial), success)
  })

  test('OCSP is unauthorized for a deleted CA until it is restored, but not for a disabled CA', async () => {
    const { arn, certificate, serial } = await ocspCa()
    const CertificateAuthorityArn = arn
    await service.must('UpdateCertificateAuthority', {
      CertificateAuthorityArn,
      Status: 'DISABLED',
    })
    assert.match(await codeFor(certificate, serial), success)
    await service.must('DeleteCertificateAuthority', { CertificateAuthorityArn })
    assert.equal(await codeFor(certificate, serial), unauthorized)
    await service.must('RestoreCertificateAuthority', { CertificateAuthorityArn })
    assert.match(await codeFor(certificate, serial), success)
  })

  test('OCSP is unauthorized for an expired CA, but not for an expired certificate', async () => {
    const root = await ocspCa({ validity: { Value: 40, Type: 'DAYS' } })
    const serial = lastOf((await leafOf(root, 1)).arn)
    service.clock.advance({ days: 2 })
    assert.match(await codeFor(root.certificate, serial), success)
    service.clock.advance({ days: 39 })
    assert.equal(await codeFor(root.certificate, serial), unauthorized)
  })
})

describe('a cached OCSP response', () => {
  let root: OcspCa & { readonly serial: string }
  before(async () => {
    root = await ocspCa()
  })
  const pathOf = (serial: string, hash: 'sha1' | 'sha256' = 'sha1'): string => {
    const base64 = ocspRequest([{ issuer: root.certificate, serial, hash }]).toString('base64')
    return `/ocsp/${encodeURIComponent(base64)}`
  }
  const newSerial = async (): Promise<string> => lastOf((await leafOf(root)).arn)

  test('an OCSP response has the headers of RFC 5019 §6', async () => {
    const response = await get(pathOf(await newSerial()))
    const { headers, body } = response
    const { singles, producedAt } = answerOf(response, root.certificate)
    const { thisUpdate, nextUpdate } = singles[0] ?? assert.fail()
    assert.deepEqual(producedAt, thisUpdate)
    assert.equal((nextUpdate?.getTime() ?? 0) - thisUpdate.getTime(), 3_600_000)
    assert.equal(headers['content-length'], String(body.length))
    assert.equal(headers['last-modified'], producedAt.toUTCString())
    assert.equal(headers.expires, nextUpdate?.toUTCString())
    assert.equal(headers.etag, `"${createHash('sha1').update(body).digest('hex')}"`)
    const parts = (headers['cache-control'] ?? '').split(', ')
    assert.deepEqual(parts.slice(1), ['public', 'no-transform', 'must-revalidate'])
    const age = Number(/^max-age=(\d+)$/.exec(parts[0] ?? '')?.[1])
    // Caches revalidate as soon as a new response may exist, long before nextUpdate.
    assert.ok(age > 1700 && age <= 1800, parts[0])
    assert.ok(Number.isFinite(Date.parse(headers.date ?? '')))
  })

  test('a conditional request for an unchanged OCSP response returns 304', async () => {
    const path = pathOf(await newSerial())
    const { headers } = await get(path)
    const again = await get(path, { 'if-none-match': headers.etag ?? '' })
    assert.deepEqual([again.status, again.body.length], [304, 0])
    assert.equal(again.headers.etag, headers.etag)
    assert.equal((await get(path, { 'if-none-match': '"x"' })).status, 200)
  })

  test('an OCSP response is reused for half its validity and then replaced', async () => {
    const serial = await newSerial()
    const first = await get(pathOf(serial))
    for (const seconds of [600, 600, 590]) {
      service.clock.advance({ seconds })
      const { body, headers } = await get(pathOf(serial))
      assert.deepEqual(body, first.body)
      assert.equal(headers.etag, first.headers.etag)
    }
    service.clock.advance({ seconds: 11 })
    const second = await get(pathOf(serial))
    assert.notDeepEqual(second.body, first.body)
    const life = (response: ReceivedResponse): number =>
      answerOf(response, root.certificate).singles[0]?.nextUpdate?.getTime() ?? 0
    assert.ok(life(second) - life(first) >= 1_800_000)
    assert.deepEqual((await get(pathOf(serial))).body, second.body)
  })

  test('a revocation replaces cached OCSP responses to every form of request immediately', async () => {
    const serial = await newSerial()
    const senders = [
      (): Promise<ReceivedResponse> => get(pathOf(serial)),
      (): Promise<ReceivedResponse> => get(pathOf(serial, 'sha256')),
      (): Promise<ReceivedResponse> => post(ocspRequest([{ issuer: root.certificate, serial }])),
      (): Promise<ReceivedResponse> =>
        post(
          ocspRequest(
            [serial, root.serial].map((one) => ({ issuer: root.certificate, serial: one })),
          ),
        ),
    ]
    const statuses = async (): Promise<string[]> => {
      const responses = await Promise.all(senders.map((sendOne) => sendOne()))
      return responses.map(
        (response) => answerOf(response, root.certificate).singles[0]?.status ?? '',
      )
    }
    assert.deepEqual(await statuses(), Array(4).fill('good'))
    await revoke(service, `${root.arn}/certificate/${serial}`)
    assert.deepEqual(await statuses(), Array(4).fill('revoked'))
    const revoked = await get(pathOf(serial))
    assert.deepEqual((await get(pathOf(serial))).body, revoked.body)
    await service.restart()
    assert.deepEqual(await statuses(), Array(4).fill('revoked'))
  })

  test('a cached OCSP response has no nonce, and a response with a nonce is not cached', async () => {
    const serial = await newSerial()
    const certificates = [{ issuer: root.certificate, serial }]
    const plain = await get(pathOf(serial))
    assert.equal(answerOf(plain, root.certificate).nonce, undefined)
    const nonce = Buffer.from('00112233445566778899aabbccddeeff', 'hex')
    const path = `/ocsp/${encodeURIComponent(ocspRequest(certificates, { nonce }).toString('base64'))}`
    const one = await get(path)
    assert.equal(answerOf(one, root.certificate).nonce, nonce.toString('hex'))
    assert.equal(one.headers['cache-control'], 'no-store')
    for (const name of ['etag', 'expires', 'last-modified'])
      assert.equal(one.headers[name], undefined, name)
    service.clock.advance({ seconds: 2 })
    const two = await get(path)
    const produced = (response: ReceivedResponse): number =>
      answerOf(response, root.certificate).producedAt.getTime()
    assert.ok(produced(two) > produced(one))
    assert.deepEqual((await get(pathOf(serial))).body, plain.body)
  })

  test('a cached OCSP response is not served after its CA has expired', async () => {
    const short = await createRoot(service, {
      more: revocationOptions({ Enabled: false }, { Enabled: true }),
      validity: { Value: 40, Type: 'DAYS' },
    })
    const { arn } = await leafOf(short)
    const request = ocspRequest([{ issuer: short.certificate, serial: lastOf(arn) }])
    const end = new X509Certificate(short.certificate).validToDate.getTime()
    const left = Math.floor((end - service.clock.now().getTime()) / 1000)
    service.clock.advance({ seconds: left - 300 })
    assert.equal(answerOf(await post(request), short.certificate).singles[0]?.status, 'good')
    assert.equal(answerOf(await post(request), short.certificate).singles[0]?.status, 'good')
    service.clock.advance({ seconds: 600 })
    assert.equal(hexOf(await post(request)), unauthorized)
  })

  test('many concurrent requests for one certificate all succeed', async () => {
    const path = pathOf(await newSerial())
    const responses = await Promise.all(Array.from({ length: 40 }, () => get(path)))
    for (const response of responses) answerOf(response, root.certificate)
    const later = await get(path)
    assert.equal(answerOf(later, root.certificate).singles[0]?.status, 'good')
  })
})
