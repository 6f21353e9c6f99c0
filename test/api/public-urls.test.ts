/** Tests that the public listener serves every URL in a certificate, for every configuration of the CA. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { request } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
// oxlint-disable-next-line import/no-unassigned-import -- @peculiar/x509 requires this package
import 'reflect-metadata'
import * as peculiar from '@peculiar/x509'
import * as fc from 'fast-check'
import { ServiceError } from '../../src/errors.ts'
import { parseCertificate } from '../../src/x509/certificate.ts'
import { encodePem } from '../../src/x509/pem.ts'
import { named } from '../support/crafted-certificates.ts'
import { csr } from '../support/csrs.ts'
import { freePort } from '../support/free-port.ts'
import { createRoot, issue } from '../support/hierarchy.ts'
import { ocspRequest, readOcspAnswer } from '../support/ocsp-requests.ts'
import { createExternal } from '../support/renewals.ts'
import {
  crlBucket,
  crlConfiguration,
  eventually,
  lastOf,
  readCrl,
  revocationOptions,
} from '../support/revocation.ts'
import { TestService } from '../support/service.ts'

/** Two servers: one without a public URL, and one whose public URL has a path that no proxy removes. */
const services: { readonly service: TestService; readonly port: number }[] = []
before(async () => {
  for (const publicUrl of [undefined, 'http://pki.example.com/signet/x/']) {
    const port = await freePort()
    const flags = {
      crlDelay: '0',
      publicListen: `127.0.0.1:${port}`,
      ...(publicUrl && { publicUrl }),
    }
    const service = await TestService.start(flags)
    await service.createBucket(crlBucket)
    services.push({ service, port })
  }
})
after(async () => {
  for (const { service } of services) await service.close()
})

interface Fetched {
  readonly status: number
  readonly body: Buffer
}

/** Fetches a URL from the listener on a local port, regardless of the URL's host name. */
async function fetchLocally(
  port: number,
  url: string,
  { host = new URL(url).host, post }: { readonly host?: string; readonly post?: Buffer } = {},
): Promise<Fetched> {
  const { pathname, search } = new URL(url)
  const headers = { host, ...(post && { 'content-type': 'application/ocsp-request' }) }
  const { promise, resolve, reject } = Promise.withResolvers<Fetched>()
  const sent = request({ port, path: pathname + search, method: post ? 'POST' : 'GET', headers })
  sent.on('error', reject)
  sent.on('response', (response) => {
    buffer(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject)
  })
  sent.end(post)
  return promise
}

interface Urls {
  readonly crl: string | undefined
  readonly ocsp: string | undefined
  readonly caIssuers: string | undefined
}

function urlsOf(pem: string): Urls {
  const certificate = new peculiar.X509Certificate(pem)
  const crl = certificate.getExtension(peculiar.CRLDistributionPointsExtension)
  const access = certificate.getExtension(peculiar.AuthorityInfoAccessExtension)
  return {
    crl: crl?.distributionPoints[0]?.distributionPoint?.fullName?.[0]?.uniformResourceIdentifier,
    ocsp: access?.ocsp[0]?.value,
    caIssuers: access?.caIssuers[0]?.value,
  }
}

/** Asserts that each URL in a certificate returns the certificate's issuer, OCSP status or CRL. */
async function requireServed(
  port: number,
  { arn, certificate }: { readonly arn: string; readonly certificate: string },
): Promise<void> {
  const { crl, ocsp, caIssuers } = urlsOf(certificate)
  const leaf = parseCertificate(new X509Certificate(certificate).raw)
  assert.ok(ocsp && caIssuers)
  const issuer = await fetchLocally(port, caIssuers)
  assert.equal(issuer.status, 200, caIssuers)
  const issuerPem = encodePem('CERTIFICATE', issuer.body)
  assert.ok(new X509Certificate(certificate).checkIssued(new X509Certificate(issuerPem)), caIssuers)
  const ocspBody = ocspRequest([{ issuer: issuerPem, serial: lastOf(arn) }])
  const encoded = ocspBody.toString('base64')
  const answers = [
    await fetchLocally(port, ocsp, { post: ocspBody }),
    await fetchLocally(port, `${ocsp}/${encodeURIComponent(encoded)}`),
    await fetchLocally(port, `${ocsp}/${encoded}`),
  ]
  for (const { status, body } of answers) {
    assert.equal(status, 200, ocsp)
    assert.equal(readOcspAnswer(body).singles[0]?.status, 'good', ocsp)
  }
  if (crl === undefined) return
  const found = await eventually(async () => {
    const { status, body } = await fetchLocally(port, crl)
    return status === 200 ? body : undefined
  }, `a CRL at ${crl}`)
  assert.deepEqual(Buffer.from(readCrl(found).issuer), Buffer.from(leaf.issuer.der))
}

const host = fc.constantFrom('crl.example.com', 'PKI.Example.COM', 'pki.example.com', 'x.test:8081')
const path = fc.constantFrom(
  '',
  '/',
  '//',
  '/a',
  '/a/',
  '/a/B-1',
  '/ocsp',
  '/ca',
  '/My/MII',
  '/healthz',
)
const cname = fc.option(
  fc.tuple(host, path).map((parts) => parts.join('')),
  { nil: undefined },
)
const folder = fc.constantFrom(
  'crl',
  'ca',
  'ocsp',
  'MII',
  'My/MIIB',
  'healthz',
  'a/B_1;c@d=e+f/%41?g',
  'MAA=',
)
const configuration = fc.record({
  service: fc.constantFrom(0, 1),
  CrlType: fc.constantFrom('COMPLETE', 'PARTITIONED'),
  CustomPath: fc.option(folder, { nil: undefined }),
  CustomCname: cname,
  OcspCustomCname: cname,
  isRenewed: fc.boolean(),
})

