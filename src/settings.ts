/** Every setting of the server: its flag, what it means, and how its text is read. */
import { defaultQuotas } from './authority/quotas.ts'
import { parseDatabaseUrl } from './database-url.ts'
import {
  address,
  count,
  hosts,
  nonEmpty,
  oneOf,
  parseAccountId,
  pathPrefix,
  poolSize,
  regions,
  seconds,
  url,
  workers,
} from './setting-values.ts'

/** What one flag or variable is: `parse` throws an Error that says what the value must be. */
export interface Setting<T> {
  readonly flag: string
  /** What stands for its value in the help text; empty for a switch, which has none. */
  readonly value: string
  readonly description: string
  readonly fallback: string | undefined
  readonly parse: (text: string) => T
}

const emptySubjectModes = ['refuse', 'critical-san'] as const
const lintModes = ['error', 'warn', 'off'] as const
const weakKeyModes = ['refuse', 'allow'] as const
const sha1Modes = ['refuse', 'accept'] as const
const verifyModes = ['all', 'ca'] as const
const objectHomes = ['embedded', 's3'] as const
const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

/** Every setting of the server, in the order of the help text. */
export const settings = {
  data: setting('data', 'DIR', 'folder for everything that is kept', './data', nonEmpty),
  listen: setting('listen', 'HOST:PORT', 'where the API listens', '127.0.0.1:8080', address),
  publicListen: setting(
    'public-listen',
    'HOST:PORT',
    'where CRLs, OCSP and CA certificates are served; anyone may reach it',
    '127.0.0.1:8081',
    address,
  ),
  publicUrl: setting(
    'public-url',
    'URL',
    'what certificates say about the public listener (default: http:// and its address)',
    undefined,
    url,
  ),
  database: setting(
    'database',
    'URL',
    'postgres://USER@HOST:PORT/DATABASE, for any number of servers (default: SQLite in the data folder)',
    undefined,
    parseDatabaseUrl,
  ),
  databasePasswordFile: setting(
    'database-password-file',
    'FILE',
    'password for PostgreSQL, on the first line (default: that in the URL, PGPASSWORD, or PGPASSFILE)',
    undefined,
    nonEmpty,
  ),
  databasePool: setting(
    'database-pool',
    'N',
    'connections to PostgreSQL for reads, at most; one more is for writes, and one for CRLs and reports',
    '10',
    poolSize,
  ),
  account: setting(
    'account',
    'ID',
    'account that the first start makes',
    '123456789012',
    parseAccountId,
  ),
  regions: setting(
    'regions',
    'NAME,…',
    "Regions to serve beside AWS's, such as local or garage",
    undefined,
    regions,
  ),
  masterKeyFile: setting(
    'master-key-file',
    'FILE',
    'key that the stored keys are encrypted under (default: master.key in the data folder)',
    undefined,
    nonEmpty,
  ),
  logLevel: setting('log-level', 'LEVEL', logLevels.join(', '), 'info', oneOf(logLevels)),
  lint: setting(
    'lint',
    'MODE',
    'certificates that break a rule of RFC 5280: error (errors are refused), warn (all logged), off',
    'error',
    oneOf(lintModes),
  ),
  emptySubject: setting(
    'empty-subject',
    'MODE',
    'CSRs with an empty subject and a SAN that is not critical: refuse, or critical-san to mark it',
    'refuse',
    oneOf(emptySubjectModes),
  ),
  weakKeys: setting(
    'weak-keys',
    'MODE',
    'how CSRs and imports with weak keys are handled: refuse, or allow as AWS does',
    'refuse',
    oneOf(weakKeyModes),
  ),
  weakKeyList: setting(
    'weak-key-list',
    'FILE',
    'further weak keys: fingerprints as in openssl-blacklist, or SHA-256 of public keys',
    undefined,
    nonEmpty,
  ),
  csrSha1: setting(
    'csr-sha1',
    'MODE',
    'whether CSRs that are signed with SHA-1 are accepted: refuse, or accept',
    'refuse',
    oneOf(sha1Modes),
  ),
  verifySignatures: setting(
    'verify-signatures',
    'MODE',
    'which signatures are checked before they are stored: all, or ca (those of CA certificates)',
    'ca',
    oneOf(verifyModes),
  ),
  quotaAuthorities: setting(
    'quota-authorities',
    'N',
    'CAs of one account in one Region',
    String(defaultQuotas.authoritiesPerRegion),
    count,
  ),
  quotaCertificates: setting(
    'quota-certificates',
    'N',
    'certificates of one CA',
    String(defaultQuotas.certificatesPerAuthority),
    count,
  ),
  quotaTags: setting(
    'quota-tags',
    'N',
    'tags on one CA',
    String(defaultQuotas.tagsPerAuthority),
    count,
  ),
  quotaRevocations: setting(
    'quota-revocations',
    'N',
    'revoked certificates, not expired, of one CA with a complete CRL',
    String(defaultQuotas.revocationsPerAuthority),
    count,
  ),
  awsQuotas: setting(
    'aws-quotas',
    '',
    'limit request rates as AWS does, for each account, Region and operation',
    'false',
    oneOf(['true', 'false']),
  ),
  ratesFile: setting(
    'rates-file',
    'FILE',
    'JSON object of request rates: calls a second by operation, or null for no limit; read again on SIGHUP',
    undefined,
    nonEmpty,
  ),
  callLog: setting(
    'call-log',
    'FILE',
    "a JSON line for each call as CloudTrail records it; '-' for standard output",
    undefined,
    nonEmpty,
  ),
  callLogRequired: setting(
    'call-log-required',
    '',
    'refuse calls that cannot be recorded in the call log',
    'false',
    oneOf(['true', 'false']),
  ),
  tlsCert: setting(
    'tls-cert',
    'FILE',
    'certificate of the API listener and those above it, PEM; read again when it changes',
    undefined,
    nonEmpty,
  ),
  tlsKey: setting('tls-key', 'FILE', 'private key of --tls-cert, PEM', undefined, nonEmpty),
  tlsSelf: setting(
    'tls-self',
    'ARN',
    'CA of this server that gives the API listener its certificate, and renews it',
    undefined,
    nonEmpty,
  ),
  tlsNames: setting(
    'tls-names',
    'NAME,…',
    'hosts and addresses in the certificate of --tls-self (default: those it listens on)',
    undefined,
    hosts,
  ),
  tlsClientCa: setting(
    'tls-client-ca',
    'FILE',
    'CAs, PEM, of which clients of the API must have a certificate',
    undefined,
    nonEmpty,
  ),
  insecureHttp: setting(
    'insecure-http',
    '',
    'let the API listen for plain HTTP where other machines may reach it',
    'false',
    oneOf(['true', 'false']),
  ),
  workers: setting(
    'workers',
    'N',
    'processes that answer requests; auto for one for each core, up to 16',
    'auto',
    workers,
  ),
  maxConnections: setting(
    'max-connections',
    'N',
    'connections at once, on each listener',
    '10000',
    count,
  ),
  bodyMemory: setting(
    'body-memory',
    'MIB',
    'memory for incomplete request bodies, in each process; those that are incomplete for longest make room',
    '128',
    seconds({ min: 8, max: 65_536 }),
  ),
  basePath: setting(
    'base-path',
    'PATH',
    'path prefix of a reverse proxy, such as /pki: both listeners are served below it too',
    undefined,
    pathPrefix,
  ),
  authFailures: setting(
    'auth-failures',
    'N',
    'authentications a minute that may fail from one address; 0 for no limit',
    '300',
    seconds({ min: 0, max: 1_000_000 }),
  ),
  crlDelay: setting(
    'crl-delay',
    'SECONDS',
    'from a revocation to the CRL that has it; revocations within it share one CRL',
    '1',
    seconds({ min: 0, max: 300 }),
  ),
  ocspValidity: setting(
    'ocsp-validity',
    'SECONDS',
    'how long an OCSP answer holds; a new one is made after half of it',
    '3600',
    seconds({ min: 2, max: 604_800 }),
  ),
  noCaIssuers: setting(
    'no-ca-issuers',
    '',
    'leave out of certificates where the certificate of their CA can be had',
    'false',
    oneOf(['true', 'false']),
  ),
  auditReportInterval: setting(
    'audit-report-interval',
    'SECONDS',
    'between two audit reports of one CA',
    '1800',
    seconds({ min: 0, max: 604_800 }),
  ),
  objects: setting(
    'objects',
    'HOME',
    'where buckets are: embedded (in the data folder), or s3 (default: s3 if there is an --s3-endpoint)',
    undefined,
    oneOf(objectHomes),
  ),
  s3Endpoint: setting(
    's3-endpoint',
    'URL',
    'S3-compatible store that CRLs and audit reports are written to (default: AWS, with --objects s3)',
    undefined,
    url,
  ),
  s3Region: setting(
    's3-region',
    'REGION',
    'Region that S3 requests are signed for',
    'us-east-1',
    nonEmpty,
  ),
  s3PublicUrl: setting(
    's3-public-url',
    'URL',
    'what certificates say about the S3 store (default: its endpoint)',
    undefined,
    url,
  ),
  eventWebhook: setting(
    'event-webhook',
    'URL',
    'where events are posted to, as EventBridge shapes them',
    undefined,
    url,
  ),
} as const

// oxlint-disable-next-line max-params -- rows of a table
function setting<T>(
  flag: string,
  value: string,
  description: string,
  fallback: string | undefined,
  parse: (text: string) => T,
): Setting<T> {
  return { flag, value, description, fallback, parse }
}
