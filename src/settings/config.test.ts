import { availableParallelism } from 'node:os'
import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { readConfig, variableOf, type Flags } from './config.ts'
import { ConfigurationError } from '../errors.ts'
import { settings } from './settings-table.ts'

test('the configuration has the documented defaults', () => {
  const { effectiveSettings, ...config } = readConfig({}, {})
  assert.ok(effectiveSettings.every(({ source }) => source === 'DEFAULT'))
  assert.deepEqual(config, {
    sudoUser: undefined,
    dataDirectory: resolve('data'),
    listen: { host: '127.0.0.1', port: 8080 },
    tls: { kind: 'none', clientCaFile: undefined },
    workers: Math.min(availableParallelism(), 16),
    limits: { connectionsMax: 10_000, authFailuresPerMinute: 300, bodyMemoryBytes: 134_217_728 },
    basePath: '',
    console: true,
    sso: undefined,
    publicListen: { host: '127.0.0.1', port: 8081 },
    enrollment: undefined,
    metricsListen: undefined,
    publicUrl: undefined,
    database: undefined,
    accountId: '123456789012',
    masterKeyFile: resolve('data/master.key'),
    locked: false,
    masterKeyKms: undefined,
    masterKeyPkcs11: undefined,
    rootKey: undefined,
    dev: false,
    keys: {
      newKeys: 'local',
      standards: undefined,
      pkcs11: undefined,
      kms: { endpoint: undefined, region: undefined },
    },
    logLevel: 'info',
    regions: [],
    quotas: {
      authoritiesPerRegion: 200,
      certificatesPerAuthority: 100_000_000,
      tagsPerAuthority: 50,
      revocationsPerAuthority: 1_000_000,
    },
    issuancePolicy: {
      lint: 'error',
      weakKeys: 'refuse',
      csrSha1: 'refuse',
      verifySignatures: 'ca',
      emptySubject: 'refuse',
    },
    weakKeyFile: undefined,
    revocationPolicy: {
      crlDelaySeconds: 1,
      ocspValiditySeconds: 3600,
      ocspSigner: 'ca',
      caIssuers: true,
      auditReportIntervalSeconds: 1800,
    },
    callLog: undefined,
    logPublic: false,
    callLogRequired: false,
    rates: { awsQuotas: false, ratesFile: undefined },
    objects: { kind: 'embedded' },
    acceptLoss: false,
    keepExpiredSeconds: undefined,
    eventWebhook: undefined,
  })
})

test('every setting of the table is read', () => {
  const reads = new Map<string, number>()
  const get = (_flags: object, name: string): undefined => {
    reads.set(name, (reads.get(name) ?? 0) + 1)
  }
  readConfig(new Proxy({}, { get }), {})
  // The list of effective settings also reads every setting once.
  const read = [...reads].flatMap(([name, count]) => (count > 1 ? [name] : []))
  assert.deepEqual(read.sort(), Object.keys(settings).sort())
})

test('a flag takes precedence over its environment variable', () => {
  const environment = { SIGNET_LISTEN: '[::1]:9000', SIGNET_DATA: '/var/lib/signet', HOME: '/root' }
  const config = readConfig({ listen: 'localhost:0' }, environment)
  assert.deepEqual(config.listen, { host: 'localhost', port: 0 })
  assert.equal(config.dataDirectory, '/var/lib/signet')
  assert.equal(config.masterKeyFile, '/var/lib/signet/master.key')
  assert.deepEqual(readConfig({}, environment).listen, { host: '::1', port: 9000 })
})

test('all unknown flags and variables and all invalid values are reported together', () => {
  const flags = { listen: 'nowhere', account: '12', quotaTags: '0', publicUrl: 'ftp://x' }
  const environment = {
    SIGNET_LOG_LEVEL: 'loud',
    SIGNET_LISTN: 'x',
    SIGNET_PUBLIC_LISTEN: 'h:99999',
  }
  assert.throws(
    () => readConfig(flags, environment, ['--dta is not a flag of signet serve']),
    (error) => {
      assert.ok(error instanceof ConfigurationError)
      assert.deepEqual(error.message.split('\n'), [
        '--dta is not a flag of signet serve',
        'SIGNET_LISTN is not an environment variable of signet',
        "--listen must be HOST:PORT, not 'nowhere'",
        "SIGNET_PUBLIC_LISTEN must be HOST:PORT, not 'h:99999'",
        "--public-url must be an http or https URL without a query, not 'ftp://x'",
        "--account must be a twelve-digit account ID, not '12'",
        "SIGNET_LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent, not 'loud'",
        "--quota-tags must be a whole number of at least 1, not '0'",
      ])
      return true
    },
  )
})

test('an error for an invalid database URL does not contain its password', () => {
  assert.throws(
    () => readConfig({ database: 'postgres://signet:hunter2@db/signet?ssl=1' }, {}),
    (error) => error instanceof ConfigurationError && !error.message.includes('hunter2'),
  )
})

test('two listeners cannot have the same address', () => {
  assert.throws(() => readConfig({ listen: '127.0.0.1:8081' }, {}), ConfigurationError)
})

