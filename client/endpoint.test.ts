/** Tests the endpoints of AWS Private CA against AWS's endpoint rule set for the service. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resolveEndpoint, type EndpointParameters } from './endpoint.ts'

const rows: [parameters: EndpointParameters, url: string][] = [
  [{ Region: 'eu-central-1' }, 'https://acm-pca.eu-central-1.amazonaws.com/'],
  [{ Region: 'us-east-1', UseFIPS: true }, 'https://acm-pca-fips.us-east-1.amazonaws.com/'],
  [{ Region: 'us-east-1', UseDualStack: true }, 'https://acm-pca.us-east-1.api.aws/'],
  [
    { Region: 'us-east-1', UseFIPS: true, UseDualStack: true },
    'https://acm-pca-fips.us-east-1.api.aws/',
  ],
  [{ Region: 'cn-north-1' }, 'https://acm-pca.cn-north-1.amazonaws.com.cn/'],
  [
    { Region: 'cn-north-1', UseDualStack: true },
    'https://acm-pca.cn-north-1.api.amazonwebservices.com.cn/',
  ],
  [{ Region: 'us-iso-east-1' }, 'https://acm-pca.us-iso-east-1.c2s.ic.gov/'],
  [{ Region: 'us-gov-west-1' }, 'https://acm-pca.us-gov-west-1.amazonaws.com/'],
  [{ Region: 'us-gov-west-1', UseFIPS: true }, 'https://acm-pca.us-gov-west-1.amazonaws.com/'],
  [
    { Region: 'us-gov-west-1', UseFIPS: true, UseDualStack: true },
    'https://acm-pca-fips.us-gov-west-1.api.aws/',
  ],
  [{ Region: 'xx-new-1' }, 'https://acm-pca.xx-new-1.amazonaws.com/'],
  [{ Region: 'us-east-1', Endpoint: 'http://127.0.0.1:8080/api' }, 'http://127.0.0.1:8080/api'],
  [{ Endpoint: 'https://ca.example' }, 'https://ca.example/'],
]

for (const [parameters, url] of rows)
  test(`${JSON.stringify(parameters)} is ${url}`, () => {
    assert.equal(resolveEndpoint(parameters).url.href, url)
  })

const refused: [parameters: EndpointParameters, message: RegExp][] = [
  [{}, /^Error: the Region is unknown: set AWS_REGION, or pass region to createClient$/],
  [{ Endpoint: 'http://a', UseFIPS: true }, /custom endpoint cannot be combined/],
  [{ Endpoint: 'http://a', UseDualStack: true }, /custom endpoint cannot be combined/],
]

for (const [parameters, message] of refused)
  test(`${JSON.stringify(parameters)} is refused`, () => {
    assert.throws(() => resolveEndpoint(parameters), message)
  })
