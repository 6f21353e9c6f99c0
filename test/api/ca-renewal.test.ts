/** Tests of `signet ca renew` for CA certificates with extensions that do not come from their template. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { parseCertificate, type Certificate } from '../../src/x509/certificate.ts'
import { oids } from '../../src/x509/der/oid.ts'
import { findExtension } from '../../src/x509/extensions/extensions.ts'
import { parsePem } from '../../src/x509/pem.ts'
import { nameConstraints, text } from '../support/crafted-certificates.ts'
import { base64, createAuthority, createRoot, issue } from '../support/hierarchy.ts'
import { command } from '../support/process.ts'
import { TestService } from '../support/service.ts'

let service: TestService
let root: { arn: string }
before(async () => {
  service = await TestService.start()
  root = await createRoot(service)
})
after(() => service.close())

async function renew(arn: string): Promise<void> {
  const data = service.config.dataDirectory
  const { code, stderr } = await command([
    'ca',
    'renew',
    arn,
    '--endpoint',
    service.url,
    '--data',
    data,
    '--region',
    'eu-west-1',
  ])
  assert.equal(code, 0, stderr)
}

async function certificateOf(arn: string): Promise<Certificate> {
  const { Certificate } = await service.must('GetCertificateAuthorityCertificate', {
    CertificateAuthorityArn: arn,
  })
  return parseCertificate(parsePem(Certificate)[0]?.der ?? new Uint8Array())
}

/** Extensions that a renewal must keep unchanged. */
function constantExtensions({ extensions }: Certificate): Record<string, unknown> {
  const names = [oids.basicConstraints, oids.keyUsage, oids.nameConstraints]
  return Object.fromEntries(
    names.map((oid) => {
      const found = findExtension(extensions, oid)
      return [oid, found && [found.critical, Buffer.from(found.value).toString('hex')]]
    }),
  )
}

test('a renewed CA keeps its name constraints', async () => {
  const constraint = nameConstraints([text('dNSName', 'example.com')])
  const authority = await createAuthority(service, { type: 'SUBORDINATE' })
  const { certificate, chain = '' } = await issue(
    service,
    { arn: root.arn, csr: authority.csr },
    {
      template: 'SubordinateCACertificate_PathLen0_APIPassthrough',
      validity: { Value: 1, Type: 'YEARS' },
      more: {
        ApiPassthrough: {
          Extensions: {
            CustomExtensions: [
              {
                ObjectIdentifier: constraint.oid,
                Value: Buffer.from(constraint.value).toString('base64'),
                Critical: true,
              },
            ],
          },
        },
      },
    },
  )
  await service.must('ImportCertificateAuthorityCertificate', {
    CertificateAuthorityArn: authority.arn,
    Certificate: base64(certificate),
    CertificateChain: base64(chain),
  })
  const old = await certificateOf(authority.arn)
  await renew(authority.arn)
  const renewed = await certificateOf(authority.arn)
  assert.notDeepEqual(renewed.serialNumber, old.serialNumber)
  assert.deepEqual(constantExtensions(renewed), constantExtensions(old))
  assert.ok(findExtension(renewed.extensions, oids.nameConstraints))
})

test('a renewed root keeps its path length constraint and its key usage', async () => {
  const authority = await createAuthority(service)
  const { certificate } = await issue(service, authority, {
    template: 'BlankRootCACertificate_PathLen1_APIPassthrough',
    validity: { Value: 5, Type: 'YEARS' },
    more: {
      ApiPassthrough: { Extensions: { KeyUsage: { KeyCertSign: true, CRLSign: true } } },
    },
  })
  await service.must('ImportCertificateAuthorityCertificate', {
    CertificateAuthorityArn: authority.arn,
    Certificate: base64(certificate),
  })
  const old = await certificateOf(authority.arn)
  await renew(authority.arn)
  const renewed = await certificateOf(authority.arn)
  assert.notDeepEqual(renewed.serialNumber, old.serialNumber)
  assert.deepEqual(constantExtensions(renewed), constantExtensions(old))
})
