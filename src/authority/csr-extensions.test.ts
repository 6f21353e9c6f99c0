import assert from 'node:assert/strict'
import { test } from 'node:test'
import { csrExtensions, type CsrExtensions } from './csr-extensions.ts'

type AccessMethod = NonNullable<CsrExtensions['SubjectInformationAccess']>[number]['AccessMethod']

const at = { DnsName: 'a' }
const access = (AccessMethod: AccessMethod, count = 1): CsrExtensions => ({
  SubjectInformationAccess: Array.from({ length: count }, () => ({
    AccessMethod,
    AccessLocation: at,
  })),
})

function shown(extensions: CsrExtensions): string[] {
  return csrExtensions(extensions).map(
    ({ oid, critical, value }) =>
      `${oid}${critical ? ' critical' : ''} ${Buffer.from(value).toString('hex')}`,
  )
}

test('keyUsage is critical and first, and subjectInfoAccess is not critical', () => {
  assert.deepEqual(
    shown({ ...access({ AccessMethodType: 'CA_REPOSITORY' }), KeyUsage: { CRLSign: true } }),
    ['2.5.29.15 critical 03020102', '1.3.6.1.5.5.7.1.11 300f300d06082b06010505073005820161'],
  )
})

test('an empty request adds no extension', () => {
  assert.deepEqual(shown({}), [])
  assert.deepEqual(shown({ SubjectInformationAccess: [] }), [])
})

test('an access method is given by name or by object identifier', () => {
  const cases: [AccessMethod, string][] = [
    [{ AccessMethodType: 'CA_REPOSITORY' }, '06082b06010505073005'],
    [{ AccessMethodType: 'RESOURCE_PKI_MANIFEST' }, '06082b0601050507300a'],
    [{ AccessMethodType: 'RESOURCE_PKI_NOTIFY' }, '06082b0601050507300d'],
    [{ CustomObjectIdentifier: '1.2.3' }, '06022a03'],
  ]
  for (const [method, hex] of cases)
    assert.match(
      shown(access(method))[0] ?? '',
      new RegExp(`^1\\.3\\.6\\.1\\.5\\.5\\.7\\.1\\.11 30..30..${hex}820161$`),
    )
})

test('the error identifies the invalid member', () => {
  const one =
    /^CsrExtensions\.SubjectInformationAccess\[0\]\.AccessMethod must have exactly one of CustomObjectIdentifier, AccessMethodType$/
  const cases: [CsrExtensions, RegExp][] = [
    [access({}), one],
    [access({ AccessMethodType: 'CA_REPOSITORY', CustomObjectIdentifier: '1.2.3' }), one],
    [
      access({ CustomObjectIdentifier: 'x' }),
      /^CsrExtensions\.SubjectInformationAccess\[0\]\.AccessMethod\.CustomObjectIdentifier 'x' is not/,
    ],
    [
      access({ CustomObjectIdentifier: '1.2.3' }, 101),
      /^CsrExtensions\.SubjectInformationAccess must not have more than 100 elements$/,
    ],
    [
      {
        SubjectInformationAccess: [
          { AccessMethod: { CustomObjectIdentifier: '1.2' }, AccessLocation: {} },
        ],
      },
      /^CsrExtensions\.SubjectInformationAccess\[0\]\.AccessLocation must have exactly one of /,
    ],
    [{ KeyUsage: {} }, /^CsrExtensions\.KeyUsage must set at least one usage to true$/],
  ]
  for (const [extensions, message] of cases)
    assert.throws(() => csrExtensions(extensions), { code: 'InvalidArgsException', message })
  assert.equal(csrExtensions(access({ CustomObjectIdentifier: '1.2.3' }, 100)).length, 1)
})
