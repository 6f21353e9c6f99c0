import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import {
  certificateArn,
  certificateAuthorityArn,
  parseArn,
  parseCertificateArn,
  parseCertificateAuthorityArn,
  parseTemplateArn,
} from './arn.ts'

const id = '5c0f8d1e-3b7a-4f62-9a4d-0e1b2c3d4e5f'
const authority = `arn:aws:acm-pca:eu-west-1:210987654321:certificate-authority/${id}`

const names = fc.record(
  {
    partition: fc.constantFrom('aws', 'aws-cn', 'aws-us-gov'),
    region: fc.constantFrom('eu-west-1', 'cn-north-1', 'us-gov-west-1'),
    accountId: fc.stringMatching(/^\d{12}$/),
    id: fc.uuid(),
  },
  { noNullPrototype: true },
)

/** Valid ARNs with one edit, and arbitrary text. */
const strange = [
  '',
  'arn',
  'arn:aws:acm-pca:eu-west-1:210987654321',
  `${authority} `,
  ` ${authority}`,
  `${authority}\n`,
  authority.toUpperCase(),
  authority.replace('5c0f', '5C0F'),
  authority.replace('5c0f', '5c0'),
  authority.replace('2109', '109'),
  authority.replace('210987654321', ''),
  authority.replace('eu-west-1', ''),
  authority.replace('eu-west-1', 'eu west'),
  authority.replace('eu-west-1', 'a'.repeat(33)),
  authority.replace('2109', '02109'),
  authority.replace('acm-pca', 'acm'),
  authority.replace('arn:', 'urn:'),
  authority.replace('aws', ''),
  authority.replace('aws', 'a.b'),
  authority.replace('aws', 'a'.repeat(33)),
  authority.replace(':certificate', ':/certificate'),
  `${authority}/`,
  `${authority}/certificate/`,
  `${authority}:1`,
  `${authority}/certificate/01/02`,
  `${authority}/certificate/0A`,
  `${authority}/certificate/0g`,
  `${authority}/certificate/${'0'.repeat(41)}`,
  `arn:aws:acm-pca:eu-west-1:210987654321:certificate-authority/*`,
]

suite('ARNs', () => {
  test('the ARN of a CA is parsed to the values it was made from', () => {
    fc.assert(
      fc.property(names, (name) => {
        assert.deepEqual(parseCertificateAuthorityArn(certificateAuthorityArn(name)), name)
      }),
    )
    assert.equal(
      certificateAuthorityArn({
        partition: 'aws',
        region: 'eu-west-1',
        accountId: '210987654321',
        id,
      }),
      authority,
    )
  })

  test('the ARN of a certificate, with its serial number in hex, is parsed to the values it was made from', () => {
    assert.equal(
      certificateArn(authority, Uint8Array.of(0x0a, 0xbc)),
      `${authority}/certificate/0abc`,
    )
    fc.assert(
      fc.property(names, fc.uint8Array({ minLength: 1, maxLength: 20 }), (name, serialNumber) => {
        const { id: authorityId, ...rest } = name
        const arn = certificateArn(certificateAuthorityArn(name), serialNumber)
        const serialNumberHex = Buffer.from(serialNumber).toString('hex')
        assert.deepEqual(parseCertificateArn(arn), { ...rest, authorityId, serialNumberHex })
        assert.equal(parseCertificateAuthorityArn(arn), undefined)
        assert.ok(arn.length <= 200)
      }),
    )
  })

  for (const text of strange)
    test(`${JSON.stringify(text)} is neither the ARN of a CA nor of a certificate`, () => {
      assert.equal(parseCertificateAuthorityArn(text), undefined)
      assert.equal(parseCertificateArn(text), undefined)
    })

  test('the ARN of a template has no Region and no account', () => {
    const parse = (text: string): unknown => parseTemplateArn(text)
    const name = 'BlankEndEntityCertificate_CriticalBasicConstraints_APICSRPassthrough'
    assert.deepEqual(parse('arn:aws:acm-pca:::template/RootCACertificate/V1'), {
      partition: 'aws',
      name: 'RootCACertificate',
    })
    assert.deepEqual(parse(`arn:aws-cn:acm-pca:::template/${name}/V1`), {
      partition: 'aws-cn',
      name,
    })
    for (const text of [
      'arn:aws:acm-pca:::template/RootCACertificate/V2',
      'arn:aws:acm-pca:::template/RootCACertificate',
      'arn:aws:acm-pca:::template//V1',
      'arn:aws:acm-pca:::template/a/b/V1',
      'arn:aws:acm-pca:::template/RootCACertificate/V1\n',
      'arn:aws:acm-pca:eu-west-1::template/RootCACertificate/V1',
      'arn:aws:acm-pca::210987654321:template/RootCACertificate/V1',
      'arn:aws:acm:::template/RootCACertificate/V1',
      authority,
    ])
      assert.equal(parse(text), undefined, text)
  })

  test('the ARN of any service is split into its parts, and its resource may contain colons', () => {
    assert.deepEqual(parseArn('arn:aws:s3:::a-bucket:x/y'), {
      partition: 'aws',
      service: 's3',
      region: '',
      accountId: '',
      resource: 'a-bucket:x/y',
    })
    assert.equal(parseArn(`arn:aws:s3:::${'a'.repeat(188)}`), undefined)
    assert.equal(parseArn('arn:aws:s3:::'), undefined)
  })

  test('no text makes parsing throw', () => {
    const parts = fc.array(
      fc.constantFrom(
        'arn',
        ':',
        'aws',
        'acm-pca',
        '/',
        id,
        'certificate-authority',
        'certificate',
        '1',
        '\n',
      ),
    )
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      parts.map((list) => list.join('')),
    )
    fc.assert(
      fc.property(text, (candidate) => {
        const name = parseCertificateAuthorityArn(candidate)
        if (name !== undefined) assert.equal(certificateAuthorityArn(name), candidate)
        parseCertificateArn(candidate)
        parseTemplateArn(candidate)
        parseArn(candidate)
      }),
    )
  })
})
