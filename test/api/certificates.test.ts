/** Tests of the contents of issued certificates, and of rejected requests and imports. */
import assert from 'node:assert/strict'
import { createHash, X509Certificate } from 'node:crypto'
import { after, before, test } from 'node:test'
import { csr } from '../support/csrs.ts'
import {
  createAuthority,
  createRoot,
  createSubordinate,
  issue,
  issueInput,
  base64,
} from '../support/hierarchy.ts'
import { TestService } from '../support/service.ts'
import { parseCertificate } from '../../src/x509/certificate.ts'
import { parseCertificationRequest } from '../../src/x509/certification-request.ts'
import { parsePem } from '../../src/x509/pem.ts'

let service: TestService
let root: { arn: string; csr: string; certificate: string }
before(async () => {
  service = await TestService.start()
  root = await createRoot(service)
})
after(() => service.close())

/**
 * A certificate's extensions, each with its OID, criticality and value in hexadecimal. Hashes in key identifiers are omitted.
 */
function extensions(pem: string): string[] {
  const certificate = parseCertificate(derOf(pem))
  return certificate.extensions.map(({ oid, critical, value }) => {
    const hex = Buffer.from(value).toString('hex')
    const comparedHex =
      oid === '2.5.29.14' || oid === '2.5.29.35' ? hex.slice(0, hex.length - 40) : hex
    return `${oid}${critical ? ' critical' : ''} ${comparedHex}`
  })
}

function derOf(pem: string): Uint8Array {
  return parsePem(pem)[0]?.der ?? new Uint8Array()
}

const notCa = '2.5.29.19 3000'
const keyIdentifiers = ['2.5.29.35 30168014', '2.5.29.14 0414']
const serverUsage = '2.5.29.15 critical 030205a0'
const signatureUsage = '2.5.29.15 critical 03020780'
const caUsage = '2.5.29.15 critical 03020186'

const expected: Record<string, readonly string[]> = {
  EndEntityCertificate: [
    notCa,
    ...keyIdentifiers,
    serverUsage,
    '2.5.29.37 301406082b0601050507030106082b06010505070302',
  ],
  EndEntityClientAuthCertificate: [
    notCa,
    ...keyIdentifiers,
    serverUsage,
    '2.5.29.37 300a06082b06010505070302',
  ],
  EndEntityServerAuthCertificate: [
    notCa,
    ...keyIdentifiers,
    serverUsage,
    '2.5.29.37 300a06082b06010505070301',
  ],
  CodeSigningCertificate: [
    notCa,
    ...keyIdentifiers,
    signatureUsage,
    '2.5.29.37 critical 300a06082b06010505070303',
  ],
  OCSPSigningCertificate: [
    notCa,
    ...keyIdentifiers,
    signatureUsage,
    '2.5.29.37 critical 300a06082b06010505070309',
  ],
  SubordinateCACertificate_PathLen0: [
    '2.5.29.19 critical 30060101ff020100',
    ...keyIdentifiers,
    caUsage,
  ],
  SubordinateCACertificate_PathLen1: [
    '2.5.29.19 critical 30060101ff020101',
    ...keyIdentifiers,
    caUsage,
  ],
  SubordinateCACertificate_PathLen2: [
    '2.5.29.19 critical 30060101ff020102',
    ...keyIdentifiers,
    caUsage,
  ],
  SubordinateCACertificate_PathLen3: [
    '2.5.29.19 critical 30060101ff020103',
    ...keyIdentifiers,
    caUsage,
  ],
}

for (const [template, list] of Object.entries(expected))
  test(`a certificate issued from ${template} has exactly the extensions of that template, in order`, async () => {
    const { certificate } = await issue(
      service,
      { arn: root.arn, csr: csr('ec-no-san') },
      { template },
    )
    assert.deepEqual(extensions(certificate), list)
  })

test('a certificate issued from RootCACertificate has exactly the extensions of that template, in order', () => {
  assert.deepEqual(extensions(root.certificate), [
    '2.5.29.19 critical 30030101ff',
    '2.5.29.14 0414',
    caUsage,
  ])
})

test('IssueCertificate without TemplateArn uses EndEntityCertificate', async () => {
  const { certificate } = await issue(service, { arn: root.arn, csr: csr('ec-no-san') })
  assert.deepEqual(extensions(certificate), expected['EndEntityCertificate'])
})

