/** Every setting of the server: its flag, what it means, and how its text is read. */
import { defaultQuotas } from '../authority/quotas.ts'
import { parseDatabaseUrl } from './database-url.ts'
import { secret, setting, toggle, withFlags } from './setting.ts'
import {
  address,
  count,
  hosts,
  kmsKeyArn,
  nonEmpty,
  oneOf,
  parseAccountId,
  pathPrefix,
  poolSize,
  regionName,
  regions,
  retention,
  rootAccessKeyId,
  rootSecretAccessKey,
  seconds,
  secureUrl,
  url,
  wholeNumber,
  workers,
} from './parse-values.ts'

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

/** Every setting of the server, in the order of the help text. */
export const settings = withFlags({
  data: setting('DIR', 'folder for everything that is kept', nonEmpty, './data'),
  listen: setting('HOST:PORT', 'where the API listens', address, '127.0.0.1:8080'),
  publicListen: setting(
    'HOST:PORT',
    'where CRLs, OCSP and CA certificates are served; anyone may reach it',
    address,
    '127.0.0.1:8081',
  ),
  publicUrl: setting(
    'URL',
    'what certificates say about the public listener (default: http:// and its address)',
    url,
  ),
  metricsListen: setting(
    'HOST:PORT',
    'where metrics are served, without TLS and authentication (default: /metrics of the API listener)',
    address,
  ),
  database: setting(
    'URL',
    'postgres://USER@HOST:PORT/DATABASE, for any number of servers (default: SQLite in the data folder)',
    parseDatabaseUrl,
  ),
  databasePasswordFile: setting(
    'FILE',
    'password for PostgreSQL, on the first line (default: that in the URL, PGPASSWORD, or PGPASSFILE)',
    nonEmpty,
  ),
  databasePool: setting(
    'N',
    'connections to PostgreSQL for reads, at most; one more is for writes, and one for CRLs and reports',
    poolSize,
    '10',
  ),
  account: setting('ID', 'account that the first start creates', parseAccountId, '123456789012'),
  rootAccessKeyId: setting(
    'ID',
    'access key ID of the administrator at the first start (default: random)',
    rootAccessKeyId,
  ),
  rootSecretAccessKey: secret('secret access key for --root-access-key-id', rootSecretAccessKey),
  dev: toggle('run for tests: one process, data in memory, access key test with secret test'),
  regions: setting('NAME,…', "Regions to serve beside AWS's, such as local or garage", regions),
  masterKeyFile: setting(
    'FILE',
    'key that the stored keys are encrypted under (default: master.key in the data folder)',
    nonEmpty,
  ),
  masterKeyKms: setting(
    'ARN',
    'symmetric key in AWS KMS that encrypts the master key; the file then contains only the ciphertext',
    kmsKeyArn,
  ),
  caKeys: setting(
    'STORE',
    'where the keys of new CAs are created: local (encrypted in the database), or kms (AWS KMS)',
    oneOf(['local', 'kms']),
    'local',
  ),
  kmsEndpoint: setting('URL', 'service with the API of AWS KMS (default: AWS)', secureUrl),
  kmsRegion: setting(
    'REGION',
    'Region in which AWS KMS creates the keys of --ca-keys kms',
    regionName,
  ),
  logLevel: setting('LEVEL', logLevels.join(', '), oneOf(logLevels), 'info'),
  lint: setting(
    'MODE',
    'certificates that break a rule of RFC 5280: error (errors are refused), warn (all logged), off',
    oneOf(['error', 'warn', 'off']),
    'error',
  ),
  emptySubject: setting(
    'MODE',
    'CSRs with an empty subject and a SAN that is not critical: refuse, or critical-san to mark it',
    oneOf(['refuse', 'critical-san']),
    'refuse',
  ),
  weakKeys: setting(
    'MODE',
    'how CSRs and imports with weak keys are handled: refuse, or allow as AWS does',
    oneOf(['refuse', 'allow']),
    'refuse',
  ),
  weakKeyList: setting(
    'FILE',
    'further weak keys: fingerprints as in openssl-blacklist, or SHA-256 of public keys',
    nonEmpty,
  ),
  csrSha1: setting(
    'MODE',
    'whether CSRs that are signed with SHA-1 are accepted: refuse, or accept',
    oneOf(['refuse', 'accept']),
    'refuse',
  ),
  verifySignatures: setting(
    'MODE',
    'which signatures are checked before they are stored: all, or ca (those of CA certificates)',
    oneOf(['all', 'ca']),
    'ca',
  ),
  quotaAuthorities: setting(
    'N',
    'CAs of one account in one Region',
    count,
    String(defaultQuotas.authoritiesPerRegion),
  ),
  quotaCertificates: setting(
    'N',
    'certificates of one CA',
    count,
    String(defaultQuotas.certificatesPerAuthority),
  ),
  quotaTags: setting('N', 'tags on one CA', count, String(defaultQuotas.tagsPerAuthority)),
  quotaRevocations: setting(
    'N',
    'revoked certificates, not expired, of one CA with a complete CRL',
    count,
    String(defaultQuotas.revocationsPerAuthority),
  ),
  awsQuotas: toggle('limit request rates as AWS does, for each account, Region and operation'),
  ratesFile: setting(
    'FILE',
    'JSON object of request rates: calls a second by operation, or null for no limit; read again on SIGHUP',
    nonEmpty,
  ),
  callLog: setting(
    'FILE',
    "a JSON line for each call as CloudTrail records it; '-' for standard output",
    nonEmpty,
  ),
  callLogRequired: toggle('refuse calls that cannot be recorded in the call log'),
  tlsCert: setting(
    'FILE',
    'certificate of the API listener and those above it, PEM; read again when it changes',
    nonEmpty,
  ),
  tlsKey: setting('FILE', 'private key of --tls-cert, PEM', nonEmpty),
  tlsSelf: setting(
    'CA',
    'ARN or common name of the CA on this server that issues and renews the certificate of the API listener',
    nonEmpty,
  ),
  tlsNames: setting(
    'NAME,…',
    'hosts and addresses in the certificate of --tls-self (default: those it listens on)',
    hosts,
  ),
  tlsClientCa: setting(
    'FILE',
    'CAs, PEM, of which clients of the API must have a certificate',
    nonEmpty,
  ),
  insecureHttp: toggle('let the API listen for plain HTTP where other machines may reach it'),
  workers: setting(
    'N',
    'processes that answer requests; auto for one for each core, up to 16',
    workers,
    'auto',
  ),
  maxConnections: setting(
    'N',
    'maximum number of open connections of each listener',
    count,
    '10000',
  ),
  bodyMemory: setting(
    'MIB',
    'memory of each process for request bodies and for objects that clients read slowly',
    wholeNumber({ min: 8, max: 65_536 }),
    '128',
  ),
  basePath: setting(
    'PATH',
    'path prefix of a reverse proxy, such as /pki; both listeners also serve below it',
    pathPrefix,
  ),
  authFailures: setting(
    'N',
    'authentications a minute that may fail from one address; 0 for no limit',
    wholeNumber({ min: 0, max: 1_000_000 }),
    '300',
  ),
  crlDelay: setting(
    'SECONDS',
    'from a revocation to the CRL that has it; revocations within it share one CRL',
    seconds({ min: 0, max: 300 }),
    '1',
  ),
  ocspValidity: setting(
    'SECONDS',
    'how long an OCSP answer holds; a new one is made after half of it',
    seconds({ min: 2, max: 604_800 }),
    '3600',
  ),
  noCaIssuers: toggle('omit the caIssuers URL (AIA) from certificates'),
  auditReportInterval: setting(
    'SECONDS',
    'between two audit reports of one CA',
    seconds({ min: 0, max: 604_800 }),
    '1800',
  ),
  objects: setting(
    'HOME',
    'where buckets are: embedded (in the data folder), or s3 (default: s3 if there is an --s3-endpoint)',
    oneOf(['embedded', 's3']),
  ),
  s3Endpoint: setting(
    'URL',
    'S3-compatible store that CRLs and audit reports are written to (default: AWS, with --objects s3)',
    url,
  ),
  s3Region: setting('REGION', 'Region that S3 requests are signed for', nonEmpty, 'us-east-1'),
  s3PublicUrl: setting(
    'URL',
    'what certificates say about the S3 store (default: its endpoint)',
    url,
  ),
  acceptLoss: toggle(
    'accept a database that has lost writes; use it for one start, after reading in the log what was lost',
  ),
  keepExpired: setting(
    'TIME',
    'delete certificates this long after they expired, such as 365d; without it they are kept',
    retention,
  ),
  eventWebhook: setting('URL', 'where events are posted to, as EventBridge shapes them', url),
})