test('property: every URL of a certificate is served, for every configuration and after any renewal', async () => {
  await fc.assert(
    fc.asyncProperty(configuration, async (options) => {
      const { service: index, isRenewed, OcspCustomCname, ...crl } = options
      const { service, port } = services[index] ?? assert.fail()
      const more = revocationOptions(crlConfiguration(crl), { Enabled: true, OcspCustomCname })
      const authority = await createExternal(service, JSON.parse(JSON.stringify(more)))
      const request_ = { arn: authority.arn, csr: csr('ec-server') }
      const importCertificate = (subject: string): Promise<void> =>
        authority.give(
          authority.certify({ subject: named(subject), keyIdentifier: Buffer.from(subject) }),
        )
      await importCertificate('one')
      const old = await issue(service, request_)
      if (isRenewed) await importCertificate('two')
      await requireServed(port, old)
      await requireServed(port, await issue(service, request_))
    }),
    { seed: 15, numRuns: 20 },
  )
})

test('a CRL is served under the current and former CustomCname of its CA, and under no other host', async () => {
  const { service, port } = services[0] ?? assert.fail()
  const more = (CustomCname?: string) =>
    revocationOptions(crlConfiguration(CustomCname === undefined ? {} : { CustomCname }))
  const root = await createRoot(service, { more: more('one.example.com') })
  const other = await createRoot(service, { more: more('other.example.com') })
  const leafUrl = async ({ arn }: { readonly arn: string }): Promise<string> => {
    const { certificate } = await issue(service, { arn, csr: csr('ec-server') })
    return urlsOf(certificate).crl ?? assert.fail()
  }
  const [first, foreign] = [await leafUrl(root), await leafUrl(other)]
  const status = async (url: string, at?: string): Promise<number> =>
    (await fetchLocally(port, url, at === undefined ? {} : { host: at })).status
  for (const url of [first, foreign])
    await eventually(async () => ((await status(url)) === 200 ? true : undefined), url)
  assert.equal(await status(first, 'ONE.example.com:8081'), 200)
  assert.equal(await status(first, 'one.example.com.'), 200)
  for (const host_ of ['other.example.com', 'example.com', 'one.example.com.evil.test', ''])
    assert.equal(await status(first, host_), 404, host_)
  // The path with the bucket is served under any host name.
  const key = new URL(first).pathname
  assert.equal(await status(`http://one.example.com/${crlBucket}${key}`), 200)
  assert.equal(await status(`http://any.test/${crlBucket}${key}`), 200)
  for (const [next, hosts] of [
    ['two.example.com/x', ['one.example.com']],
    [undefined, ['one.example.com', 'two.example.com']],
  ] as const) {
    const input = { CertificateAuthorityArn: root.arn, ...more(next) }
    await service.must('UpdateCertificateAuthority', input)
    assert.equal(await status(first), 200)
    const second = await leafUrl(root)
    if (next !== undefined) assert.equal(await status(second), 200)
    for (const each of hosts)
      assert.equal(await status(first, each), each === 'one.example.com' ? 200 : 404)
  }
})

test('during a database outage CRLs are served under the public URL, and a CustomCname returns 503', async () => {
  let isUnavailable = false
  const port = await freePort()
  const service = await TestService.start(
    { crlDelay: '0', publicListen: `127.0.0.1:${port}` },
    {
      wrapDatabase: (db) =>
        new Proxy(db, {
          get(target, name) {
            if (isUnavailable && name === 'query')
              return () => Promise.reject(new ServiceError('ServiceUnavailable', 'away'))
            const value: unknown = Reflect.get(target, name)
            return typeof value === 'function' ? value.bind(target) : value
          },
        }),
    },
  )
  try {
    await service.createBucket(crlBucket)
    const more = revocationOptions(crlConfiguration({ CustomCname: 'one.example.com' }))
    const root = await createRoot(service, { more })
    const { certificate } = await issue(service, { arn: root.arn, csr: csr('ec-server') })
    const url = urlsOf(certificate).crl ?? assert.fail()
    const status = async (at: string): Promise<number> => (await fetchLocally(port, at)).status
    await eventually(async () => ((await status(url)) === 200 ? true : undefined), url)
    const below = `/${crlBucket}${new URL(url).pathname}`
    isUnavailable = true
    for (const origin of [service.publicUrl, 'http://proxy.test'])
      assert.equal(await status(`${origin}${below}`), 200, origin)
    assert.equal(await status(url), 503)
    isUnavailable = false
    assert.equal(await status(url), 200)
  } finally {
    isUnavailable = false
    await service.close()
  }
})

test('a CNAME or CustomPath that cannot be part of a URL is refused with a hint', async () => {
  const { service } = services[0] ?? assert.fail()
  for (const bad of ['a b', 'a//b', 'a?b', 'a/../b', '/', 'a%20b', 'a:x', '-a', '1.2.3']) {
    const refusals = [revocationOptions(crlConfiguration({ CustomCname: bad }))]
    refusals.push(revocationOptions(undefined, { Enabled: true, OcspCustomCname: bad }))
    for (const more of refusals)
      await assert.rejects(
        createRoot(service, { more }),
        /InvalidArgsException.*must be a host name, such as pki\.example\.com|ValidationException/,
        bad,
      )
  }
  for (const bad of ['..', 'a/..', './a', 'a/./b'])
    await assert.rejects(
      createRoot(service, { more: revocationOptions(crlConfiguration({ CustomPath: bad })) }),
      /InvalidArgsException.*CustomPath/,
      bad,
    )
})
