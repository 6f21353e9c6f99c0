/** Tests of the URLs in certificates: CRL distribution points, OCSP responders and CA Issuers. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
// oxlint-disable-next-line import/no-unassigned-import -- @peculiar/x509 requires this package
import 'reflect-metadata'
import * as peculiar from '@peculiar/x509'
import { csr } from '../support/csrs.ts'
import { createAuthority, createRoot, createSubordinate, issue } from '../support/hierarchy.ts'
import {
  crlBucket,
  crlConfiguration,
  eventually,
  lastOf,
  readCrl,
  revocationOptions,
} from '../support/revocation.ts'
import { TestService } from '../support/service.ts'

let service: TestService
before(async () => {
  service = await TestService.start({ crlDelay: '0' })
  await service.createBucket(crlBucket)
})
after(() => service.close())

const crlOid = '2.5.29.31'
const accessOid = '1.3.6.1.5.5.7.1.1'

/** A DER element with less than 256 bytes of content, in hexadecimal. */
function element(tag: string, content: string): string {
  const length = content.length / 2
  return tag + (length < 128 ? '' : '81') + length.toString(16).padStart(2, '0') + content
}

const uri = (text: string): string => element('86', Buffer.from(text).toString('hex'))

/** CRLDistributionPoints with one URI (RFC 5280 §4.2.1.13), in hexadecimal. */
function distributionPoint(url: string): string {
  return element('30', element('30', element('a0', element('a0', uri(url)))))
}

const accessMethods = { ocsp: '06082b06010505073001', caIssuers: '06082b06010505073002' }

/** AuthorityInfoAccessSyntax (RFC 5280 §4.2.2.1), in hexadecimal. */
function infoAccess(...pairs: [keyof typeof accessMethods, string][]): string {
  const descriptions = pairs.map(([method, url]) => element('30', accessMethods[method] + uri(url)))
  return element('30', descriptions.join(''))
}

interface Pointers {
  readonly crl?: string
  readonly access?: string
}

/** A certificate's two URL extensions, in hexadecimal. Throws if either extension is critical or occurs twice. */
function pointersOf(pem: string): Pointers {
  const { extensions } = new peculiar.X509Certificate(pem)
  const valueOf = (oid: string): string | undefined => {
    const found = extensions.filter(({ type }) => type === oid)
    assert.ok(found.length < 2 && found.every(({ critical }) => !critical))
    return found[0] && Buffer.from(found[0].value).toString('hex')
  }
  const [crl, access] = [valueOf(crlOid), valueOf(accessOid)]
  return { ...(crl && { crl }), ...(access && { access }) }
}

/** The URI of the first distribution point in a certificate. */
function crlUrlOf(pem: string): string {
  const extension = new peculiar.X509Certificate(pem).getExtension(
    peculiar.CRLDistributionPointsExtension,
  )
  return extension?.distributionPoints[0]?.distributionPoint?.fullName?.[0]
    ?.uniformResourceIdentifier as string
}

const rootWith = (
  crl?: Record<string, unknown>,
  ocsp?: Record<string, unknown>,
): ReturnType<typeof createRoot> =>
  createRoot(service, { more: crl || ocsp ? revocationOptions(crl ?? noCrl, ocsp) : {} })
const noCrl = { Enabled: false }
const ocsp = { Enabled: true }

const leafOf = async (authority: { arn: string }, options = {}): Promise<string> =>
  (await issue(service, { arn: authority.arn, csr: csr('ec-server') }, options)).certificate

const bucketUrl = (path: string): string => `${service.publicUrl}/${crlBucket}/${path}`

