import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasAny } from '../../lists/search-input.ts'
import { filterNames, inputOf, templateArn } from './filters.ts'

const now = Date.parse('2026-01-01T00:00:00Z')
const read = (query: string) => inputOf(new URLSearchParams(query), now)

test('filters in an address become members of the input', () => {
  assert.deepEqual(read('ca=arn:x&subject=web*&san=.example.com&serial=0a:0b&status=VALID'), {
    input: {
      CertificateAuthorityArn: 'arn:x',
      Subject: 'web*',
      SubjectAlternativeName: '.example.com',
      SerialNumber: '0a:0b',
      Status: 'VALID',
    },
  })
  assert.deepEqual(read('template=CodeSigningCertificate'), {
    input: { TemplateArn: 'arn:aws:acm-pca:::template/CodeSigningCertificate/V1' },
  })
})

test('a date includes its whole day in UTC', () => {
  assert.deepEqual(read('issuedFrom=2026-01-01&issuedTo=2026-01-01'), {
    input: { IssuedAfter: now / 1000, IssuedBefore: now / 1000 + 86_400 },
  })
})

test('certificates that expire within days are those after now', () => {
  assert.deepEqual(read('expiring=30'), {
    input: { ExpiresAfter: now / 1000, ExpiresBefore: now / 1000 + 30 * 86_400 },
  })
})

test('invalid dates and numbers in an address are reported', () => {
  for (const query of ['issuedFrom=yesterday', 'expiresTo=2026-13-01', 'expiring=-1', 'expiring=x'])
    assert.ok('problem' in read(query), query)
})

test('empty and unknown parameters are no filters', () => {
  assert.deepEqual(read('subject=&page=2'), { input: {} })
  assert.equal(hasAny(new URLSearchParams('subject=&page=2'), filterNames), false)
  assert.equal(hasAny(new URLSearchParams('status=VALID'), filterNames), true)
})

test('an ARN of a template and a version stay as they are', () => {
  assert.equal(templateArn('arn:aws:acm-pca:::template/X/V1'), 'arn:aws:acm-pca:::template/X/V1')
  assert.equal(templateArn('X/V1'), 'arn:aws:acm-pca:::template/X/V1')
})
