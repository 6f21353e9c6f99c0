/** The public listener: objects that anyone may read, certificates of CAs, and OCSP, as HTTP wants them. */
import assert from 'node:assert/strict'
import { createHash, createPublicKey, verify, X509Certificate } from 'node:crypto'
import { request as sendRequest, type IncomingHttpHeaders } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { csr } from '../support/csrs.ts'
import { createAuthority, createRoot, createSubordinate, issue } from '../support/hierarchy.ts'
import { ocspRequest, readOcspAnswer, type ReadAnswer } from '../support/ocsp-requests.ts'
import {
  crlBucket,
  crlThat,
  eventually,
  lastOf,
  readCrl,
  revocationOptions,
  revoke,
} from '../support/revocation.ts'
import { TestService } from '../support/service.ts'

let service: TestService
before(async () => {
  service = await TestService.start({ crlDelay: '0', ocspValidity: '3600' })
  await service.createBucket(crlBucket)
})
after(() => service.close())

interface Got {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

interface Options {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: Uint8Array
  readonly base?: string
}

/** One request whose path is sent as it is. */
function send(
  path: string,
  { method = 'GET', headers = {}, body, base }: Options = {},
): Promise<Got> {
  const { hostname, port } = new URL(base ?? service.publicUrl)
  const length = body && { 'content-length': String(body.length) }
  return new Promise((resolve, reject) => {
    const options = { hostname, port, path, method, headers: { ...length, ...headers } }
    const request = sendRequest(options, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const { statusCode = 0 } = response
        resolve({ status: statusCode, headers: response.headers, body: Buffer.concat(chunks) })
      })
    })
    request.on('error', reject)
    request.end(body)
  })
}

const get = (path: string, headers: Record<string, string> = {}): Promise<Got> =>
  send(path, { headers })

