import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { callerPolicies, identityOf, judge } from '../authorization/policy-decision.ts'
import { requestKeys } from '../authorization/request-keys.ts'
import type { Caller } from '../identity/caller.ts'
import { personOf } from '../identity/person.ts'
import { parsePolicy } from '../policy/policy-document.ts'
import { certificateAuthorityArn } from '../wire/arn.ts'
import { formatIpAddress } from '../text/ip-address.ts'
import type { AcmeEndpoint, EstEndpoint } from './endpoint.ts'
import { endpointCaller, formerIssuerCaller } from './endpoint-caller.ts'
import { isPermitted } from './permitted-names.ts'
import type { Identifier } from './identifier.ts'

const authority = {
  partition: 'aws',
  region: 'us-east-1',
  accountId: '123456789012',
  id: '01234567-89ab-cdef-0123-456789abcdef',
}
const common = {
  name: 'web',
  accountId: authority.accountId,
  authorityNumber: 1,
  createdAt: new Date(0),
}
const profile = { template: 'EndEntityServerAuthCertificate/V1', validitySeconds: 86_400 }

function acme(configuration: Partial<AcmeEndpoint['configuration']> = {}): AcmeEndpoint {
  const challenges = ['dns-01'] as const
  const defaults = { ...profile, names: [], challenges, eab: 'off', profiles: {} } as const
  return { ...common, protocol: 'acme', configuration: { ...defaults, ...configuration } }
}

function est(names: readonly string[]): EstEndpoint {
  return {
    ...common,
    protocol: 'est',
    configuration: {
      ...profile,
      names,
      authentication: 'password',
      clientAuthorityArn: undefined,
      serverKeyGeneration: false,
    },
  }
}

type Content = Readonly<Record<string, readonly string[]>>

interface Attempt {
  /** The caller; by default, the endpoint using its own CA. */
  readonly caller?: Caller
  readonly action?: string
  readonly resource?: string
  readonly template?: string
}

/** Returns whether the policy of an endpoint allows a request, by default for a certificate with the given content. */
function allows(
  endpoint: AcmeEndpoint | EstEndpoint,
  content: Content,
  {
    caller = endpointCaller(endpoint, authority),
    action = 'IssueCertificate',
    resource,
    template = profile.template,
  }: Attempt = {},
): boolean {
  const operation = new Map<string, readonly string[]>([
    ['acm-pca:templatearn', [`arn:aws:acm-pca:::template/${template}`]],
    ['signet:isca', ['false']],
    ...Object.entries(content).map(
      ([key, values]) => [`signet:${key.toLowerCase()}`, values] as const,
    ),
  ])
  const facts = { caller, now: new Date(0), sourceIp: undefined, isSecure: true, operation }
  const { accountId: resourceAccount } = authority
  const keys = requestKeys({ ...facts, resourceAccount, resourceTags: new Map() })
  const verdict = judge(
    callerPolicies(caller),
    { isOwn: true, isRequired: false, policies: [] },
    {
      action: `acm-pca:${action}`,
      resource: resource ?? certificateAuthorityArn(authority),
      keys,
      principal: identityOf(caller),
    },
  )
  return verdict.outcome === 'allowed'
}

function san({ type, value }: Identifier): Content {
  return type === 'dns'
    ? { NameType: ['dNSName'], DnsName: [value] }
    : { NameType: ['iPAddress'], IpAddress: [value] }
}

test('an endpoint reads, issues and revokes on its own CA, and can do nothing else', () => {
  const content = san({ type: 'dns', value: 'a.example' })
  const readable = ['GetCertificate', 'GetCertificateAuthorityCertificate', 'RevokeCertificate']
  for (const action of [...readable, 'DescribeCertificateAuthority', 'IssueCertificate'])
    assert.equal(allows(acme(), content, { action }), true, action)
  for (const action of ['DeleteCertificateAuthority', 'PutPolicy', 'ListCertificates'])
    assert.equal(allows(acme(), content, { action }), false, action)
  const resource = certificateAuthorityArn({ ...authority, id: authority.id.replace('0', 'f') })
  for (const action of [...readable, 'IssueCertificate'])
    assert.equal(allows(acme(), content, { action, resource }), false, action)
})

