/** Tests of the defaults, valid values and invalid values of the revocation settings, and of the groups of all settings. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from './config.ts'
import { ConfigurationError } from '../errors.ts'
import type { Setting } from './setting.ts'
import { settingGroups } from './setting-groups.ts'
import { settings } from './settings-table.ts'

/** Parses a string, and returns the value or the error message. */
function parse(setting: Setting<unknown>, text: string): unknown {
  try {
    return setting.parse(text)
  } catch (error) {
    assert.ok(error instanceof Error)
    return { refused: error.message }
  }
}

function assertAccepts(setting: Setting<unknown>, values: Readonly<Record<string, unknown>>): void {
  for (const [text, value] of Object.entries(values))
    assert.deepEqual(parse(setting, text), value, `--${setting.flag} ${JSON.stringify(text)}`)
}

function assertRefuses(setting: Setting<unknown>, texts: readonly string[], message: string): void {
  for (const text of texts)
    assert.deepEqual(
      parse(setting, text),
      { refused: message },
      `--${setting.flag} ${JSON.stringify(text)}`,
    )
}

const notNumbers = [
  '',
  ' ',
  ' 1',
  '1 ',
  '+1',
  '-1',
  '1.0',
  '1e2',
  '0x10',
  '1_0',
  '１',
  'NaN',
  'all',
]

for (const { setting, fallback, min, max } of [
  { setting: settings.crlDelay, fallback: '1', min: 0, max: 300 },
  { setting: settings.ocspValidity, fallback: '3600', min: 2, max: 604_800 },
  { setting: settings.auditReportInterval, fallback: '1800', min: 0, max: 604_800 },
])
  test(`--${setting.flag} accepts whole seconds from ${min} to ${max}`, () => {
    assert.equal(setting.fallback, fallback)
    assertAccepts(setting, {
      [String(min)]: min,
      [String(max)]: max,
      [fallback]: Number(fallback),
      '0007': 7,
      '90s': 90,
      '2m': 120,
    })
    assertRefuses(
      setting,
      [
        ...notNumbers,
        String(max + 1),
        `${max + 1}s`,
        '9'.repeat(30),
        ...(min > 0 ? [String(min - 1)] : []),
      ],
      `must be a whole number of seconds from ${min} to ${max}, or a duration such as 90s or 1h`,
    )
  })

test('--quota-revocations accepts whole numbers from 1', () => {
  assert.equal(settings.quotaRevocations.fallback, '1000000')
  assertAccepts(settings.quotaRevocations, {
    '1': 1,
    '1000000': 1_000_000,
    ['9'.repeat(15)]: 1e15 - 1,
  })
  assertRefuses(
    settings.quotaRevocations,
    [...notNumbers, '0', '9'.repeat(16)],
    'must be a whole number of at least 1',
  )
})

test('--no-ca-issuers is a switch', () => {
  assert.equal(settings.noCaIssuers.value, '')
  assert.equal(settings.noCaIssuers.fallback, 'false')
  assertAccepts(settings.noCaIssuers, { true: 'true', false: 'false' })
  assertRefuses(settings.noCaIssuers, ['', 'yes', 'TRUE', '1'], 'must be one of true, false')
  assert.equal(readConfig({}, {}).revocationPolicy.caIssuers, true)
  assert.equal(readConfig({ noCaIssuers: 'true' }, {}).revocationPolicy.caIssuers, false)
  const environment = { SIGNET_NO_CA_ISSUERS: 'true' }
  assert.equal(readConfig({}, environment).revocationPolicy.caIssuers, false)
})

test('--objects accepts embedded and s3', () => {
  assert.equal(settings.objects.fallback, undefined)
  assertAccepts(settings.objects, { embedded: 'embedded', s3: 's3' })
  assertRefuses(settings.objects, ['', 'S3', 'aws', 'memory'], 'must be one of embedded, s3')
})

test('--s3-region accepts any Region', () => {
  assert.equal(settings.s3Region.fallback, 'us-east-1')
  assertAccepts(settings.s3Region, { 'eu-central-1': 'eu-central-1', default: 'default' })
  assertRefuses(settings.s3Region, [''], 'must not be empty')
})

const urls = [
  settings.publicUrl,
  settings.s3Endpoint,
  settings.s3PublicUrl,
  settings.eventWebhook,
] as const

