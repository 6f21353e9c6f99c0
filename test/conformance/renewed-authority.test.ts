/**
 * Tests of CA renewals that change the subject or the subjectKeyIdentifier. OpenSSL, GnuTLS and NSS verify that certificates
 * issued before and after the renewal have a matching CRL, OCSP response and CA certificate.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { sign } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { signatureAlgorithmIdentifier } from '../../src/x509/algorithm-identifier.ts'
import {
  encodeCertificateList,
  encodeCrlNumber,
  encodeTbsCertList,
} from '../../src/x509/certificate-list.ts'
import { encodeElement, encodeSequence, encodeSetOf } from '../../src/x509/der/writer.ts'
import { encodeOidElement, oids } from '../../src/x509/der/oid.ts'
import { encodePem } from '../../src/x509/pem.ts'
import { named, pemOf, type Crafted } from '../support/crafted-certificates.ts'
import { csr } from '../support/csrs.ts'
import { outcome, tool } from '../support/foreign-tools.ts'
import { issue, type Issued } from '../support/hierarchy.ts'
import { createExternal, identifier, type CaCertificateOptions } from '../support/renewals.ts'
import {
  crlBucket,
  crlConfiguration,
  eventually,
  lastOf,
  readCrl,
  revocationOptions,
  revoke,
} from '../support/revocation.ts'
import { TestService } from '../support/service.ts'

const run = promisify(execFile)
let service: TestService
let folder: string
before(async () => {
  service = await TestService.start({ crlDelay: '0' })
  await service.createBucket(crlBucket)
  folder = await mkdtemp(join(tmpdir(), 'signet-renewals-'))
})
after(async () => {
  await service.close()
  await rm(folder, { recursive: true })
})

/** Encodes a Name with one commonName as a PrintableString (`named` encodes a UTF8String). */
function printable(commonName: string): Uint8Array {
  const value = encodeElement(0x13, Buffer.from(commonName))
  return encodeSequence(encodeSetOf([encodeSequence(encodeOidElement(oids.commonName), value)]))
}

const first: CaCertificateOptions = {
  subject: named('Issuing CA'),
  keyIdentifier: Buffer.from('11'.repeat(20), 'hex'),
}
const renewals: Readonly<Record<string, CaCertificateOptions>> = {
  'the same subject and subjectKeyIdentifier': first,
  'another subject': { ...first, subject: named('Issuing CA 2') },
  'the subject in another string type': { ...first, subject: printable('Issuing CA') },
  'the subject in another case': { ...first, subject: named('ISSUING  ca') },
  'another subjectKeyIdentifier': { ...first, keyIdentifier: Buffer.from('22'.repeat(20), 'hex') },
  'no subjectKeyIdentifier': { ...first, keyIdentifier: undefined },
  'another subject and subjectKeyIdentifier': {
    subject: named('Issuing CA 3'),
    keyIdentifier: Buffer.from('33'.repeat(20), 'hex'),
  },
}

/** Files from before or after a renewal: good.pem, revoked.pem, ca.pem, crl.pem, aia.pem, and chains of a leaf and the CA. */
interface Era {
  readonly at: (name: string) => string
  readonly crlUrl: string
  readonly ocspUrl: string
}

async function urlsOf(path: string): Promise<{ crl: string; ocsp: string; caIssuers: string }> {
  const extensions = ['-ext', 'crlDistributionPoints,authorityInfoAccess']
  const { stdout } = await run('openssl', ['x509', '-noout', '-in', path, ...extensions])
  const field = (form: RegExp): string => form.exec(stdout)?.[1] ?? assert.fail(stdout)
  return {
    crl: field(/URI:(\S+\.crl)/),
    ocsp: field(/OCSP - URI:(\S+)/),
    caIssuers: field(/CA Issuers - URI:(\S+)/),
  }
}

/** Returns the body at a URL, or undefined if the response is an error. */
async function fetchBody(url: string): Promise<Buffer | undefined> {
  const response = await fetch(url)
  const body = Buffer.from(await response.arrayBuffer())
  return response.ok ? body : undefined
}

/** Waits until the CRL at a URL lists a certificate. */
async function crlListing(url: string, { arn }: Issued): Promise<Buffer> {
  const serial = lastOf(arn).replace(/^0+/, '')
  return eventually(async () => {
    const der = await fetchBody(url)
    return der !== undefined && readCrl(der).entries.has(serial) ? der : undefined
  }, `a CRL with ${serial} at ${url}`)
}