describe('an object that anyone may read', () => {
  let path: string
  let der: Buffer
  let root: { readonly arn: string }
  before(async () => {
    root = await createRoot(service, { more: revocationOptions() })
    await issue(service, { arn: root.arn, csr: csr('ec-server') })
    const key = `crl/${lastOf(root.arn)}.crl`
    path = `/${crlBucket}/${key}`
    der = (await crlThat(service, key, () => true)).der
  })

  test('is served whole, to be cached until its nextUpdate', async () => {
    const { status, headers, body } = await get(path)
    const { nextUpdate } = readCrl(der)
    assert.equal(status, 200)
    assert.deepEqual(body, der)
    assert.equal(headers['content-type'], 'application/pkix-crl')
    assert.equal(headers['content-length'], String(der.length))
    assert.equal(headers['accept-ranges'], 'bytes')
    assert.equal(headers['x-content-type-options'], 'nosniff')
    const etag = createHash('sha256').update(der).digest('hex').slice(0, 32)
    assert.equal(headers.etag, `"${etag}"`)
    assert.equal(headers.expires, nextUpdate?.toUTCString())
    const left = ((nextUpdate?.getTime() ?? 0) - service.clock.now().getTime()) / 1000
    const [, age] = /^public, max-age=(\d+)$/.exec(headers['cache-control'] ?? '') ?? []
    assert.ok(Math.abs(Number(age) - left) < 5, `${age}, not ${left}`)
    const modified = Date.parse(headers['last-modified'] ?? '')
    assert.ok(Math.abs(modified - service.clock.now().getTime()) < 60_000)
  })

  test('is the same for HEAD, without the body', async () => {
    const whole = await get(path)
    const head = await send(path, { method: 'HEAD' })
    const { date: _a, 'cache-control': _b, ...expected } = whole.headers
    const { date: _c, 'cache-control': _d, ...found } = head.headers
    assert.deepEqual([head.status, head.body.length, found], [200, 0, expected])
  })

  test('the query of a public URL is ignored', async () => {
    assert.deepEqual((await get(`${path}?a=b`)).body, der)
  })

  test('is 304 for who has it', async () => {
    const { headers } = await get(path)
    const { etag = '', 'last-modified': modified = '' } = headers
    const later = new Date(Date.parse(modified) + 5000).toUTCString()
    const earlier = new Date(Date.parse(modified) - 5000).toUTCString()
    const cases: [Record<string, string>, number][] = [
      [{ 'if-none-match': etag }, 304],
      [{ 'if-none-match': `"x", W/${etag}, "y"` }, 304],
      [{ 'if-none-match': '*' }, 304],
      [{ 'if-none-match': '"x"' }, 200],
      [{ 'if-modified-since': modified }, 304],
      [{ 'if-modified-since': later }, 304],
      [{ 'if-modified-since': earlier }, 200],
      [{ 'if-modified-since': 'yesterday' }, 200],
      // If-None-Match counts alone when it is there (RFC 9110 §13.1.3).
      [{ 'if-none-match': '"x"', 'if-modified-since': later }, 200],
    ]
    for (const [conditions, expected] of cases)
      for (const method of ['GET', 'HEAD']) {
        const answer = await send(path, { method, headers: conditions })
        assert.equal(answer.status, expected, JSON.stringify(conditions))
        if (expected === 304) {
          assert.equal(answer.body.length, 0)
          assert.equal(answer.headers.etag, etag)
          assert.equal(answer.headers.expires, headers.expires)
        } else if (method === 'GET') assert.deepEqual(answer.body, der)
      }
  })

  test('a range of an object is served', async () => {
    const size = der.length
    const parts: [string, number, number][] = [
      ['bytes=0-0', 0, 0],
      ['bytes=10-19', 10, 19],
      ['bytes=5-', 5, size - 1],
      ['bytes=-7', size - 7, size - 1],
      [`bytes=0-${size + 100}`, 0, size - 1],
      [`bytes=-${size + 100}`, 0, size - 1],
    ]
    for (const [range, start, end] of parts) {
      const { status, headers, body } = await get(path, { range })
      assert.equal(status, 206, range)
      assert.equal(headers['content-range'], `bytes ${start}-${end}/${size}`)
      assert.equal(headers['content-length'], String(end - start + 1))
      assert.deepEqual(body, der.subarray(start, end + 1))
    }
  })

  test('a part that is not there is 416', async () => {
    for (const range of [`bytes=${der.length}-`, 'bytes=999999-', 'bytes=-0']) {
      const { status, headers } = await get(path, { range })
      assert.equal(status, 416, range)
      assert.equal(headers['content-range'], `bytes */${der.length}`)
    }
  })

  test('what is no range, another unit, or several ranges: the whole', async () => {
    for (const range of ['bytes=0-1,5-6', 'lines=1-2', 'bytes', 'bytes=x-y', 'nonsense']) {
      const { status, body } = await get(path, { range })
      assert.equal(status, 200, range)
      assert.deepEqual(body, der)
    }
  })

  test('a part beside what is no range: the whole', async () => {
    // What cannot be parsed is ignored whole (RFC 9110 §14.2).
    for (const range of ['bytes=0-1,x', 'bytes=x,0-1', 'bytes=3-2,0-1'])
      assert.equal((await get(path, { range })).status, 200, range)
  })

  test('a part of what has changed meanwhile is the whole', async () => {
    const { etag = '', 'last-modified': modified = '' } = (await get(path)).headers
    const statusWith = async (condition: string): Promise<number> =>
      (await get(path, { range: 'bytes=0-1', 'if-range': condition })).status
    assert.equal(await statusWith(etag), 206)
    assert.equal(await statusWith(modified), 206)
    assert.equal(await statusWith('"x"'), 200)
    assert.equal(await statusWith(`W/${etag}`), 200)
    assert.equal(await statusWith(new Date(0).toUTCString()), 200)
  })

  test('other methods are refused with 405 and Allow', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND']) {
      const { status, headers } = await send(path, { method, body: Buffer.from('x') })
      assert.equal(status, 405, method)
      assert.equal(headers.allow, 'GET, HEAD')
    }
    assert.deepEqual((await get(path)).body, der)
  })

  test('is replaced by the next CRL, with another ETag', async () => {
    const before_ = await get(path)
    const { arn } = await issue(service, { arn: root.arn, csr: csr('ec-server') })
    service.clock.advance({ seconds: 5 })
    await revoke(service, arn)
    const changed = await eventually(async () => {
      const found = await get(path, { 'if-none-match': before_.headers.etag ?? '' })
      return found.status === 200 ? found : undefined
    }, 'another CRL')
    assert.equal(readCrl(changed.body).entries.size, 1)
    assert.notEqual(changed.headers.etag, before_.headers.etag)
  })
})