describe('cRLDistributionPoints', () => {
  test('a certificate contains the URL of the complete CRL, with the ID of the CA', async () => {
    const root = await rootWith(crlConfiguration())
    const url = bucketUrl(`crl/${lastOf(root.arn)}.crl`)
    const leaf = await leafOf(root)
    assert.deepEqual(pointersOf(leaf), { crl: distributionPoint(url) })
    assert.equal(await leafOf(root).then(crlUrlOf), url)
  })

  test('a certificate contains the CustomCname of its CA', async () => {
    const CustomCname = 'crl.example.com'
    const root = await rootWith(crlConfiguration({ CustomCname }))
    const url = `http://crl.example.com/crl/${lastOf(root.arn)}.crl`
    assert.deepEqual(pointersOf(await leafOf(root)), { crl: distributionPoint(url) })
  })

  test('a certificate contains the CustomPath, percent-encoded, below the bucket', async () => {
    const CustomPath = "a/B_1;c@d=e+f/%41?g:h!~*('$,&)"
    // S3 interprets `+` as a space; `%` and `?` have a special meaning in a URL (RFC 3986 §3.3).
    const escaped = "a/B_1;c@d=e%2Bf/%2541%3Fg:h!~*('$,&)"
    const root = await rootWith(crlConfiguration({ CustomPath }))
    const url = bucketUrl(`${escaped}/${lastOf(root.arn)}.crl`)
    assert.equal(crlUrlOf(await leafOf(root)), url)
    const published = await fetchPublished(url)
    assert.equal(readCrl(published).entries.size, 0)
    assert.deepEqual(
      await service.readObject(crlBucket, `${CustomPath}/${lastOf(root.arn)}.crl`),
      published,
    )
  })

  test('a certificate contains the CustomPath below the CustomCname', async () => {
    const more = { CustomCname: 'crl.example.com', CustomPath: 'x/y' }
    const root = await rootWith(crlConfiguration(more))
    const url = `http://crl.example.com/x/y/${lastOf(root.arn)}.crl`
    assert.deepEqual(pointersOf(await leafOf(root)), { crl: distributionPoint(url) })
  })

  test('a CustomPath below a CustomCname is percent-encoded', async () => {
    const more = { CustomCname: 'crl.example.com', CustomPath: 'x%41?y' }
    const escapedRoot = await rootWith(crlConfiguration(more))
    assert.equal(
      crlUrlOf(await leafOf(escapedRoot)),
      `http://crl.example.com/x%2541%3Fy/${lastOf(escapedRoot.arn)}.crl`,
    )
  })

  test('a certificate contains the URL of its partition, and the CRL of the partition contains the same URL', async () => {
    for (const custom of [{}, { CustomCname: 'crl.example.com' }]) {
      const root = await rootWith(crlConfiguration({ CrlType: 'PARTITIONED', ...custom }))
      const url = crlUrlOf(await leafOf(root))
      const [, name = ''] =
        /\/crl\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.crl$/.exec(url) ?? []
      assert.notEqual(name, lastOf(root.arn))
      const host = 'CustomCname' in custom ? 'http://crl.example.com/' : bucketUrl('')
      assert.equal(url, `${host}crl/${name}.crl`)
      const crl = new peculiar.X509Crl(await fetchPublished(bucketUrl(`crl/${name}.crl`)))
      const distributionPoints = crl.getExtension('2.5.29.28')
      assert.equal(distributionPoints?.critical, true)
      // IssuingDistributionPoint (RFC 5280 §5.2.5): distributionPoint, fullName.
      assert.equal(
        Buffer.from(distributionPoints?.value ?? []).toString('hex'),
        element('30', element('a0', element('a0', uri(url)))),
      )
      // The second certificate belongs to the same partition.
      assert.equal(crlUrlOf(await leafOf(root)), url)
    }
  })

  test('with OmitExtension, passthrough can supply the extension', async () => {
    const CrlDistributionPointExtensionConfiguration = { OmitExtension: true }
    const root = await rootWith(crlConfiguration({ CrlDistributionPointExtensionConfiguration }))
    assert.deepEqual(pointersOf(await leafOf(root)), {})
    for (const certificate of await passthroughs(root, crlOid))
      assert.deepEqual(pointersOf(certificate), { crl: distributionPoint(foreignUrl) })
    // The CRL is still published at its usual URL.
    await fetchPublished(bucketUrl(`crl/${lastOf(root.arn)}.crl`))
  })

  test('the extension of the CA takes precedence over passthrough', async () => {
    const root = await rootWith(crlConfiguration())
    const crl = distributionPoint(bucketUrl(`crl/${lastOf(root.arn)}.crl`))
    for (const certificate of await passthroughs(root, crlOid))
      assert.deepEqual(pointersOf(certificate), { crl })
  })

  test('a new certificate contains the CRL URL of the current configuration, or none', async () => {
    const root = await rootWith()
    assert.deepEqual(pointersOf(await leafOf(root)), {})
    await update(root, { CrlConfiguration: crlConfiguration() })
    const crl = distributionPoint(bucketUrl(`crl/${lastOf(root.arn)}.crl`))
    assert.deepEqual(pointersOf(await leafOf(root)), { crl })
    await update(root, { CrlConfiguration: noCrl })
    assert.deepEqual(pointersOf(await leafOf(root)), {})
    await update(root, { CrlConfiguration: crlConfiguration() })
    assert.deepEqual(pointersOf(await leafOf(root)), { crl })
    await update(root, { CrlConfiguration: crlConfiguration({ CrlType: 'PARTITIONED' }) })
    const partition = crlUrlOf(await leafOf(root))
    assert.notEqual(distributionPoint(partition), crl)
    await update(root, { CrlConfiguration: crlConfiguration() })
    assert.deepEqual(pointersOf(await leafOf(root)), { crl })
  })
})

