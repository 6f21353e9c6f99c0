import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ActiveAuthority } from '../../server/tls/own-authority.ts'
import { daySeconds } from '../../text/duration.ts'
import {
  acmeConfiguration,
  estConfiguration,
  configurationWarnings,
  type AcmeOptions,
  type EstOptions,
} from './configuration.ts'

const now = new Date('2026-11-30T12:00:00Z')

function authorityOf(usageMode: ActiveAuthority['usageMode'] = 'GENERAL_PURPOSE'): ActiveAuthority {
  const notAfter = new Date(now.getTime() + 365 * daySeconds * 1000)
  return { usageMode, certificate: { notAfter } } as ActiveAuthority
}

const acme = (options: AcmeOptions, before?: AcmeOptions) =>
  acmeConfiguration(options, authorityOf(), before && acmeConfiguration(before, authorityOf()))
const est = (options: EstOptions, before?: EstOptions) =>
  estConfiguration(options, authorityOf(), before && estConfiguration(before, authorityOf()))

test('the defaults permit all names that clients prove control of', () => {
  assert.deepEqual(acme({}), {
    template: 'EndEntityServerAuthCertificate/V1',
    validitySeconds: 90 * daySeconds,
    names: [],
    challenges: ['http-01', 'dns-01', 'tls-alpn-01'],
    eab: 'off',
    profiles: {},
  })
  assert.equal(acme({ challenges: 'none' }).eab, 'required')
  assert.deepEqual(est({}), {
    template: 'EndEntityClientAuthCertificate/V1',
    validitySeconds: 90 * daySeconds,
    names: [],
    authentication: 'either',
    clientAuthorityArn: undefined,
    serverKeyGeneration: false,
  })
})

test('options that would make an ACME endpoint unsafe or unusable are refused', () => {
  const cases: readonly (readonly [AcmeOptions, RegExp])[] = [
    [{ challenges: 'none', eab: 'off' }, /^--challenges none cannot be combined with --eab off: /],
    [{ challenges: 'none', eab: 'optional', names: 'a.example' }, /combined with --eab optional/],
    [
      { challenges: 'dns-01,http-02' },
      /^--challenges: 'http-02' must be one of http-01, .*, none$/,
    ],
    [{ challenges: '' }, /^--challenges: '' must be one of/],
    [{ names: 'a_b.example' }, /^--names: 'a_b.example' is not a DNS name such as/],
    [{ names: '' }, /^--names: '' is not a DNS name/],
    [{ names: 'a.example,*' }, /^--names: '\*' is not a DNS name/],
    [{ names: '10.0.0.0/33' }, /has a prefix length that is not an integer from 0 to 32$/],
    [{ names: Array.from({ length: 101 }, (_, at) => `h${at}`).join() }, /at most 100 names/],
    [{ template: 'RootCACertificate' }, /^--template: RootCACertificate issues CA certificates;/],
    [
      { names: 'a.example,10.1.2.3/8' },
      /^--names: '10\.1\.2\.3\/8' has an address with bits beyond the prefix length; use 10\.0\.0\.0\/8$/,
    ],
    [{ template: 'SubordinateCACertificate_PathLen0' }, /issues CA certificates;/],
    [{ template: 'OCSPSigningCertificate' }, /issues certificates of OCSP responders$/],
    [{ template: 'EndEntityCertificate_CSRPassthrough' }, /copies extensions from the CSR/],
    [{ template: 'EndEntityCertificate_APICSRPassthrough' }, /copies extensions from the CSR/],
    [{ template: 'EndEntityCertificat' }, /is not a template: .*EndEntityCertificate/],
    [{ template: 'EndEntityCertificate/V2' }, /is not a template/],
    [{ validitySeconds: 59 }, /^--validity: the validity must be from 1 minute to 100 years$/],
    [{ validitySeconds: 101 * 366 * daySeconds }, /from 1 minute to 100 years$/],
    [
      { profiles: ['short'] },
      /^--profile: 'short' must be NAME=VALIDITY or NAME=VALIDITY,TEMPLATE/,
    ],
    [{ profiles: ['=1d'] }, /^--profile: '=1d' must be/],
    [{ profiles: ['a=1d', 'none'] }, /^--profile: 'none' must be/],
    [{ profiles: ['a=1d', 'a=2d'] }, /^--profile: two profiles have the same name$/],
    [{ profiles: ['a=1d,RootCACertificate'] }, /issues CA certificates/],
    [{ profiles: ['a=1'] }, /^--profile a: the validity must be/],
    [{ profiles: Array.from({ length: 21 }, (_, at) => `p${at}=1d`) }, /at most 20 profiles/],
  ]
  for (const [options, message] of cases)
    assert.throws(() => acme(options), { name: 'ConfigurationError', message }, message.source)
})