for (const setting of urls) {
  const message = 'must be an http or https URL without a query'
  test(`--${setting.flag} accepts http and https URLs, and removes trailing slashes`, () => {
    assert.equal(setting.fallback, undefined)
    assertAccepts(setting, {
      'http://pki.example.com': 'http://pki.example.com',
      'https://pki.example.com/': 'https://pki.example.com',
      'https://pki.example.com/a/b//': 'https://pki.example.com/a/b',
      'http://192.0.2.1:8081': 'http://192.0.2.1:8081',
      'http://[2001:db8::1]:8081': 'http://[2001:db8::1]:8081',
      'http://xn--bcher-kva.example/%C3%BC': 'http://xn--bcher-kva.example/%C3%BC',
    })
  })

  test(`--${setting.flag} refuses other schemes, queries, fragments and credentials`, () => {
    assertRefuses(
      setting,
      [
        '',
        'pki.example.com',
        'http://',
        'ftp://pki.example.com',
        'file:///etc/passwd',
        'javascript:alert(1)',
        '//pki.example.com',
        'http://pki.example.com:99999',
        'http://pki.example.com?a=b',
        'http://pki.example.com/a?b',
        'http://pki.example.com#a',
        'http://user@pki.example.com',
        'http://user:secret@pki.example.com',
        'http://:secret@pki.example.com',
      ],
      message,
    )
  })

  test(`--${setting.flag} refuses an empty query or fragment, because paths are appended to the URL`, () => {
    assertRefuses(
      setting,
      ['http://pki.example.com?', 'http://pki.example.com/a?', 'http://pki.example.com#'],
      message,
    )
  })

  test(`--${setting.flag} refuses text that only browsers accept as a URL`, () => {
    assertRefuses(
      setting,
      [
        ' http://pki.example.com',
        'http://pki.example.com ',
        'http://pki.example.com\n',
        'http://pki.example.com/a b',
        'http://bücher.example',
        'http://pki.example.com/ü',
        'http:pki.example.com',
        'http:\\\\pki.example.com',
        'http:///pki.example.com',
        'http://@pki.example.com',
      ],
      message,
    )
  })
}

test('an S3 endpoint selects S3, and cannot be combined with embedded buckets', () => {
  const s3 = { kind: 's3', endpoint: undefined, region: 'us-east-1', publicUrl: undefined }
  const endpoint = 'https://s3.example.com'
  assert.deepEqual(readConfig({}, {}).objects, { kind: 'embedded' })
  assert.deepEqual(readConfig({ objects: 's3' }, {}).objects, s3)
  assert.deepEqual(readConfig({ s3Endpoint: `${endpoint}/` }, {}).objects, { ...s3, endpoint })
  const whole = { s3Endpoint: endpoint, s3Region: 'default', s3PublicUrl: 'http://crl.example.com' }
  assert.deepEqual(readConfig({ objects: 's3', ...whole }, {}).objects, {
    kind: 's3',
    endpoint,
    region: 'default',
    publicUrl: 'http://crl.example.com',
  })
  for (const flags of [
    { objects: 'embedded', s3Endpoint: endpoint },
    { objects: 'embedded', s3PublicUrl: 'http://crl.example.com' },
    { s3PublicUrl: 'http://crl.example.com' },
  ])
    assert.throws(
      () => readConfig(flags, {}),
      (error) =>
        error instanceof ConfigurationError && error.message.includes('--objects embedded'),
    )
})

test('revocation is configured by flags or by environment variables', () => {
  const expected = {
    crlDelaySeconds: 5,
    ocspValiditySeconds: 60,
    ocspSigner: 'ca',
    caIssuers: true,
    auditReportIntervalSeconds: 0,
  }
  const flags = { crlDelay: '5', ocspValidity: '60', auditReportInterval: '0' }
  assert.deepEqual(readConfig(flags, {}).revocationPolicy, expected)
  const environment = {
    SIGNET_CRL_DELAY: '5',
    SIGNET_OCSP_VALIDITY: '60',
    SIGNET_AUDIT_REPORT_INTERVAL: '0',
    SIGNET_QUOTA_REVOCATIONS: '3',
    SIGNET_EVENT_WEBHOOK: 'http://hook.example.com/a',
    SIGNET_S3_ENDPOINT: 'http://s3.example.com',
  }
  const config = readConfig({}, environment)
  assert.deepEqual(config.revocationPolicy, expected)
  assert.equal(config.quotas.revocationsPerAuthority, 3)
  assert.equal(config.eventWebhook, 'http://hook.example.com/a')
  assert.equal(config.objects.kind, 's3')
})

test('the error for an invalid URL with a password does not contain the URL', () => {
  const url = 'http://user:hunter2@pki.example.com'
  for (const name of ['publicUrl', 's3Endpoint', 's3PublicUrl', 'eventWebhook'] as const)
    assert.throws(
      () => readConfig({ [name]: url }, {}),
      (error) => {
        assert.ok(error instanceof ConfigurationError)
        assert.ok(!error.message.includes('hunter2'), name)
        return true
      },
    )
})

test('every setting is in one group of the help text', () => {
  assert.deepEqual(
    Object.values(settingGroups)
      .flatMap((names): readonly string[] => names)
      .toSorted(),
    Object.keys(settings).toSorted(),
  )
})