test('an endpoint reads and revokes on former issuers, and does not issue on them', () => {
  const former = { ...authority, id: authority.id.replace('0', 'f') }
  const resource = certificateAuthorityArn(former)
  const content = san({ type: 'dns', value: 'a.example' })
  const attempt = { caller: endpointCaller(acme(), authority, [former]), resource }
  for (const caller of [attempt.caller, formerIssuerCaller(acme(), former)]) {
    for (const action of ['GetCertificate', 'RevokeCertificate'])
      assert.equal(allows(acme(), content, { ...attempt, caller, action }), true, action)
    assert.equal(allows(acme(), content, { ...attempt, caller }), false)
  }
  assert.equal(allows(acme(), content, { caller: attempt.caller }), true)
  assert.equal(allows(acme(), content, { caller: formerIssuerCaller(acme(), former) }), false)
})

test('an endpoint issues only with its template and the templates of its profiles, and no CA certificate', () => {
  const template = 'EndEntityClientAuthCertificate/V1'
  const endpoint = acme({ profiles: { client: { ...profile, template, description: '' } } })
  const content = san({ type: 'dns', value: 'a.example' })
  assert.equal(allows(endpoint, content), true)
  assert.equal(allows(endpoint, content, { template }), true)
  assert.equal(allows(acme(), content, { template }), false)
  assert.equal(allows(endpoint, { ...content, IsCA: ['true'] }), false)
})

test('an ACME endpoint without a list of names issues for DNS names and addresses only', () => {
  const name = san({ type: 'dns', value: 'a.example' })
  assert.equal(
    allows(acme(), { ...name, CommonName: ['a.example'], SubjectAttribute: ['CN'] }),
    true,
  )
  assert.equal(allows(acme(), { ...name, SubjectAttribute: ['CN', 'O'] }), false)
  assert.equal(allows(acme(), { ...name, Email: ['a@b.example'] }), false)
  assert.equal(allows(acme(), { ...name, Uri: ['spiffe://a/b'] }), false)
  assert.equal(allows(acme(), { ...name, NameType: ['dNSName', 'otherName'] }), false)
})

test('an EST endpoint without a list of names permits any subject and any names', () => {
  const content = {
    NameType: ['uniformResourceIdentifier'],
    Uri: ['spiffe://a/b'],
    SubjectAttribute: ['CN', 'O'],
    CommonName: ['device 17'],
    CommonNameType: ['other'],
  }
  assert.equal(allows(est([]), content), true)
  assert.equal(allows(est(['*.a.example']), content), false)
})

test('a common name must be among the names, in upper case or lower case', () => {
  const endpoint = est(['*.a.example', 'Printer', '10.0.0.0/8'])
  const named = (CommonName: string, CommonNameType: string, more: Content = {}): boolean =>
    allows(endpoint, { CommonName: [CommonName], CommonNameType: [CommonNameType], ...more })
  assert.equal(named('HOST.A.example', 'dNSName', { DnsName: ['host.a.example'] }), true)
  assert.equal(named('10.1.2.3', 'iPAddress', { IpAddress: ['10.1.2.3'] }), true)
  assert.equal(named('PRINTER', 'other'), true)
  assert.equal(named('HOST.B.example', 'dNSName', { DnsName: ['host.b.example'] }), false)
  assert.equal(named('11.1.2.3', 'iPAddress', { IpAddress: ['11.1.2.3'] }), false)
  assert.equal(named('scanner', 'other'), false)
  assert.equal(named('a b.a.example', 'other'), false)
})

