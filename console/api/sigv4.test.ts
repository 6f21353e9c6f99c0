import assert from 'node:assert/strict'
import { test } from 'node:test'
import { signedHeaders } from '../../test/support/signed-request.ts'
import { canonicalRequest, signRequest } from './sigv4.ts'

/** The credentials, time and scope in AWS's published test suite for Signature Version 4 (aws-sig-v4-test-suite). */
const suite = {
  credentials: {
    accessKeyId: 'AKIDEXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  },
  date: new Date('2015-08-30T12:36:00Z'),
  region: 'us-east-1',
  service: 'service',
}

interface Case {
  readonly name: string
  readonly method: string
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly signature: string
}

const cases: readonly Case[] = [
  {
    name: 'get-vanilla',
    method: 'GET',
    url: 'https://example.amazonaws.com/',
    signature: '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
  },
  {
    name: 'post-vanilla',
    method: 'POST',
    url: 'https://example.amazonaws.com/',
    signature: '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
  },
  {
    name: 'get-vanilla-query-order-key-case',
    method: 'GET',
    url: 'https://example.amazonaws.com/?Param2=value2&Param1=value1',
    signature: 'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
  },
  {
    name: 'post-x-www-form-urlencoded',
    method: 'POST',
    url: 'https://example.amazonaws.com/',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'Param1=value1',
    signature: 'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
  },
  {
    name: 'post-header-key-sort',
    method: 'POST',
    url: 'https://example.amazonaws.com/',
    headers: { 'my-header1': 'value1' },
    signature: 'c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c',
  },
]

for (const { name, method, url, headers = {}, body = '', signature } of cases)
  test(`${name} of AWS's test suite has the published signature`, async () => {
    const request = { method, url: new URL(url), headers, body }
    const { authorization } = await signRequest(request, suite)
    assert.equal(authorization?.split('Signature=')[1], signature)
  })

test('the canonical request of the IAM example in the AWS documentation has the published hash', async () => {
  const url = new URL('https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08')
  const headers = {
    host: 'iam.amazonaws.com',
    'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
    'x-amz-date': '20150830T123600Z',
  }
  const text = await canonicalRequest({ method: 'GET', url, body: '' }, headers)
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  assert.equal(
    Buffer.from(hash).toString('hex'),
    'f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59',
  )
})

test('an API call with a session token has the headers of an independent signer', async () => {
  const credentials = { ...suite.credentials, sessionToken: 'token/+=' }
  const body = '{"MaxResults":1}'
  const expected = signedHeaders({
    url: 'http://localhost:8080',
    target: 'ACMPrivateCA.ListCertificateAuthorities',
    body,
    region: 'eu-central-1',
    credentials,
    date: suite.date,
  })
  const headers = {
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': 'ACMPrivateCA.ListCertificateAuthorities',
  }
  const request = { method: 'POST', url: new URL('http://localhost:8080/'), headers, body }
  const scope = { region: 'eu-central-1', service: 'acm-pca', credentials, date: suite.date }
  assert.deepEqual(await signRequest(request, scope), expected)
})