async function recordEra(
  at: Era['at'],
  ca: Crafted,
  { good, revoked }: Readonly<Record<'good' | 'revoked', Issued>>,
): Promise<Era> {
  await writeFile(at('ca.pem'), pemOf(ca))
  await writeFile(at('good.pem'), `${good.certificate}\n`)
  await writeFile(at('revoked.pem'), `${revoked.certificate}\n`)
  for (const name of ['good', 'revoked'] as const)
    await writeFile(
      at(`${name}-chain.pem`),
      `${name === 'good' ? good.certificate : revoked.certificate}\n${pemOf(ca).toString()}`,
    )
  const urls = await urlsOf(at('good.pem'))
  const crl = await crlListing(urls.crl, revoked)
  await writeFile(at('crl.der'), crl)
  await writeFile(at('crl.pem'), encodePem('X509 CRL', crl))
  const issuer = (await fetchBody(urls.caIssuers)) ?? assert.fail(urls.caIssuers)
  await writeFile(at('aia.pem'), encodePem('CERTIFICATE', issuer))
  return { at, crlUrl: urls.crl, ocspUrl: urls.ocsp }
}

/** Creates an empty CRL for the root, so that verifiers can check the complete path. */
function crlOfRoot({ certificate, keys }: Crafted): string {
  const signatureAlgorithm = signatureAlgorithmIdentifier('SHA256WITHECDSA')
  const tbs = encodeTbsCertList(
    {
      signatureAlgorithm,
      issuer: certificate.subject.der,
      thisUpdate: new Date(Date.now() - 3_600_000),
      nextUpdate: new Date(Date.now() + 86_400_000),
      crlExtensions: [
        identifier.authority(Buffer.from('00'.repeat(20), 'hex')),
        { oid: oids.crlNumber, critical: false, value: encodeCrlNumber(1n) },
      ],
    },
    [],
  )
  const der = encodeCertificateList(tbs, signatureAlgorithm, sign('sha256', tbs, keys.privateKey))
  return encodePem('X509 CRL', der)
}

let cases = 0

interface Renewed {
  readonly rootPath: string
  readonly rootCrlPath: string
  readonly eras: readonly Era[]
}

async function renew(options: CaCertificateOptions, crlType: string): Promise<Renewed> {
  cases += 1
  const caseFolder = join(folder, String(cases))
  for (const era of ['old', 'new']) await mkdir(join(caseFolder, era), { recursive: true })
  const configuration = revocationOptions(crlConfiguration({ CrlType: crlType }), { Enabled: true })
  const authority = await createExternal(service, configuration)
  const pair = async (): Promise<Readonly<Record<'good' | 'revoked', Issued>>> => {
    const request = { arn: authority.arn, csr: csr('ec-server') }
    return { good: await issue(service, request), revoked: await issue(service, request) }
  }
  const certificates = [authority.certify(first), authority.certify(options)] as const
  await authority.give(certificates[0])
  const old = await pair()
  await authority.give(certificates[1])
  const current = await pair()
  // Both certificates are revoked after the renewal.
  for (const { revoked } of [old, current]) await revoke(service, revoked.arn)
  const [rootPath, rootCrlPath] = [join(caseFolder, 'root.pem'), join(caseFolder, 'root-crl.pem')]
  await writeFile(rootPath, pemOf(authority.root))
  await writeFile(rootCrlPath, crlOfRoot(authority.root))
  return {
    rootPath,
    rootCrlPath,
    eras: [
      await recordEra((name) => join(caseFolder, 'old', name), certificates[0], old),
      await recordEra((name) => join(caseFolder, 'new', name), certificates[1], current),
    ],
  }
}

for (const crlType of ['COMPLETE', 'PARTITIONED'])
  for (const [change, options] of Object.entries(renewals))
    describe(`after a renewal with ${change} and a ${crlType} CRL`, () => {
      let renewed: Renewed
      before(async () => {
        renewed = await renew(options, crlType)
      })
      test('OpenSSL rejects the revoked leaves and accepts the good ones', (t) =>
        verifyWithOpenssl(t, renewed, crlType))
      test('GnuTLS rejects the revoked leaves and accepts the good ones', (t) =>
        verifyWithGnutls(t, renewed))
      // NSS does not support the issuingDistributionPoint extension of partitions.
      if (crlType === 'COMPLETE')
        test('NSS rejects the revoked leaves and accepts the good ones', (t) =>
          verifyWithNss(t, renewed))
    })