test('with names of one type, certificates contain no names of the other type', () => {
  const name = san({ type: 'dns', value: 'h.a.example' })
  const address = san({ type: 'ip', value: '10.0.0.1' })
  const both = { ...name, ...address, NameType: ['dNSName', 'iPAddress'] }
  assert.equal(allows(acme({ names: ['*.a.example'] }), name), true)
  assert.equal(allows(acme({ names: ['*.a.example'] }), both), false)
  assert.equal(allows(acme({ names: ['10.0.0.0/8'] }), address), true)
  assert.equal(allows(acme({ names: ['10.0.0.0/8'] }), both), false)
  assert.equal(allows(acme({ names: ['10.0.0.0/8', '*.a.example'] }), both), true)
})

const label = fc.constantFrom('a', 'b', 'corp', 'example')
const host = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'))
const dnsName = fc.tuple(fc.boolean(), host).map(([wild, name]) => (wild ? `*.${name}` : name))
// In policies, an IPv4 address equals its IPv4-mapped IPv6 address, so the networks below do not contain ::ffff:0.0.0.0/96.
const address = fc
  .oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4, max: 2 }),
    fc
      .uint8Array({ minLength: 15, maxLength: 15, max: 1 })
      .map((bytes) => Uint8Array.of(0x20, ...bytes)),
  )
  .map(formatIpAddress)
const network = fc
  .tuple(address, fc.integer({ min: 4, max: 32 }), fc.integer({ min: 1, max: 4 }))
  .map(([text, bits, more]) => `${text}/${text.includes(':') ? bits * more : bits}`)
const patterns = fc.array(fc.oneof(dnsName, address, network), { minLength: 1, maxLength: 4 })

test('the policy of an endpoint permits the same names as its configuration', () => {
  const identifier = fc.oneof(
    dnsName.map((value): Identifier => ({ type: 'dns', value })),
    address.map((value): Identifier => ({ type: 'ip', value })),
  )
  let permitted = 0
  fc.assert(
    fc.property(patterns, identifier, (names, one) => {
      const expected = isPermitted(names, one)
      permitted += Number(expected)
      assert.equal(allows(acme({ names }), san(one)), expected)
    }),
    { numRuns: 1000, seed: 1 },
  )
  assert.ok(permitted > 50, `${permitted} of the generated names were permitted`)
})

test('every name of a certificate must be permitted', () => {
  fc.assert(
    fc.property(patterns, fc.array(dnsName, { maxLength: 3 }), (names, values) => {
      const expected = values.every((value) => isPermitted(names, { type: 'dns', value }))
      const content = values.length === 0 ? {} : { NameType: ['dNSName'], DnsName: values }
      assert.equal(allows(acme({ names }), content), expected)
    }),
    { numRuns: 500, seed: 2 },
  )
})

test('policies on CAs can refer to an endpoint by its ARN and by its condition keys', () => {
  const caller = endpointCaller(acme(), authority)
  assert.equal(caller.arn, 'arn:aws:signet:us-east-1:123456789012:acme/web')
  assert.equal(personOf(caller), 'acme/web')
  const statement = { Effect: 'Deny', Action: '*', Resource: '*', Principal: { AWS: caller.arn } }
  const policy = parsePolicy(
    JSON.stringify({ Version: '2012-10-17', Statement: statement }),
    'resource',
  )
  assert.deepEqual(policy.statements[0]?.principals?.names, [caller.arn])
  assert.equal(policy.statements[0]?.understood, true)
  const facts = { caller, now: new Date(0), sourceIp: undefined, isSecure: true }
  const keys = requestKeys({
    ...facts,
    resourceAccount: '123456789012',
    resourceTags: new Map(),
    operation: new Map(),
  })
  const values = (name: string) => keys.get(name)
  assert.deepEqual(values('aws:principalarn'), [caller.arn])
  assert.deepEqual(values('aws:principaltype'), ['EnrollmentEndpoint'])
  assert.deepEqual(values('aws:userid'), ['acme/web'])
  assert.deepEqual(values('aws:principalaccount'), ['123456789012'])
  assert.equal(values('aws:username'), undefined)
})