/** RFC 5280 §4.2.1.2, method 1: SHA-1 of the public key's BIT STRING, here an uncompressed point on a curve. */
function keyIdentifierOf({ publicKey }: X509Certificate): string {
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
  const coordinates = [x, y].map((text) => Buffer.from(text, 'base64url'))
  return createHash('sha1')
    .update(Buffer.concat([Buffer.of(4), ...coordinates]))
    .digest('hex')
}

function extensionValue(pem: string, type: string): string | undefined {
  const found = parseCertificate(derOf(pem)).extensions.find(({ oid }) => oid === type)
  return found && Buffer.from(found.value).toString('hex')
}

test('key identifiers are the SHA-1 hash of the key, and the authority key identifier matches the issuer', async () => {
  const { certificate } = await issue(service, { arn: root.arn, csr: csr('ec-server') })
  const leaf = new X509Certificate(certificate)
  const issuer = new X509Certificate(root.certificate)
  assert.equal(leaf.checkIssued(issuer), true)
  assert.equal(leaf.verify(issuer.publicKey), true)
  const [leafKeyId, issuerKeyId] = [keyIdentifierOf(leaf), keyIdentifierOf(issuer)]
  assert.equal(extensionValue(certificate, '2.5.29.14'), `0414${leafKeyId}`)
  assert.equal(extensionValue(root.certificate, '2.5.29.14'), `0414${issuerKeyId}`)
  assert.equal(extensionValue(certificate, '2.5.29.35'), `30168014${issuerKeyId}`)
  assert.match(leaf.toLegacyObject().serialNumber, /^[0-9A-F]{1,32}$/)
})

test('subject, public key and subject alternative name are copied byte for byte', async () => {
  for (const name of [
    'ec-server',
    'odd-subject',
    'rsa-2048',
    'ed25519',
    'empty-subject-critical-san',
    'ec-p384',
    'ec-p521',
  ]) {
    const request = parseCertificationRequest(derOf(csr(name)))
    const { certificate } = await issue(service, { arn: root.arn, csr: csr(name) })
    const parsed = parseCertificate(derOf(certificate))
    assert.deepEqual(parsed.subject.der, request.subject.der, name)
    assert.deepEqual(parsed.subjectPublicKeyInfo.der, request.subjectPublicKeyInfo.der, name)
    const san = (list: readonly { oid: string; critical: boolean; value: Uint8Array }[]) =>
      list.filter(({ oid }) => oid === '2.5.29.17')
    assert.deepEqual(san(parsed.extensions), san(request.extensions), name)
  }
})

test('other extensions in a CSR are ignored', async () => {
  const { certificate } = await issue(service, { arn: root.arn, csr: csr('wants-to-be-ca') })
  assert.deepEqual(extensions(certificate), expected['EndEntityCertificate'])
})

test('the ARN contains the serial number in hex, and DescribeCertificateAuthority returns it in decimal', async () => {
  const { arn, certificate } = await issue(service, { arn: root.arn, csr: csr('ec-server') })
  const hex = arn.split('/').at(-1) ?? ''
  assert.match(hex, /^[0-9a-f]{32}$/)
  assert.equal(BigInt(`0x${new X509Certificate(certificate).serialNumber}`), BigInt(`0x${hex}`))
  const { CertificateAuthority } = await service.must('DescribeCertificateAuthority', {
    CertificateAuthorityArn: root.arn,
  })
  assert.equal(
    CertificateAuthority.Serial,
    BigInt(`0x${new X509Certificate(root.certificate).serialNumber}`).toString(),
  )
})

test('PEM has lines of 64 characters and no final newline, and a chain starts with the issuer', async () => {
  const subordinate = await createSubordinate(service, root)
  const leaf = await issue(service, { arn: subordinate.arn, csr: csr('ec-server') })
  assert.equal(leaf.chain, `${subordinate.certificate}\n${root.certificate}`)
  for (const pem of [leaf.certificate, leaf.chain ?? '']) {
    assert.ok(pem.startsWith('-----BEGIN CERTIFICATE-----\n'))
    assert.ok(pem.endsWith('-----END CERTIFICATE-----'))
    assert.ok(pem.split('\n').every((line) => line.length <= 64))
  }
  const input = { CertificateAuthorityArn: subordinate.arn }
  const own = await service.must('GetCertificateAuthorityCertificate', input)
  assert.deepEqual(own, {
    Certificate: subordinate.certificate,
    CertificateChain: root.certificate,
  })
  const rootOwn = await service.must('GetCertificateAuthorityCertificate', {
    CertificateAuthorityArn: root.arn,
  })
  assert.deepEqual(rootOwn, { Certificate: root.certificate })
})

