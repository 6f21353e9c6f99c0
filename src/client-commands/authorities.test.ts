import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigurationError } from '../errors.ts'
import { oneAuthority, type AuthoritySummary } from './authorities.ts'

const arnOf = (id: string): string =>
  `arn:aws:acm-pca:eu-central-1:123456789012:certificate-authority/${id}`

function authority(
  id: string,
  name: string,
  more: Partial<AuthoritySummary> = {},
): AuthoritySummary {
  return {
    arn: arnOf(id),
    name,
    type: 'SUBORDINATE',
    status: 'ACTIVE',
    keyAlgorithm: 'EC_prime256v1',
    notAfter: null,
    crlDays: null,
    ocsp: false,
    ...more,
  }
}

const root = authority('11111111-aaaa', 'Root CA', { type: 'ROOT' })
const web = authority('22222222-bbbb', 'Web CA')
const mail = authority('22223333-cccc', 'Mail CA')
const all = [root, web, mail]
const choose = (reference: string | undefined, from = all): string =>
  oneAuthority(from, reference, { kind: 'ACTIVE', flag: '--ca' }).name

test('a CA is found by its ARN, its ID, its name, and an unambiguous prefix of its ID', () => {
  for (const reference of [web.arn, '22222222-bbbb', 'Web CA', '22222222', '22222'])
    assert.equal(choose(reference), 'Web CA')
  assert.equal(choose(undefined, [root, mail]), 'Mail CA')
})

test('a matching name takes precedence over a matching ID prefix', () => {
  assert.equal(choose('22222222', [web, authority('33333333-dddd', '22222222')]), '22222222')
})

test('an ambiguous reference is refused, and the error lists the CAs that match', () => {
  assert.throws(
    () => choose('2222'),
    (error) =>
      error instanceof ConfigurationError &&
      /2 ACTIVE CAs match '2222'; specify its ARN with --ca:\n {2}Web CA \(arn:[^]*Mail CA/.test(
        error.message,
      ),
  )
  assert.throws(() => choose(undefined), /2 ACTIVE subordinate CAs exist; .*SIGNET_CA/)
  assert.throws(() => choose('222'), /no ACTIVE CA '222' exists; choose one of the following CAs/)
})

test('if no CA exists, the error explains how to create one', () => {
  assert.throws(() => choose('x', []), /create CAs with: signet init-hierarchy/)
})