describe('everything else is not found', () => {
  let key: string
  before(async () => {
    const root = await createRoot(service, { more: revocationOptions() })
    await issue(service, { arn: root.arn, csr: csr('ec-server') })
    key = `crl/${lastOf(root.arn)}.crl`
    await crlThat(service, key, () => true)
  })

  test('private objects, folders, and the files behind the objects', async () => {
    const stored = createHash('sha256').update(key).digest('hex')
    for (const path of [
      '/my-crls/acm-pca-permission-test-key-private',
      '/my-crls',
      '/my-crls/',
      '/my-crls/crl',
      '/my-crls/crl/',
      '/my-crls/bucket.json',
      `/my-crls/${stored}`,
      `/${key}`,
      `/other-crls/${key}`,
      `/Crls-my/${key}`,
      `/my-crls/${key}/`,
      `/my-crls//${key}`,
      `/my-crls/${key}%20`,
    ])
      assert.equal((await get(path)).status, 404, path)
  })

  test('private also by HEAD, conditionally, in part, and in every method', async () => {
    const path = '/my-crls/acm-pca-permission-test-key-private'
    const conditions = { 'if-none-match': '*', range: 'bytes=0-0' }
    assert.equal((await send(path, { method: 'HEAD', headers: conditions })).status, 404)
    const { status, headers } = await get(path, conditions)
    assert.deepEqual([status, headers.etag, headers['last-modified']], [404, undefined, undefined])
  })

  test('paths that lead out of the bucket', async () => {
    const file = 'credentials'
    for (const path of [
      `/..%2f${file}`,
      `/..%2f..%2f${file}`,
      `/my-crls/../${file}`,
      `/my-crls/../../${file}`,
      `/my-crls/..%2f..%2f${file}`,
      `/my-crls/%2e%2e/%2e%2e/${file}`,
      `/my-crls/..%5c..%5c${file}`,
      `/my-crls/....//....//${file}`,
      `/../${file}`,
      `/.../${file}`,
      `/my-crls%2f${key}`,
      `/my-crls/../my-crls/${key}`,
      `/./my-crls/${key}`,
      `/my-crls/./${key}`,
      `/${file}`,
      '/master.key',
      '/signet.sqlite',
      '/objects/my-crls/bucket.json',
      `/my-crls/%00`,
      `/my-crls/${key}%00`,
      `/my-crls/${key}%00.txt`,
      '/my-crls/%',
      '/my-crls/%zz',
      '/my-crls/%c3%28',
      `/%6dy-crls/${key}`,
      '//',
      '///',
      `//my-crls/${key}`,
      '/.',
      '/..',
      `/my-crls/${'a'.repeat(8000)}`,
      '/my-crls/%c3%a9',
    ]) {
      const { status, body } = await send(path)
      assert.equal(status, 404, path)
      assert.equal(body.toString(), 'Not found\n', path)
    }
  })

  test('paths of the API listener are not found on the public one', async () => {
    for (const path of [
      '/metrics',
      '/metrics/',
      '/healthz/',
      '/ca',
      '/ca/',
      '/events',
      '/favicon.ico',
    ])
      assert.equal((await get(path)).status, 404, path)
    const { status, body } = await get('/healthz')
    assert.deepEqual([status, body.toString()], [200, '{"status":"ok"}'])
  })

  test('an escaped slash is a slash of the key, as for S3', async () => {
    const path = `/my-crls/${key.replaceAll('/', '%2F')}`
    assert.equal((await get(path)).status, 200)
  })

  test('and nothing of it breaks the listener', async () => {
    assert.equal((await get(`/my-crls/${key}`)).status, 200)
  })
})

