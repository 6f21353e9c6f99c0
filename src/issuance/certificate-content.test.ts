import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCertificationRequest } from '../x509/certification-request.ts'
import type { Extension } from '../x509/extensions/extensions.ts'
import { encodeName, parseName, type Name } from '../x509/names/name.ts'
import { oids } from '../x509/der/oid.ts'
import { parsePem } from '../x509/pem.ts'
import { csr as csrPem } from '../../test/support/csrs.ts'
import type { AcceptedCsr } from './accept-csr.ts'
import { certificateContent, type ContentSources } from './certificate-content.ts'
import { authorityKeyIdentifierOf } from './issuer.ts'
import { requireTemplate } from './templates.ts'

const nameOf = (value: string): Name => parseName(encodeName([{ type: oids.commonName, value }]))
const nobody = parseName(encodeName([]))

const request = parseCertificationRequest(parsePem(csrPem('ec-no-san'))[0]?.der ?? new Uint8Array())

function extension(oid: string, content: string, critical = false): Extension {
  return { oid, critical, value: Buffer.from(content) }
}

function csrWith(subject: Name, ...extensions: Extension[]): AcceptedCsr {
  return { request: { ...request, subject, extensions } } as unknown as AcceptedCsr
}

/**
 * Formats the subject, and each extension in the form `oid critical content`. For extensions from the template, only the OID is
 * included.
 */
function contentOf(sources: {
  readonly template: string
  readonly csr: AcceptedCsr
  readonly api?: ContentSources['passthrough']
  readonly root?: boolean
  readonly pointers?: ContentSources['pointers']
  readonly emptySubject?: ContentSources['emptySubject']
}): { subject: string; extensions: string[] } {
  const content = certificateContent({
    template: requireTemplate(sources.template),
    csr: sources.csr,
    passthrough: sources.api ?? { subject: undefined, extensions: [] },
    subjectKeyIdentifier: new Uint8Array(20),
    authorityKeyIdentifier:
      sources.root === true ? undefined : authorityKeyIdentifierOf(new Uint8Array(20)),
    pointers: sources.pointers ?? {},
    emptySubject: sources.emptySubject,
  })
  return {
    subject: content.subject.rdns
      .flat()
      .map(({ value }) => value)
      .join(),
    extensions: content.extensions.map(({ oid, critical, value }) => {
      const text = Buffer.from(value).toString()
      return `${oid}${critical ? ' critical' : ''}${/^[a-z]+$/.test(text) ? ` ${text}` : ''}`
    }),
  }
}

const first = [oids.basicConstraints, oids.authorityKeyIdentifier, oids.subjectKeyIdentifier]
const known = [
  oids.basicConstraints,
  oids.subjectKeyIdentifier,
  oids.authorityKeyIdentifier,
  oids.extendedKeyUsage,
  oids.keyUsage,
  oids.subjectAltName,
  oids.crlDistributionPoints,
  '1.2.3',
]
const everything = (content: string): Extension[] => known.map((oid) => extension(oid, content))
const csr = csrWith(nameOf('csr'), ...everything('csr'), extension('1.2.4', 'csr', true))
const api = {
  subject: nameOf('api'),
  extensions: [...everything('api'), extension('1.2.5', 'api', true)],
}

test('a base template copies only subject and SAN from the CSR', () => {
  assert.deepEqual(contentOf({ template: 'EndEntityCertificate', csr, api }), {
    subject: 'csr',
    extensions: [
      ...first,
      `${oids.keyUsage} critical`,
      oids.extendedKeyUsage,
      `${oids.subjectAltName} csr`,
    ],
  })
})

test("extensions come from the sources that the template allows, in AWS's order", () => {
  const blank = 'BlankEndEntityCertificate'
  const taken = (content: string): string[] => [
    ...first,
    `${oids.keyUsage} ${content}`,
    `${oids.extendedKeyUsage} ${content}`,
  ]
  assert.deepEqual(contentOf({ template: `${blank}_CSRPassthrough`, csr, api }), {
    subject: 'csr',
    extensions: [
      ...taken('csr'),
      `${oids.crlDistributionPoints} csr`,
      `${oids.subjectAltName} csr`,
      '1.2.3 csr',
      '1.2.4 critical csr',
    ],
  })
  assert.deepEqual(contentOf({ template: `${blank}_APIPassthrough`, csr, api }), {
    subject: 'api',
    extensions: [...taken('api'), `${oids.subjectAltName} api`, '1.2.3 api', '1.2.5 critical api'],
  })
  assert.deepEqual(contentOf({ template: `${blank}_APICSRPassthrough`, csr, api }), {
    subject: 'api',
    extensions: [
      ...taken('api'),
      `${oids.crlDistributionPoints} csr`,
      `${oids.subjectAltName} api`,
      '1.2.3 api',
      '1.2.5 critical api',
      '1.2.4 critical csr',
    ],
  })
})