describe('authorityInfoAccess', () => {
  const issuersOf = (root: { arn: string }): string =>
    `${service.publicUrl}/ca/${lastOf(root.arn)}.cer`

  test('a certificate contains the URL of the responder, then the CA Issuers URL', async () => {
    const root = await rootWith(undefined, ocsp)
    const leaf = await leafOf(root)
    const responder = `${service.publicUrl}/ocsp`
    const access = infoAccess(['ocsp', responder], ['caIssuers', issuersOf(root)])
    assert.deepEqual(pointersOf(leaf), { access })
    const found = await fetchPublished(issuersOf(root))
    assert.deepEqual(found, Buffer.from(new peculiar.X509Certificate(root.certificate).rawData))
  })

  test('a certificate contains the OcspCustomCname of its CA', async () => {
    const OcspCustomCname = 'ocsp.example.com'
    const root = await rootWith(undefined, { ...ocsp, OcspCustomCname })
    const access = infoAccess(['ocsp', 'http://ocsp.example.com'], ['caIssuers', issuersOf(root)])
    assert.deepEqual(pointersOf(await leafOf(root)), { access })
  })

  test('passthrough can supply the extension only while OCSP is disabled', async () => {
    const root = await rootWith(undefined, ocsp)
    const { access } = pointersOf(await leafOf(root))
    assert.ok(access)
    for (const certificate of await passthroughs(root, accessOid))
      assert.deepEqual(pointersOf(certificate), { access })
    await update(root, { OcspConfiguration: { Enabled: false } })
    assert.deepEqual(pointersOf(await leafOf(root)), {})
    for (const certificate of await passthroughs(root, accessOid))
      assert.deepEqual(pointersOf(certificate), { access: infoAccess(['ocsp', foreignUrl]) })
  })

  test('--no-ca-issuers omits the CA Issuers URL', async () => {
    const withoutIssuers = await TestService.start({
      noCaIssuers: 'true',
      publicUrl: 'http://pki.example/x',
    })
    const root = await createRoot(withoutIssuers, { more: revocationOptions(noCrl, ocsp) })
    const leaf = await issue(withoutIssuers, { arn: root.arn, csr: csr('ec-server') })
    const access = infoAccess(['ocsp', 'http://pki.example/x/ocsp'])
    assert.deepEqual(pointersOf(leaf.certificate), { access })
    await withoutIssuers.close()
  })
})

test('both extensions come after the extensions of the template, in the same order as at AWS', async () => {
  const root = await rootWith(crlConfiguration(), ocsp)
  const { extensions } = new peculiar.X509Certificate(await leafOf(root))
  assert.deepEqual(
    Array.from(extensions, ({ type }) => type),
    [
      '2.5.29.19',
      '2.5.29.35',
      '2.5.29.14',
      '2.5.29.15',
      '2.5.29.37',
      crlOid,
      accessOid,
      '2.5.29.17',
    ],
  )
})

test('a root certificate has neither extension, even after a renewal', async () => {
  const root = await rootWith(crlConfiguration(), ocsp)
  assert.deepEqual(pointersOf(root.certificate), {})
  const renewed = await issue(service, root, { template: 'RootCACertificate' })
  assert.deepEqual(pointersOf(renewed.certificate), {})
})

test('the certificate of a subordinate CA has the URLs of its issuer', async () => {
  const root = await rootWith(crlConfiguration(), ocsp)
  const subordinate = await createSubordinate(service, root)
  const leafOfRoot = await leafOf(root)
  assert.deepEqual(pointersOf(subordinate.certificate), pointersOf(leafOfRoot))
  assert.deepEqual(Object.keys(pointersOf(subordinate.certificate)), ['crl', 'access'])
  assert.deepEqual(pointersOf(await leafOf(subordinate)), {})
})

test('the CSR of a CA requests neither extension', async () => {
  const { csr: request } = await createAuthority(service, {
    type: 'SUBORDINATE',
    more: revocationOptions(crlConfiguration(), ocsp),
  })
  const { extensions } = new peculiar.Pkcs10CertificateRequest(request)
  const requested = Array.from(extensions, ({ type }) => type)
  assert.deepEqual(
    requested.filter((type) => type === crlOid || type === accessOid),
    [],
  )
})

const foreignUrl = 'http://elsewhere.example/x'

/** Issues two certificates with an extension for `foreignUrl`: one by API passthrough, and one by CSR passthrough. */
async function passthroughs(authority: { arn: string }, oid: string): Promise<string[]> {
  const value = oid === crlOid ? distributionPoint(foreignUrl) : infoAccess(['ocsp', foreignUrl])
  const der = Buffer.from(value, 'hex')
  const CustomExtensions = [{ ObjectIdentifier: oid, Value: der.toString('base64') }]
  const fromApi = await leafOf(authority, {
    template: 'BlankEndEntityCertificate_APIPassthrough',
    more: { ApiPassthrough: { Extensions: { CustomExtensions } } },
  })
  const request = await peculiar.Pkcs10CertificateRequestGenerator.create({
    name: 'CN=passthrough',
    keys: await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
      'sign',
      'verify',
    ]),
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    extensions: [new peculiar.Extension(oid, false, der)],
  })
  const fromCsr = await issue(
    service,
    { arn: authority.arn, csr: request.toString('pem') },
    { template: 'BlankEndEntityCertificate_CSRPassthrough' },
  )
  return [fromApi, fromCsr.certificate]
}

function update(authority: { arn: string }, RevocationConfiguration: object): Promise<unknown> {
  return service.must('UpdateCertificateAuthority', {
    CertificateAuthorityArn: authority.arn,
    RevocationConfiguration,
  })
}

/** Waits until the URL is served, and returns the content. */
async function fetchPublished(url: string): Promise<Buffer> {
  return eventually(async () => {
    const response = await fetch(url)
    const body = Buffer.from(await response.arrayBuffer())
    return response.status === 200 ? body : undefined
  }, url)
}
