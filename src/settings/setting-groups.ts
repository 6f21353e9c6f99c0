/** The settings by subject, for the help text of `serve` and the reference of its flags. */
import type { SettingName } from './read-setting.ts'

/** Names of settings by group, in the order of the help text. Every setting is in one group (settings-table.test.ts). */
export const settingGroups = {
  'Data folder and account': [
    'data',
    'masterKeyFile',
    'locked',
    'masterKeyKms',
    'account',
    'rootAccessKeyId',
    'rootSecretAccessKey',
    'regions',
    'dev',
    'acceptLoss',
  ],
  Listeners: [
    'listen',
    'publicListen',
    'publicUrl',
    'metricsListen',
    'basePath',
    'console',
    'insecureHttp',
    'maxConnections',
    'bodyMemory',
    'authFailures',
  ],
  'CA keys': [
    'caKeys',
    'keyStorageStandards',
    'pkcs11Module',
    'pkcs11Token',
    'pkcs11PinFile',
    'kmsEndpoint',
    'kmsRegion',
  ],
  TLS: ['tlsCert', 'tlsKey', 'tlsSelf', 'tlsNames', 'tlsClientCa'],
  PostgreSQL: ['database', 'databasePasswordFile', 'databasePool'],
  Issuance: ['weakKeys', 'weakKeyList', 'csrSha1', 'lint', 'emptySubject', 'verifySignatures'],
  'CRLs, OCSP and buckets': [
    'crlDelay',
    'ocspValidity',
    'ocspSigner',
    'noCaIssuers',
    'auditReportInterval',
    'objects',
    's3Endpoint',
    's3Region',
    's3PublicUrl',
  ],
  'Logs and events': [
    'logLevel',
    'callLog',
    'callLogCa',
    'callLogCert',
    'callLogKey',
    'callLogRequired',
    'logPublic',
    'eventWebhook',
  ],
  'Processes and retention': ['workers', 'keepExpired'],
  'Quotas and request rates': [
    'quotaAuthorities',
    'quotaCertificates',
    'quotaTags',
    'quotaRevocations',
    'awsQuotas',
    'ratesFile',
  ],
} as const satisfies Readonly<Record<string, readonly SettingName[]>>

export type SettingGroup = keyof typeof settingGroups
