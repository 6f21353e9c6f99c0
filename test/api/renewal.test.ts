/**
 * Tests of the requirements for imported CA certificates and for CRLs. Also tests the reports about data from versions that did
 * not check the requirements.
 */
import assert from 'node:assert/strict'
import { sign } from 'node:crypto'
import { after, before, test } from 'node:test'
import { encodeCertificate, parseCertificate } from '../../src/x509/certificate.ts'
import { encodeKeyUsage } from '../../src/x509/extensions/key-usage.ts'
import { encodeElement, encodeSequence, encodeSetOf } from '../../src/x509/der/writer.ts'
import { encodeOidElement, oids } from '../../src/x509/der/oid.ts'
import { craft, named, pemOf, type Crafted } from '../support/crafted-certificates.ts'
import { csr } from '../support/csrs.ts'
import { issue } from '../support/hierarchy.ts'
import { command } from '../support/process.ts'
import { createExternal, type ExternalAuthority } from '../support/renewals.ts'
import {
  allPublished,
  crlBucket,
  crlThat,
  eventually,
  lastOf,
  revocationOptions,
} from '../support/revocation.ts'
import { TestService, type Members } from '../support/service.ts'

const lines: string[] = []
let service: TestService
before(async () => {
  const logTo = { write: (line: string) => void lines.push(line) }
  service = await TestService.start({ crlDelay: '0', logLevel: 'warn' }, { logTo })
  await service.createBucket(crlBucket)
})
after(() => service.close())

const withoutCrlSign = {
  oid: oids.keyUsage,
  critical: true,
  value: encodeKeyUsage(['digitalSignature', 'keyCertSign']),
}
const one = { subject: named('One'), keyIdentifier: Buffer.from('one') }
const two = { subject: named('Two'), keyIdentifier: Buffer.from('two') }

async function importRefusal(authority: ExternalAuthority, certificate: Crafted): Promise<string> {
  return service.refusal('ImportCertificateAuthorityCertificate', {
    CertificateAuthorityArn: authority.arn,
    Certificate: pemOf(certificate).toString('base64'),
    CertificateChain: pemOf(authority.root).toString('base64'),
  })
}

const update = (arn: string, more: Record<string, unknown>): Record<string, unknown> => ({
  CertificateAuthorityArn: arn,
  ...more,
})

async function verify(): Promise<Members> {
  const { stdout } = await command(['verify', '--data', service.config.dataDirectory])
  return JSON.parse(stdout)
}

test('an import of a CA certificate without cRLSign is refused while CRLs are enabled', async () => {
  const authority = await createExternal(service, revocationOptions())
  const bad = authority.certify({ ...one, keyUsage: withoutCrlSign })
  const expected = /^MalformedCertificateException: .*cRLSign.*RFC 5280 section 6\.3\.3/
  assert.match(await importRefusal(authority, bad), expected)
  await authority.give(authority.certify(one))
  assert.match(await importRefusal(authority, bad), expected)
  await service.must(
    'UpdateCertificateAuthority',
    update(authority.arn, revocationOptions({ Enabled: false })),
  )
  await authority.give(bad)
})

test('a CA without cRLSign cannot enable CRLs, but can enable OCSP and change its status', async () => {
  const authority = await createExternal(service, {})
  await authority.give(authority.certify({ ...one, keyUsage: withoutCrlSign }))
  const refused = await service.refusal(
    'UpdateCertificateAuthority',
    update(authority.arn, revocationOptions()),
  )
  assert.match(refused, /^InvalidArgsException: CrlConfiguration cannot be enabled: .*cRLSign/)
  const ocsp = { RevocationConfiguration: { OcspConfiguration: { Enabled: true } } }
  await service.must('UpdateCertificateAuthority', update(authority.arn, ocsp))
  await service.must('UpdateCertificateAuthority', update(authority.arn, { Status: 'DISABLED' }))
  await service.must('UpdateCertificateAuthority', update(authority.arn, { Status: 'ACTIVE' }))
  const { certificate } = await issue(service, { arn: authority.arn, csr: csr('ec-server') })
  assert.match(certificate, /^-----BEGIN CERTIFICATE-----/)
})

/** A Name with one commonName, encoded as a PrintableString. */
function printable(commonName: string): Uint8Array {
  const value = encodeElement(0x13, Buffer.from(commonName))
  return encodeSequence(encodeSetOf([encodeSequence(encodeOidElement(oids.commonName), value)]))
}

/** Returns a copy of the certificate, signed with ECDSA and SHA-1. */
function withSha1({ certificate, keys }: Crafted): Crafted {
  const sha1 = encodeSequence(encodeOidElement('1.2.840.10045.4.1'))
  const sha256 = encodeSequence(encodeOidElement('1.2.840.10045.4.3.2'))
  const tbs = Buffer.from(certificate.tbsCertificateDer)
  // The algorithm identifier with SHA-1 is one byte shorter, so the length of the outer SEQUENCE changes.
  const at = tbs.indexOf(sha256)
  const content = Buffer.concat([tbs.subarray(0, at), sha1, tbs.subarray(at + sha256.length)])
  const changed = encodeSequence(content.subarray(tbs[1] === 0x82 ? 4 : tbs[1] === 0x81 ? 3 : 2))
  const der = encodeCertificate(changed, sha1, sign('sha1', changed, keys.privateKey))
  return { certificate: parseCertificate(der), keys }
}