test('distribution points in the API request take precedence over distribution points in the CSR', () => {
  const template = 'BlankEndEntityCertificate_CriticalBasicConstraints_APICSRPassthrough'
  const { extensions } = contentOf({ template, csr, api })
  assert.equal(extensions[0], `${oids.basicConstraints} critical`)
  assert.equal(extensions[5], `${oids.crlDistributionPoints} api`)
})

test('a root gets an authority key identifier only from the API', () => {
  const template = 'BlankRootCACertificate_APIPassthrough'
  const own = contentOf({
    template,
    csr: csrWith(nameOf('root'), ...everything('csr')),
    root: true,
  })
  assert.deepEqual(own.extensions, [
    `${oids.basicConstraints} critical`,
    oids.subjectKeyIdentifier,
    `${oids.subjectAltName} csr`,
  ])
  const asked = contentOf({ template, csr, api, root: true })
  assert.equal(asked.extensions[1], `${oids.authorityKeyIdentifier} api`)
})

test('a SAN from the API becomes critical if the subject is empty', () => {
  const template = 'EndEntityCertificate_APIPassthrough'
  const san = extension(oids.subjectAltName, 'api')
  const given = (subject: Name | undefined, empty: Name): string | undefined =>
    contentOf({ template, csr: csrWith(empty), api: { subject, extensions: [san] } }).extensions.at(
      -1,
    )
  assert.equal(given(undefined, nobody), `${oids.subjectAltName} critical api`)
  assert.equal(given(undefined, nameOf('csr')), `${oids.subjectAltName} api`)
  assert.equal(given(nameOf('api'), nobody), `${oids.subjectAltName} api`)
})

test('a certificate without subject and SAN is refused', () => {
  const refused = (template: string, accepted: AcceptedCsr, message: string): void =>
    assert.throws(() => contentOf({ template, csr: accepted }), {
      code: 'MalformedCSRException',
      message,
    })
  const plain = extension(oids.subjectAltName, 'csr')
  const critical = extension(oids.subjectAltName, 'csr', true)
  const leaf = 'EndEntityCertificate'
  refused(leaf, csrWith(nobody), 'CSR must have a subject or a subject alternative name')
  refused(
    leaf,
    csrWith(nobody, plain),
    'CSR must mark the SAN extension critical when it has an empty subject',
  )
  refused(
    'SubordinateCACertificate_PathLen0',
    csrWith(nobody, critical),
    'CSR must have a subject: a certificate authority must have a name',
  )
  assert.equal(contentOf({ template: leaf, csr: csrWith(nobody, critical) }).subject, '')
})

test('with critical-san a SAN of the CSR becomes critical exactly if the subject is empty', () => {
  const san = extension(oids.subjectAltName, 'csr')
  const emptySubject = 'critical-san'
  const template = 'EndEntityCertificate'
  const sanOf = (subject: Name): string | undefined =>
    contentOf({ template, csr: csrWith(subject, san), emptySubject }).extensions.find((each) =>
      each.startsWith(oids.subjectAltName),
    )
  assert.equal(sanOf(nobody), `${oids.subjectAltName} critical csr`)
  assert.equal(sanOf(nameOf('a')), `${oids.subjectAltName} csr`)
  const nameless = { template, csr: csrWith(nobody), emptySubject } as const
  assert.throws(() => contentOf(nameless), { code: 'MalformedCSRException' })
  const ca = 'SubordinateCACertificate_PathLen0'
  assert.throws(() => contentOf({ template: ca, csr: csrWith(nobody, san), emptySubject }), {
    code: 'MalformedCSRException',
    message: /a certificate authority must have a name/,
  })
})

test('a key usage of the CSR with trailing zero bits is encoded in minimal DER', () => {
  const usageOf = (hex: string): string => {
    const usage = { oid: oids.keyUsage, critical: true, value: Buffer.from(hex, 'hex') }
    const { extensions } = certificateContent({
      template: requireTemplate('BlankEndEntityCertificate_CSRPassthrough'),
      csr: csrWith(nameOf('a'), usage),
      passthrough: { subject: undefined, extensions: [] },
      subjectKeyIdentifier: new Uint8Array(20),
      authorityKeyIdentifier: authorityKeyIdentifierOf(new Uint8Array(20)),
      pointers: {},
    })
    const found = extensions.find(({ oid }) => oid === oids.keyUsage)
    return Buffer.from(found?.value ?? []).toString('hex')
  }
  assert.equal(usageOf('03020080'), '03020780')
  assert.equal(usageOf('030307a000'), '030205a0')
  assert.equal(usageOf('03020780'), '03020780')
  // A malformed value is left unchanged, so that the lint reports it.
  assert.equal(usageOf('03020781'), '03020781')
})