test('names, templates, challenges and profiles are stored in one form', () => {
  const { names, challenges, template, profiles } = acme({
    names: ' *.Corp.example,10.0.0.0/8,*.corp.example',
    challenges: 'dns-01, http-01,dns-01',
    template: 'arn:aws:acm-pca:::template/EndEntityCertificate/V1',
    profiles: ['short=7d', 'client=90m,EndEntityClientAuthCertificate'],
  })
  assert.deepEqual(names, ['*.corp.example', '10.0.0.0/8'])
  assert.deepEqual(challenges, ['http-01', 'dns-01'])
  assert.equal(template, 'EndEntityCertificate/V1')
  assert.deepEqual(profiles, {
    short: {
      template: 'EndEntityCertificate/V1',
      validitySeconds: 7 * daySeconds,
      description: '7d, EndEntityCertificate',
    },
    client: {
      template: 'EndEntityClientAuthCertificate/V1',
      validitySeconds: 5400,
      description: '90m, EndEntityClientAuthCertificate',
    },
  })
})

test('an update changes only the given options', () => {
  const before = { names: 'a.example', challenges: 'dns-01', profiles: ['short=7d'] }
  const updated = acme({ validitySeconds: daySeconds }, before)
  assert.deepEqual(updated, { ...acme(before), validitySeconds: daySeconds })
  assert.deepEqual(acme({ names: '*', profiles: ['none'] }, before), acme({ challenges: 'dns-01' }))
  assert.throws(() => acme({ challenges: 'none' }, before), /cannot be combined with --eab off/)
  const devices = { authentication: 'certificate', serverKeyGeneration: true } as const
  assert.deepEqual(est({ names: 'd.example' }, devices), { ...est(devices), names: ['d.example'] })
  const factory = { clientAuthorityArn: 'arn' }
  assert.equal(est({ authentication: 'both' }, factory).clientAuthorityArn, 'arn')
  assert.deepEqual(est({ clientAuthorityArn: 'none' }, factory), est({}))
})

test('a CA for short-lived certificates limits the validity, also of profiles that an endpoint already has', () => {
  const short = authorityOf('SHORT_LIVED_CERTIFICATE')
  assert.equal(acmeConfiguration({}, short).validitySeconds, 7 * daySeconds)
  assert.throws(() => acmeConfiguration({ validitySeconds: 8 * daySeconds }, short), {
    message:
      /^--validity: a CA with the usage mode SHORT_LIVED_CERTIFICATE .* at most 7 days, not 8d$/,
  })
  assert.throws(() => acmeConfiguration({}, short, acme({})), /not 90d$/)
  const before = acme({ validitySeconds: daySeconds, profiles: ['long=8d'] })
  assert.throws(() => acmeConfiguration({}, short, before), /^ConfigurationError: --profile long: /)
})

test('a validity beyond the CA certificate is a warning', () => {
  const configuration = acme({ validitySeconds: 400 * daySeconds, profiles: ['a=1d', 'b=9600h'] })
  const [main = '', profile = '', ...others] = configurationWarnings(
    configuration,
    authorityOf(),
    now,
  )
  assert.match(main, /^a certificate that is valid for 400d would outlive the CA certificate/)
  assert.match(profile, /^a certificate of the profile b that is valid for 400d /)
  assert.deepEqual(others, [])
})

test('an endpoint that requires a certificate of its own CA for every request is a warning', () => {
  const warnings = (options: EstOptions) =>
    configurationWarnings(est(options), authorityOf(), now).join()
  assert.match(warnings({ authentication: 'both' }), /needs a certificate of the endpoint's CA/)
  assert.equal(warnings({ authentication: 'both', clientAuthorityArn: 'arn' }), '')
  assert.equal(warnings({ authentication: 'certificate' }), '')
})