test('signet verify accepts every chain that an import accepts', async () => {
  const chains = [
    (root: Crafted) => ({ root, issuer: root.certificate.subject.der }),
    (root: Crafted) => ({ root, issuer: printable('External Root') }),
    (root: Crafted) => ({ root, issuer: named(' EXTERNAL  root') }),
    (root: Crafted) => ({ root: withSha1(root), issuer: root.certificate.subject.der }),
    (root: Crafted) => ({
      root: craft({
        subject: named('External Root'),
        issuer: printable('external root'),
        keys: root.keys,
      }),
      issuer: named('External Root'),
    }),
  ]
  for (const chain of chains) {
    const authority = await createExternal(service, {})
    const { root, issuer } = chain(authority.root)
    const { certificate, keys } = authority.certify(one)
    const { extensions } = certificate
    const imported = craft({ subject: named('One'), issuer, keys, extensions }, root)
    await service.must('ImportCertificateAuthorityCertificate', {
      CertificateAuthorityArn: authority.arn,
      Certificate: pemOf(imported).toString('base64'),
      CertificateChain: pemOf(root).toString('base64'),
    })
  }
  await allPublished(service)
  const { Problems } = await verify()
  assert.deepEqual(Problems, [])
})

test('verify and startup report CAs that an earlier version renewed without a new CRL or without cRLSign', async () => {
  const renamed = await createExternal(service, revocationOptions())
  await renamed.give(renamed.certify(one))
  await issue(service, { arn: renamed.arn, csr: csr('ec-server') })
  await renamed.give(renamed.certify(two))
  await issue(service, { arn: renamed.arn, csr: csr('ec-server') })
  const unsigned = await createExternal(service, revocationOptions())
  await unsigned.give(unsigned.certify(one))
  await issue(service, { arn: unsigned.arn, csr: csr('ec-server') })
  await allPublished(service)
  assert.deepEqual((await verify()).Problems, [])
  // Creates the state from earlier versions: one CRL for both names, and a CA certificate without cRLSign.
  const [id, otherId] = [lastOf(renamed.arn), lastOf(unsigned.arn)]
  const number = 'select authority_number from authorities where id = ?'
  await service.inDatabase(
    `update authority_certificates set issuer_identity = 1 where authority_number = (${number})`,
    id,
  )
  await service.inDatabase(`delete from crls where name = ?`, `${id}-2`)
  const [{ crl }] = (await service.inDatabase(
    `update crls set changes = changes + 1, due_at_ms = 0 where name = ? returning crl_id as crl`,
    id,
  )) as [Members]
  await service.inDatabase(
    `update certificates set crl_id = ${Number(crl)} where authority_number = (${number})`,
    id,
  )
  await service.inDatabase(
    `update authorities set crl_id = ${Number(crl)}, revision = revision + 1 where id = ?`,
    id,
  )
  const bad = unsigned.certify({ ...one, keyUsage: withoutCrlSign }).certificate.der
  const hex = Buffer.from(bad).toString('hex')
  const blob = service.config.database === undefined ? `x'${hex}'` : `'\\x${hex}'::bytea`
  await service.inDatabase(
    `update authority_certificates set certificate_der = ${blob}
      where authority_number = (${number})`,
    otherId,
  )
  lines.length = 0
  await service.restart()
  await crlThat(service, `crl/${id}.crl`, ({ issuer }) =>
    Buffer.from(issuer).equals(Buffer.from(two.subject)),
  )
  const warned = (about: string, text: RegExp): Promise<true> =>
    eventually(
      async () =>
        Promise.resolve(
          lines.some((line) => line.includes(about) && text.test(line)) ? true : undefined,
        ),
      `a warning about ${about}`,
    )
  await warned(id, /renewed the CA with another subject or subjectKeyIdentifier.*replace these/)
  await warned(otherId, /key usage in the CA certificate lacks cRLSign/)
  await allPublished(service)
  const problems: string[] = (await verify()).Problems
  assert.equal(
    problems.filter((problem) =>
      problem.includes(
        `1 valid certificates from the CA ${id} refer to a CRL with a different issuer`,
      ),
    ).length,
    1,
    problems.join('\n'),
  )
  assert.ok(problems.some((problem) => problem.includes(otherId) && /lacks cRLSign/.test(problem)))
  // Later certificates and the next renewal are correct.
  await renamed.give(renamed.certify(one))
  await issue(service, { arn: renamed.arn, csr: csr('ec-server') })
  await crlThat(service, `crl/${id}-2.crl`, ({ issuer }) =>
    Buffer.from(issuer).equals(Buffer.from(one.subject)),
  )
})