describe('the certificate of a CA', () => {
  const pathOf = (arn: string): string => `/ca/${lastOf(arn)}.cer`

  test('is served in DER, for a root and for a subordinate', async () => {
    const root = await createRoot(service)
    const subordinate = await createSubordinate(service, root)
    for (const { arn, certificate } of [root, subordinate]) {
      const { raw } = new X509Certificate(certificate)
      const { status, headers, body } = await get(pathOf(arn))
      assert.deepEqual([status, body], [200, raw])
      assert.equal(headers['content-type'], 'application/pkix-cert')
      assert.equal(headers['content-length'], String(raw.length))
      assert.match(headers['cache-control'] ?? '', /^public, max-age=[1-9]\d*$/)
      const head = await send(pathOf(arn), { method: 'HEAD' })
      assert.deepEqual([head.status, head.body.length], [200, 0])
      assert.equal(head.headers['content-length'], String(raw.length))
      const post = await send(pathOf(arn), { method: 'POST', body: Buffer.from('x') })
      assert.deepEqual([post.status, post.headers.allow], [405, 'GET, HEAD'])
    }
  })

  test('is the renewed one after its renewal', async () => {
    const root = await createRoot(service)
    const renewed = await issue(service, root, { template: 'RootCACertificate' })
    await service.must('ImportCertificateAuthorityCertificate', {
      CertificateAuthorityArn: root.arn,
      Certificate: Buffer.from(renewed.certificate).toString('base64'),
    })
    const { body } = await get(pathOf(root.arn))
    assert.deepEqual(body, new X509Certificate(renewed.certificate).raw)
  })

  test('is not there for a CA that has none, or that is none', async () => {
    const { arn } = await createAuthority(service)
    const id = lastOf(arn)
    const absent = '/ca/00000000-0000-4000-8000-000000000000.cer'
    const paths = [pathOf(arn), absent, `/ca/${id}`, `/ca/${id}.pem`, '/ca/.cer', '/ca/%2e%2e.cer']
    for (const path of paths) assert.equal((await get(path)).status, 404, path)
  })

  test('is there while the deletion of the CA can be undone, and gone afterwards', async () => {
    const { arn } = await createRoot(service)
    await service.must('UpdateCertificateAuthority', {
      CertificateAuthorityArn: arn,
      Status: 'DISABLED',
    })
    await service.must('DeleteCertificateAuthority', {
      CertificateAuthorityArn: arn,
      PermanentDeletionTimeInDays: 7,
    })
    assert.equal((await get(pathOf(arn))).status, 200)
    service.clock.advance({ days: 8 })
    assert.equal((await get(pathOf(arn))).status, 404)
    await service.restart()
    assert.equal((await get(pathOf(arn))).status, 404)
  })
})

const malformed = '30030a0101'
const unauthorized = '30030a0106'
const mediaType = 'application/ocsp-request'

interface OcspCa {
  readonly arn: string
  readonly certificate: string
}

/** A CA that answers, and the serial number of a certificate of it. */
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

const post = (body: Uint8Array, path = '/ocsp'): Promise<Got> =>
  send(path, { method: 'POST', body, headers: { 'content-type': mediaType } })

const hexOf = ({ body }: Got): string => body.toString('hex')

/** What an answer says; throws if it is no success, and if the CA did not sign it. */
function answerOf({ status, headers, body }: Got, issuer: string): ReadAnswer {
  assert.deepEqual([status, headers['content-type']], [200, 'application/ocsp-response'])
  const answer = readOcspAnswer(body)
  const key = createPublicKey(issuer)
  assert.ok(verify('sha256', answer.responseData, key, answer.signature), 'the signature is valid')
  return answer
}