async function verifyWithOpenssl(t: TestContext, renewed: Renewed, crlType: string): Promise<void> {
  const openssl = await tool(t, 'openssl', { probe: ['version'] })
  if (openssl === undefined) return
  const { rootPath, rootCrlPath, eras } = renewed
  for (const { at, ocspUrl } of eras) {
    // The CA certificate from a handshake, and the CA certificate at the leaf certificate's CA Issuers URL.
    for (const ca of ['ca.pem', 'aia.pem'])
      for (const check of crlType === 'COMPLETE'
        ? ['-crl_check', '-crl_check_all']
        : ['-crl_check']) {
        const crls = ['-CRLfile', at('crl.pem'), '-CRLfile', rootCrlPath]
        const files = ['-CAfile', rootPath, '-untrusted', at(ca), ...crls]
        const verifyLeaf = (leaf: string) => outcome(openssl, ['verify', check, ...files, at(leaf)])
        const good = await verifyLeaf('good.pem')
        assert.match(good.text, /good\.pem: OK/, `${check} ${ca}`)
        const revoked = await verifyLeaf('revoked.pem')
        assert.match(revoked.text, /certificate revoked/, `${check} ${ca}`)
      }
    for (const hash of ['-sha1', '-sha224', '-sha256', '-sha384', '-sha512']) {
      const leaves = ['good', 'revoked'].flatMap((name) => [hash, '-cert', at(`${name}.pem`)])
      const about = ['-issuer', at('ca.pem'), ...leaves, '-CAfile', rootPath]
      const { text } = await outcome(openssl, ['ocsp', ...about, '-url', ocspUrl])
      assert.match(text, /Response verify OK/, hash)
      assert.match(text, /good\.pem: good\n/, hash)
      assert.match(text, /revoked\.pem: revoked\n/, hash)
    }
  }
}

async function verifyWithGnutls(t: TestContext, { rootPath, eras }: Renewed): Promise<void> {
  const certtool = await tool(t, 'certtool')
  const ocsptool = await tool(t, 'ocsptool')
  if (certtool === undefined || ocsptool === undefined) return
  for (const { at, ocspUrl } of eras) {
    const verifyLeaf = (name: string) =>
      outcome(certtool, [
        '--verify',
        '--load-ca-certificate',
        rootPath,
        '--load-crl',
        at('crl.pem'),
        '--infile',
        at(`${name}-chain.pem`),
      ])
    const good = await verifyLeaf('good')
    assert.ok(good.ok, good.text)
    assert.match(good.text, /Checked against CRL\[/)
    const revoked = await verifyLeaf('revoked')
    assert.ok(!revoked.ok)
    assert.match(revoked.text, /The certificate chain is revoked\./)
    for (const [name, expected] of [
      ['good', /Certificate Status: good/],
      ['revoked', /Certificate Status: revoked/],
    ] as const) {
      const about = ['--load-issuer', at('ca.pem'), '--load-cert', at(`${name}.pem`)]
      const { text } = await outcome(ocsptool, [`--ask=${ocspUrl}`, ...about])
      assert.match(text, /Verifying OCSP Response: Success\./)
      assert.match(text, expected)
    }
  }
}

async function verifyWithNss(t: TestContext, { rootPath, eras }: Renewed): Promise<void> {
  const certutil = await tool(t, 'certutil')
  const vfychain = await tool(t, 'vfychain')
  if (certutil === undefined || vfychain === undefined) return
  for (const { at } of eras) {
    await mkdir(at('nss'))
    const database = `sql:${at('nss')}`
    await run(certutil, ['-N', '-d', database, '--empty-password'])
    await run(certutil, ['-A', '-d', database, '-n', 'root', '-t', 'C,,', '-a', '-i', rootPath])
    for (const method of ['crl', 'ocsp']) {
      const policy = ['-g', 'leaf', '-h', 'requireFreshInfo', '-m', method, '-s', 'failIfNoInfo']
      // NSS fetches the CRL or the OCSP response from the URL in the certificate.
      const verifyLeaf = (name: string) =>
        outcome(vfychain, [
          '-d',
          database,
          '-pp',
          '-u',
          '1',
          ...policy,
          '-a',
          at(`${name}.pem`),
          at('ca.pem'),
        ])
      assert.match((await verifyLeaf('good')).text, /Chain is good/, method)
      assert.match((await verifyLeaf('revoked')).text, /ERROR -8180/, method)
    }
  }
}

test('a renewal with a former subject and key identifier continues the former CRL', async () => {
  const authority = await createExternal(
    service,
    revocationOptions(crlConfiguration(), { Enabled: true }),
  )
  const certificateOptions = [
    first,
    renewals['another subject'],
    first,
    renewals['another subject'],
  ]
  const urls: string[] = []
  for (const [index, options] of certificateOptions.entries()) {
    await authority.give(authority.certify(options ?? first))
    const { certificate } = await issue(service, { arn: authority.arn, csr: csr('ec-server') })
    const path = join(folder, `again-${index}.pem`)
    await writeFile(path, `${certificate}\n`)
    const { crl, caIssuers } = await urlsOf(path)
    urls.push(`${crl} ${caIssuers}`)
  }
  assert.equal(urls[0], urls[2])
  assert.equal(urls[1], urls[3])
  assert.notEqual(urls[0], urls[1])
})