test('every setting has a unique environment variable', () => {
  const variables = Object.values(settings).map(({ flag }) => variableOf(flag))
  assert.equal(new Set(variables).size, variables.length)
  assert.ok(variables.includes('SIGNET_MASTER_KEY_FILE'))
})

test('the call log is a file, a syslog server, or both', () => {
  const callLogOf = (callLog: string, flags: Flags = {}) =>
    readConfig({ callLog, ...flags }, {}).callLog
  const files = { caFile: undefined, certFile: undefined, keyFile: undefined }
  const server = { host: 'logs.example.com', port: 6514, ...files }
  const url = 'syslog+tls://logs.example.com:6514'
  assert.deepEqual(callLogOf('-'), { file: '-', syslog: undefined })
  assert.deepEqual(callLogOf('/a,b'), { file: '/a,b', syslog: undefined })
  assert.deepEqual(callLogOf(url), { file: undefined, syslog: server })
  assert.deepEqual(callLogOf(`/a,${url}`), { file: '/a', syslog: server })
  assert.deepEqual(callLogOf('syslog+tls://[::1]:1', { callLogCa: '/ca' })?.syslog, {
    ...server,
    host: '::1',
    port: 1,
    caFile: '/ca',
  })
  assert.throws(
    () => callLogOf(url, { callLogRequired: 'true' }),
    /--call-log-required requires a file, because syslog has no acknowledgement/,
  )
  for (const callLog of ['syslog://a:1', 'syslog+tls://a', 'syslog+tls://a:0', '/a,syslog+tls://'])
    assert.throws(() => callLogOf(callLog), /^ConfigurationError: --call-log must /)
  assert.throws(() => callLogOf('/a', { callLogCa: '/ca' }), /--call-log-ca, .* require --call-log/)
  assert.throws(
    () => callLogOf(url, { callLogCert: '/a' }),
    /--call-log-cert requires --call-log-key, and vice versa/,
  )
})

test('--kms-endpoint accepts https, and http only on this machine', () => {
  const endpointOf = (kmsEndpoint: string): string | undefined =>
    readConfig({ kmsEndpoint }, {}).keys.kms.endpoint
  for (const text of ['https://kms.example.com', 'http://127.0.0.1:1', 'http://[::1]:1'])
    assert.equal(endpointOf(text), text)
  for (const text of ['http://kms.example.com', 'http://127.0.0.1.example.com', 'http://[::2]'])
    assert.throws(() => endpointOf(text), /--kms-endpoint must be an https URL/)
})

test('--key-storage-standards selects a configured key store for each standard', () => {
  const [level3, ccpc] = ['FIPS_140_2_LEVEL_3_OR_HIGHER', 'CCPC_LEVEL_1_OR_HIGHER'] as const
  const keysOf = (keyStorageStandards: string, more: Flags = {}) =>
    readConfig({ keyStorageStandards, ...more }, {}).keys
  const token = { pkcs11Module: '/m', pkcs11Token: 't', pkcs11PinFile: '/p' }
  assert.deepEqual(keysOf(`${level3}=pkcs11, ${ccpc}=local`, token).standards, [
    { standard: level3, store: 'pkcs11' },
    { standard: ccpc, store: 'local' },
  ])
  for (const text of [
    '',
    ccpc,
    `${ccpc}=`,
    `${ccpc}=hsm`,
    `FIPS=local`,
    `${ccpc}=local=local`,
    ',',
  ])
    assert.throws(
      () => keysOf(text),
      /--key-storage-standards must be one or more STANDARD=STORE pairs.*CCPC_LEVEL/,
    )
  assert.throws(
    () => keysOf(`${ccpc}=local,${ccpc}=local`),
    /must contain CCPC_LEVEL_\S+ only once/,
  )
  assert.throws(
    () => keysOf(`${level3}=pkcs11`),
    /--key-storage-standards FIPS_140_2_LEVEL_3_OR_HIGHER=pkcs11 requires --pkcs11-module/,
  )
  assert.throws(() => keysOf(`${level3}=kms`), /LEVEL_3_OR_HIGHER=kms requires --kms-region/)
  assert.throws(
    () => keysOf(`${ccpc}=local`, { caKeys: 'pkcs11', ...token }),
    /--ca-keys cannot be combined with --key-storage-standards/,
  )
})

test('--ca-keys kms requires a Region, and --master-key-kms the ARN of a key', () => {
  const arn = 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'
  assert.throws(() => readConfig({ caKeys: 'kms' }, {}), /requires --kms-region/)
  assert.throws(() => readConfig({ kmsRegion: 'Nowhere!' }, {}), /must be a Region name/)
  assert.throws(() => readConfig({ masterKeyKms: 'alias/x' }, {}), /must be the ARN of a KMS key/)
  const { keys, masterKeyKms } = readConfig(
    { caKeys: 'kms', kmsRegion: 'eu-central-1', masterKeyKms: arn },
    {},
  )
  assert.deepEqual(keys, {
    newKeys: 'kms',
    standards: undefined,
    pkcs11: undefined,
    kms: { endpoint: undefined, region: 'eu-central-1' },
  })
  assert.deepEqual(masterKeyKms, { text: arn, region: 'eu-central-1' })
})