describe('OCSP', () => {
  let root: OcspCa & { readonly serial: string }
  let asked: Buffer
  before(async () => {
    root = await ocspCa()
    asked = ocspRequest([{ issuer: root.certificate, serial: root.serial }])
  })

  test('answers GET and POST alike, below / and below /ocsp', async () => {
    const base64 = asked.toString('base64')
    const escaped = encodeURIComponent(base64)
    const partly = base64.replaceAll('=', '%3D').replaceAll('+', '%2b')
    const gots = [
      await post(asked),
      await post(asked, '/ocsp/'),
      await post(asked, '/'),
      ...(await Promise.all(
        [base64, escaped, partly].flatMap((text) => [get(`/ocsp/${text}`), get(`/${text}`)]),
      )),
    ]
    for (const got of gots) {
      const { singles } = answerOf(got, root.certificate)
      assert.deepEqual(
        singles.map(({ status, serial }) => [status, serial]),
        [['good', root.serial.replace(/^(00)+/, '')]],
      )
      assert.deepEqual(got.body, gots[0]?.body)
    }
  })

  test('reads base64 with / and + in it, whichever way it is written', async () => {
    // One of many requests has them.
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

  test('whatever the media type of a POST', async () => {
    for (const type of ['text/plain', 'application/json', 'nonsense', ''])
      answerOf(
        await send('/ocsp', {
          method: 'POST',
          body: asked,
          ...(type !== '' && { headers: { 'content-type': type } }),
        }),
        root.certificate,
      )
  })

  test('repeats CertIDs by SHA-1 and by SHA-256 as they were asked, several in one request', async () => {
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

  test('says when and why, and leaves out UNSPECIFIED', async () => {
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

  test('answers for the certificate of a subordinate CA, and of a root itself', async () => {
    const subordinate = await createSubordinate(service, root)
    for (const certificate of [subordinate.certificate, root.certificate]) {
      const { serialNumber } = new X509Certificate(certificate)
      const request = ocspRequest([{ issuer: root.certificate, serial: serialNumber }])
      assert.equal(answerOf(await post(request), root.certificate).singles[0]?.status, 'good')
    }
  })

  test('other methods are refused with 405 and Allow', async () => {
    for (const method of ['HEAD', 'PUT', 'DELETE', 'OPTIONS'])
      for (const path of ['/', '/ocsp', `/${asked.toString('base64')}`]) {
        const { status, headers } = await send(path, { method })
        assert.deepEqual([status, headers.allow], [405, 'GET, POST'], `${method} ${path}`)
      }
    for (const path of ['/', '/ocsp', '/ocsp/']) assert.equal((await get(path)).status, 405, path)
    assert.equal((await get('/ocsp/x')).status, 404)
  })

  test('refuses a body that is too large', async () => {
    const large = Buffer.alloc(70_000, asked)
    assert.equal((await post(large)).status, 413)
    assert.equal((await post(large, '/')).status, 413)
    answerOf(await post(asked), root.certificate)
  })
})

describe('OCSP requests that are none', () => {
  let root: OcspCa & { readonly serial: string }
  let asked: Buffer
  before(async () => {
    root = await ocspCa()
    asked = ocspRequest([{ issuer: root.certificate, serial: root.serial }])
  })
  const one = (): { issuer: string; serial: string } => ({
    issuer: root.certificate,
    serial: root.serial,
  })

  test('an OCSP request by POST that cannot be read is answered malformedRequest', async () => {
    const bodies: Buffer[] = [
      Buffer.alloc(0),
      Buffer.from('nonsense'),
      Buffer.from('3000', 'hex'),
      asked.subarray(0, -1),
      Buffer.concat([asked, Buffer.of(0)]),
      // The hash algorithm becomes another one, and the SEQUENCE a SET.
      Buffer.from(asked.toString('hex').replace('2b0e03021a', '2b0e03021b'), 'hex'),
      Buffer.from(asked.toString('hex').replace(/^30/, '31'), 'hex'),
      Buffer.alloc(60_000, 0x30),
      ocspRequest([]),
      ocspRequest(Array.from({ length: 21 }, one)),
      ocspRequest([one()], { nonce: new Uint8Array() }),
      ocspRequest([one()], { nonce: new Uint8Array(129) }),
      ocspRequest([one()], { extension: { oid: '1.2.3.4', critical: true } }),
    ]
    for (const [index, body] of bodies.entries()) {
      const got = await post(body)
      assert.deepEqual(
        [got.status, hexOf(got), got.headers['content-type']],
        [200, malformed, 'application/ocsp-response'],
        String(index),
      )
    }
  })

  test('are malformed, by GET, and are not cached', async () => {
    const base64 = asked.toString('base64')
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
      const got = await get(`/ocsp/${text}`)
      assert.deepEqual([got.status, hexOf(got)], [200, malformed], text)
      assert.equal(got.headers['cache-control'], 'no-store')
      assert.equal(got.headers.expires, undefined)
    }
  })

  test('limits are kept to the last: twenty certificates, nonces of 1 and of 128 octets', async () => {
    const twenty = await post(ocspRequest(Array.from({ length: 20 }, one)))
    assert.equal(answerOf(twenty, root.certificate).singles.length, 20)
    for (const length of [1, 32, 128]) {
      const nonce = Buffer.alloc(length, 7)
      const got = await post(ocspRequest([one()], { nonce }))
      assert.equal(answerOf(got, root.certificate).nonce, nonce.toString('hex'))
    }
  })

  test('an extension that is not critical is ignored', async () => {
    const extension = { oid: '1.3.6.1.5.5.7.48.1.4', critical: false }
    const got = await post(ocspRequest([one()], { extension }))
    assert.equal(answerOf(got, root.certificate).singles[0]?.status, 'good')
  })
})

describe('OCSP of what the server does not answer for is unauthorized', () => {
  const codeFor = async (issuer: string, serial: string): Promise<string> => {
    const request = ocspRequest([{ issuer, serial }])
    const got = await post(request)
    assert.deepEqual([got.status, got.headers['content-type']], [200, 'application/ocsp-response'])
    const byGet = await get(`/ocsp/${encodeURIComponent(request.toString('base64'))}`)
    if (hexOf(got) === unauthorized) assert.equal(byGet.headers['cache-control'], 'no-store')
    assert.equal(hexOf(byGet), hexOf(got))
    return hexOf(got).slice(0, 10)
  }
  /** What an answer begins with that is a success. */
  const success = /^3082/

  test('serial numbers that were never issued', async () => {
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

  test('OCSP gives no status of a negative serial number', async () => {
    const { certificate, serial } = await ocspCa()
    const hex = ocspRequest([{ issuer: certificate, serial: `7f${serial.slice(2)}` }]).toString(
      'hex',
    )
    const negative = hex.replace(/02107f/, '0210ff')
    assert.notEqual(negative, hex)
    const got = hexOf(await post(Buffer.from(negative, 'hex')))
    assert.ok([unauthorized, malformed].includes(got), got)
  })

  test('CAs that are elsewhere, and certificates of two CAs at once', async () => {
    const [one, two] = [await ocspCa(), await ocspCa()]
    const stranger = await createAuthority(service)
    const own = await issue(service, stranger, { template: 'RootCACertificate' })
    assert.equal(await codeFor(own.certificate, one.serial), unauthorized)
    assert.equal(await codeFor(two.certificate, one.serial), unauthorized)
    const both = [one, two].map(({ certificate, serial }) => ({ issuer: certificate, serial }))
    assert.equal(hexOf(await post(ocspRequest(both))), unauthorized)
  })

  test('CAs that have OCSP off, from when it is off to when it is on', async () => {
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

  test('deleted CAs, but not disabled ones, and again when they are restored', async () => {
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

  test('expired CAs, and not expired certificates', async () => {
    const root = await ocspCa({ validity: { Value: 40, Type: 'DAYS' } })
    const serial = lastOf((await leafOf(root, 1)).arn)
    service.clock.advance({ days: 2 })
    assert.match(await codeFor(root.certificate, serial), success)
    service.clock.advance({ days: 39 })
    assert.equal(await codeFor(root.certificate, serial), unauthorized)
  })
})

describe('an OCSP answer that is kept', () => {
  let root: OcspCa & { readonly serial: string }
  before(async () => {
    root = await ocspCa()
  })
  const pathOf = (serial: string, hash: 'sha1' | 'sha256' = 'sha1'): string => {
    const base64 = ocspRequest([{ issuer: root.certificate, serial, hash }]).toString('base64')
    return `/ocsp/${encodeURIComponent(base64)}`
  }
  const fresh = async (): Promise<string> => lastOf((await leafOf(root)).arn)

  test('has the headers of RFC 5019 §6', async () => {
    const got = await get(pathOf(await fresh()))
    const { headers, body } = got
    const { singles, producedAt } = answerOf(got, root.certificate)
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
    // Caches ask again when a new answer may be there, long before nextUpdate.
    assert.ok(age > 1700 && age <= 1800, parts[0])
    assert.ok(Number.isFinite(Date.parse(headers.date ?? '')))
  })

  test('is 304 for who has it', async () => {
    const path = pathOf(await fresh())
    const { headers } = await get(path)
    const again = await get(path, { 'if-none-match': headers.etag ?? '' })
    assert.deepEqual([again.status, again.body.length], [304, 0])
    assert.equal(again.headers.etag, headers.etag)
    assert.equal((await get(path, { 'if-none-match': '"x"' })).status, 200)
  })

  test('is the same until half its life is over, and then another', async () => {
    const serial = await fresh()
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
    const life = (got: Got): number =>
      answerOf(got, root.certificate).singles[0]?.nextUpdate?.getTime() ?? 0
    assert.ok(life(second) - life(first) >= 1_800_000)
    assert.deepEqual((await get(pathOf(serial))).body, second.body)
  })

  test('is replaced at once by a revocation, whichever way it is asked for', async () => {
    const serial = await fresh()
    const asking = [
      (): Promise<Got> => get(pathOf(serial)),
      (): Promise<Got> => get(pathOf(serial, 'sha256')),
      (): Promise<Got> => post(ocspRequest([{ issuer: root.certificate, serial }])),
      (): Promise<Got> =>
        post(
          ocspRequest(
            [serial, root.serial].map((one) => ({ issuer: root.certificate, serial: one })),
          ),
        ),
    ]
    const statuses = async (): Promise<string[]> => {
      const gots = await Promise.all(asking.map((ask) => ask()))
      return gots.map((got) => answerOf(got, root.certificate).singles[0]?.status ?? '')
    }
    assert.deepEqual(await statuses(), Array(4).fill('good'))
    await revoke(service, `${root.arn}/certificate/${serial}`)
    assert.deepEqual(await statuses(), Array(4).fill('revoked'))
    const revoked = await get(pathOf(serial))
    assert.deepEqual((await get(pathOf(serial))).body, revoked.body)
    await service.restart()
    assert.deepEqual(await statuses(), Array(4).fill('revoked'))
  })

  test('never has a nonce, and an answer with one is never kept', async () => {
    const serial = await fresh()
    const asked = [{ issuer: root.certificate, serial }]
    const plain = await get(pathOf(serial))
    assert.equal(answerOf(plain, root.certificate).nonce, undefined)
    const nonce = Buffer.from('00112233445566778899aabbccddeeff', 'hex')
    const path = `/ocsp/${encodeURIComponent(ocspRequest(asked, { nonce }).toString('base64'))}`
    const one = await get(path)
    assert.equal(answerOf(one, root.certificate).nonce, nonce.toString('hex'))
    assert.equal(one.headers['cache-control'], 'no-store')
    for (const name of ['etag', 'expires', 'last-modified'])
      assert.equal(one.headers[name], undefined, name)
    service.clock.advance({ seconds: 2 })
    const two = await get(path)
    const produced = (got: Got): number => answerOf(got, root.certificate).producedAt.getTime()
    assert.ok(produced(two) > produced(one))
    assert.deepEqual((await get(pathOf(serial))).body, plain.body)
  })

  test('is given no more when its CA expires meanwhile', async () => {
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

  test('of many at once is one answer', async () => {
    const path = pathOf(await fresh())
    const gots = await Promise.all(Array.from({ length: 40 }, () => get(path)))
    for (const got of gots) answerOf(got, root.certificate)
    const later = await get(path)
    assert.equal(answerOf(later, root.certificate).singles[0]?.status, 'good')
  })
})