test('CSRs with CRLF and text, a Microsoft PEM header, or a long common name are accepted', async () => {
  for (const name of ['crlf-with-text', 'microsoft-header', 'long-common-name'])
    await issue(service, { arn: root.arn, csr: csr(name) })
})

test('the error for an invalid CSR states the reason', async () => {
  const refuse = (pem: string) => service.refusal('IssueCertificate', issueInput(root.arn, pem))
  const cases: [string, RegExp][] = [
    [csr('wrong-signature'), /has an invalid signature/],
    [csr('sha1-signature'), /signed with sha1WithRSAEncryption/i],
    [csr('empty-subject-no-san'), /must have a subject or a subject alternative name/],
    [
      csr('empty-subject-plain-san'),
      /^MalformedCSRException: CSR must mark the SAN extension critical when it has an empty subject$/,
    ],
    ['hello', /no PEM block was found/],
    [root.certificate, /; it is a certificate in PEM$/],
    [csr('ec-server') + csr('ec-no-san'), /2 blocks were found/],
    [csr('ec-server').replace('MII', 'MIJ'), /cannot be parsed/],
  ]
  for (const [pem, text] of cases) {
    const refusal = await refuse(pem)
    assert.match(refusal, /^MalformedCSRException: CSR /)
    assert.match(refusal, text)
  }
})

test('a validity that exceeds that of the CA, and a path length that is not smaller than that of the CA, are refused', async () => {
  const subordinate = await createSubordinate(service, root, {
    pathLen: 1,
    validity: { Value: 30, Type: 'DAYS' },
  })
  const refuse = (request: object) =>
    service.refusal('IssueCertificate', issueInput(subordinate.arn, csr('ec-no-san'), request))
  assert.match(
    await refuse({ validity: { Value: 31, Type: 'DAYS' } }),
    /^ValidationException: The certificate validity specified exceeds the certificate authority validity: the certificate would expire at \S+Z, and the CA certificate expires at \S+Z$/,
  )
  const days = { validity: { Value: 1, Type: 'DAYS' } }
  for (const template of ['SubordinateCACertificate_PathLen1', 'SubordinateCACertificate_PathLen3'])
    assert.match(await refuse({ template, ...days }), /^ValidationException: Template /)
  await issue(
    service,
    { arn: subordinate.arn, csr: csr('ec-no-san') },
    { template: 'SubordinateCACertificate_PathLen0', ...days },
  )
})

test('a root template is accepted only for the CSR of the root itself', async () => {
  const request = { template: 'RootCACertificate' }
  assert.match(
    await service.refusal('IssueCertificate', issueInput(root.arn, csr('ec-no-san'), request)),
    /^InvalidArgsException: Template RootCACertificate can only be used by a root/,
  )
  const subordinate = await createSubordinate(service, root)
  assert.match(
    await service.refusal(
      'IssueCertificate',
      issueInput(subordinate.arn, subordinate.csr, request),
    ),
    /^InvalidArgsException: Template RootCACertificate/,
  )
})

test('unknown templates and invalid template ARNs are refused', async () => {
  const refuse = (TemplateArn: string) =>
    service.refusal(
      'IssueCertificate',
      issueInput(root.arn, csr('ec-server'), { more: { TemplateArn } }),
    )
  assert.match(
    await refuse('arn:aws:acm-pca:::template/Nonsense/V1'),
    /^InvalidArgsException: Template Nonsense does not exist\. Templates with similar names: /,
  )
  assert.match(
    await refuse('arn:aws:acm-pca:::template/EndEntityCertficate_APIPasthrough/V1'),
    /EndEntityCertificate_APIPassthrough/,
  )
  assert.match(
    await refuse('arn:aws:acm-pca:::template/EndEntityCertificate/V2'),
    /^InvalidArnException: /,
  )
  assert.match(
    await refuse('arn:aws-cn:acm-pca:::template/EndEntityCertificate/V1'),
    /^InvalidArnException: /,
  )
  assert.match(await refuse(root.arn), /^InvalidArnException: /)
})

