/** Tests of the public listener's HTTP semantics: public objects and CA certificates. */
import assert from 'node:assert/strict'
import { createHash, X509Certificate } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { csr } from '../support/csrs.ts'
import { createAuthority, createRoot, createSubordinate, issue } from '../support/hierarchy.ts'
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

describe('a public object', () => {
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

  test('a CRL is served completely and can be cached until its nextUpdate', async () => {
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
    const secondsLeft = ((nextUpdate?.getTime() ?? 0) - service.clock.now().getTime()) / 1000
    const [, age] = /^public, max-age=(\d+)$/.exec(headers['cache-control'] ?? '') ?? []
    assert.ok(Math.abs(Number(age) - secondsLeft) < 5, `${age}, not ${secondsLeft}`)
    const modified = Date.parse(headers['last-modified'] ?? '')
    assert.ok(Math.abs(modified - service.clock.now().getTime()) < 60_000)
  })

  test('HEAD returns the headers of GET without the body', async () => {
    const whole = await get(path)
    const head = await send(path, { method: 'HEAD' })
    const { date: _a, 'cache-control': _b, ...expected } = whole.headers
    const { date: _c, 'cache-control': _d, ...found } = head.headers
    assert.deepEqual([head.status, head.body.length, found], [200, 0, expected])
  })

  test('the query of a public URL is ignored', async () => {
    assert.deepEqual((await get(`${path}?a=b`)).body, der)
  })

  test('conditional requests for an unchanged object return 304', async () => {
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
      // If-None-Match takes precedence over If-Modified-Since (RFC 9110 §13.1.3).
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

  test('a range beyond the object returns 416', async () => {
    for (const range of [`bytes=${der.length}-`, 'bytes=999999-', 'bytes=-0']) {
      const { status, headers } = await get(path, { range })
      assert.equal(status, 416, range)
      assert.equal(headers['content-range'], `bytes */${der.length}`)
    }
  })

  test('an invalid range, another unit and several ranges return the complete object', async () => {
    for (const range of ['bytes=0-1,5-6', 'lines=1-2', 'bytes', 'bytes=x-y', 'nonsense']) {
      const { status, body } = await get(path, { range })
      assert.equal(status, 200, range)
      assert.deepEqual(body, der)
    }
  })

  test('a valid range next to an invalid range returns the complete object', async () => {
    // An invalid Range header is ignored entirely (RFC 9110 §14.2).
    for (const range of ['bytes=0-1,x', 'bytes=x,0-1', 'bytes=3-2,0-1'])
      assert.equal((await get(path, { range })).status, 200, range)
  })

  test('a range of an object that has changed since returns the complete object', async () => {
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

  test('the next CRL replaces the object and has another ETag', async () => {
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

describe('every other path is not found', () => {
  let key: string
  before(async () => {
    const root = await createRoot(service, { more: revocationOptions() })
    await issue(service, { arn: root.arn, csr: csr('ec-server') })
    key = `crl/${lastOf(root.arn)}.crl`
    await crlThat(service, key, () => true)
  })

  test('private objects, folders and the files that store objects are not found', async () => {
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

  test('private objects are not found by HEAD, conditional and range requests either', async () => {
    const path = '/my-crls/acm-pca-permission-test-key-private'
    const conditions = { 'if-none-match': '*', range: 'bytes=0-0' }
    assert.equal((await send(path, { method: 'HEAD', headers: conditions })).status, 404)
    const { status, headers } = await get(path, conditions)
    assert.deepEqual([status, headers.etag, headers['last-modified']], [404, undefined, undefined])
  })

  test('paths that lead out of the bucket are not found', async () => {
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

  test('paths of the API listener are not found on the public listener', async () => {
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

  test('an escaped slash in a key is a slash, as on S3', async () => {
    const path = `/my-crls/${key.replaceAll('/', '%2F')}`
    assert.equal((await get(path)).status, 200)
  })

  test('the listener still serves objects afterwards', async () => {
    assert.equal((await get(`/my-crls/${key}`)).status, 200)
  })
})

describe('a CA certificate', () => {
  const pathOf = (arn: string): string => `/ca/${lastOf(arn)}.cer`

  test('the certificates of root and subordinate CAs are served in DER', async () => {
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

  test('after a renewal the new CA certificate is served', async () => {
    const root = await createRoot(service)
    const renewed = await issue(service, root, { template: 'RootCACertificate' })
    await service.must('ImportCertificateAuthorityCertificate', {
      CertificateAuthorityArn: root.arn,
      Certificate: Buffer.from(renewed.certificate).toString('base64'),
    })
    const { body } = await get(pathOf(root.arn))
    assert.deepEqual(body, new X509Certificate(renewed.certificate).raw)
  })

  test('the certificate of a pending or nonexistent CA is not found', async () => {
    const { arn } = await createAuthority(service)
    const id = lastOf(arn)
    const absent = '/ca/00000000-0000-4000-8000-000000000000.cer'
    const paths = [pathOf(arn), absent, `/ca/${id}`, `/ca/${id}.pem`, '/ca/.cer', '/ca/%2e%2e.cer']
    for (const path of paths) assert.equal((await get(path)).status, 404, path)
  })

  test('the certificate of a deleted CA is served while the CA can be restored, and not afterwards', async () => {
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