test('the signing algorithm must match the key type of the CA', async () => {
  const input = issueInput(root.arn, csr('ec-server'), { signingAlgorithm: 'SHA384WITHRSA' })
  assert.equal(
    await service.refusal('IssueCertificate', input),
    'InvalidArgsException: Signing algorithm SHA384WITHRSA cannot be used with key type EC_prime256v1. ' +
      'Valid signing algorithms are: SHA256WITHECDSA, SHA384WITHECDSA, SHA512WITHECDSA.',
  )
})

for (const keyAlgorithm of [
  'RSA_2048',
  'RSA_3072',
  'RSA_4096',
  'EC_prime256v1',
  'EC_secp384r1',
  'EC_secp521r1',
])
  test(`a CA with key type ${keyAlgorithm} signs with each algorithm of that type`, async () => {
    const ca = await createRoot(service, { keyAlgorithm })
    const family = keyAlgorithm.startsWith('RSA') ? 'RSA' : 'ECDSA'
    const issuer = new X509Certificate(ca.certificate)
    assert.equal(issuer.verify(issuer.publicKey), true)
    for (const hash of [256, 384, 512]) {
      const signingAlgorithm = `SHA${hash}WITH${family}`
      const leaf = await issue(
        service,
        { arn: ca.arn, csr: csr('ec-server') },
        { signingAlgorithm },
      )
      assert.equal(new X509Certificate(leaf.certificate).verify(issuer.publicKey), true)
    }
  })

test('a short-lived CA issues certificates for at most seven days, but no CA certificates', async () => {
  const ca = await createRoot(service, { more: { UsageMode: 'SHORT_LIVED_CERTIFICATE' } })
  await issue(
    service,
    { arn: ca.arn, csr: csr('ec-server') },
    { validity: { Value: 7, Type: 'DAYS' } },
  )
  const refuse = (request: object) =>
    service.refusal('IssueCertificate', issueInput(ca.arn, csr('ec-no-san'), request))
  assert.match(
    await refuse({ validity: { Value: 8, Type: 'DAYS' } }),
    /^ValidationException: .* exceeds 7 days/,
  )
  const template = 'SubordinateCACertificate_PathLen0'
  assert.match(
    await refuse({ template, validity: { Value: 1, Type: 'DAYS' } }),
    /^ValidationException: /,
  )
})

test('GetCertificate refuses the ARN of a certificate of another CA', async () => {
  const other = await createRoot(service)
  const leaf = await issue(service, { arn: root.arn, csr: csr('ec-server') })
  const get = (CertificateAuthorityArn: string, CertificateArn: string) =>
    service.refusal('GetCertificate', { CertificateAuthorityArn, CertificateArn })
  assert.match(await get(other.arn, leaf.arn), /^InvalidArnException: /)
  assert.match(await get(root.arn, root.arn), /^InvalidArnException: /)
  const serial = leaf.arn.split('/').at(-1) ?? ''
  assert.match(
    await get(other.arn, `${other.arn}/certificate/${serial}`),
    /^ResourceNotFoundException: /,
  )
  assert.match(await get(root.arn, `${root.arn}/certificate/00`), /^ResourceNotFoundException: /)
})

test('DescribeCertificateAuthority refuses an ARN of another Region, account or resource type', async () => {
  const describe = (CertificateAuthorityArn: string, options = {}) =>
    service.refusal('DescribeCertificateAuthority', { CertificateAuthorityArn }, options)
  assert.match(await describe(root.arn, { region: 'eu-west-2' }), /^InvalidArnException: /)
  assert.match(
    await describe(root.arn.replace('123456789012', '210987654321')),
    /^AccessDeniedException: .* because no resource-based policy allows the acm-pca:DescribeCertificateAuthority action$/,
  )
  assert.match(await describe(`${root.arn}/certificate/00`), /^InvalidArnException: /)
  const id = root.arn.split('/').at(-1) ?? ''
  const absent = root.arn.replace(id, '00000000-0000-4000-8000-000000000000')
  assert.match(await describe(absent), /^ResourceNotFoundException: /)
})

test('ImportCertificateAuthorityCertificate checks the public key, the extensions and the chain', async () => {
  const subordinate = await createAuthority(service, { type: 'SUBORDINATE' })
  const signed = await issue(
    service,
    { arn: root.arn, csr: subordinate.csr },
    { template: 'SubordinateCACertificate_PathLen0' },
  )
  const leafLike = await issue(service, { arn: root.arn, csr: subordinate.csr })
  const stranger = await createRoot(service)
  const importInto = (arn: string, Certificate: string, chain?: string) =>
    service.refusal('ImportCertificateAuthorityCertificate', {
      CertificateAuthorityArn: arn,
      Certificate: base64(Certificate),
      ...(chain === undefined ? {} : { CertificateChain: base64(chain) }),
    })
  const { arn } = subordinate
  const cases: [Promise<string>, RegExp][] = [
    [
      importInto(arn, 'x', root.certificate),
      /^MalformedCertificateException: Certificate has no PEM certificate/,
    ],
    [
      importInto(arn, signed.certificate, 'x'),
      /^MalformedCertificateException: CertificateChain has no/,
    ],
    [
      importInto(arn, `${signed.certificate}\n${root.certificate}`, root.certificate),
      /exactly one PEM certificate/,
    ],
    [importInto(arn, signed.certificate), /^InvalidRequestException: CertificateChain is required/],
    [
      importInto(arn, root.certificate, root.certificate),
      /^CertificateMismatchException: .*public key/,
    ],
    [
      importInto(arn, leafLike.certificate, root.certificate),
      /^ValidationException: Certificate has basic constraints that are not critical/,
    ],
    [
      importInto(arn, signed.certificate, stranger.certificate),
      /^CertificateMismatchException: Certificate is not signed by the key of certificate 1/,
    ],
    [
      importInto(arn, signed.certificate, `${signed.certificate}\n${root.certificate}`),
      /^InvalidRequestException: CertificateChain must not contain/,
    ],
    [
      importInto(root.arn, root.certificate, root.certificate),
      /^InvalidRequestException: CertificateChain must not be given/,
    ],
  ]
  for (const [refusal, text] of cases) assert.match(await refusal, text)
  const below = await createSubordinate(service, root, { pathLen: 1 })
  const incomplete = await createAuthority(service, { type: 'SUBORDINATE' })
  const signedBelow = await issue(
    service,
    { arn: below.arn, csr: incomplete.csr },
    { template: 'SubordinateCACertificate_PathLen0' },
  )
  assert.match(
    await importInto(incomplete.arn, signedBelow.certificate, below.certificate),
    /^CertificateMismatchException: CertificateChain is not complete/,
  )
  assert.match(
    await importInto(
      incomplete.arn,
      signedBelow.certificate,
      `${root.certificate}\n${below.certificate}`,
    ),
    /^CertificateMismatchException: Certificate is (issued by|not signed)/,
  )
})

test('the CSR of a CA has CA basic constraints, and subject attributes in the same order as at AWS', async () => {
  const { csr: pem } = await createAuthority(service, {
    subject: {
      CommonName: 'cn',
      Country: 'DE',
      Organization: 'o',
      OrganizationalUnit: 'ou',
      State: 'st',
      Locality: 'l',
      SerialNumber: '7',
      Title: 't',
      Surname: 'sn',
      GivenName: 'gn',
      Initials: 'i',
      Pseudonym: 'p',
      GenerationQualifier: 'gq',
      DistinguishedNameQualifier: 'q',
    },
  })
  const request = parseCertificationRequest(derOf(pem))
  assert.deepEqual(
    request.subject.rdns.map((rdn) => rdn.map(({ type, value }) => `${type}=${value}`).join('+')),
    [
      '2.5.4.6=DE',
      '2.5.4.10=o',
      '2.5.4.11=ou',
      '2.5.4.46=q',
      '2.5.4.8=st',
      '2.5.4.3=cn',
      '2.5.4.5=7',
      '2.5.4.7=l',
      '2.5.4.12=t',
      '2.5.4.4=sn',
      '2.5.4.42=gn',
      '2.5.4.43=i',
      '2.5.4.65=p',
      '2.5.4.44=gq',
    ],
  )
  assert.deepEqual(
    request.extensions.map(({ oid, critical, value }) => [
      oid,
      critical,
      Buffer.from(value).toString('hex'),
    ]),
    [['2.5.29.19', true, '30030101ff']],
  )
})
