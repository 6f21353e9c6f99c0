/** Every server setting, with its flag, its description, and the parser for its value. */
import { defaultQuotas } from '../authority/quotas.ts'
import { consoleSettings } from './console-settings.ts'
import { parseDatabaseUrl } from './database-url.ts'
import { enrollmentSettings } from './enrollment-settings.ts'
import { keySettings } from './key-settings.ts'
import { secret, secretUrl, setting, toggle, withFlags } from './setting.ts'
import {
  address,
  callLogDestinations,
  count,
  hosts,
  nonEmpty,
  oneOf,
  parseAccountId,
  pathPrefix,
  poolSize,
  regions,
  retention,
  rootAccessKeyId,
  rootSecretAccessKey,
  seconds,
  url,
  wholeNumber,
  workers,
} from './parse-values.ts'

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

/** Every server setting, in the order of the help text. */
export const settings = withFlags({
  data: setting('DIR', 'folder for all server data', nonEmpty, './data'),
  listen: setting('HOST:PORT', 'address of the API listener', address, '127.0.0.1:8080'),
  publicListen: setting(
    'HOST:PORT',
    'address of the public listener for CRLs, OCSP and CA certificates, which requires no authentication',
    address,
    '127.0.0.1:8081',
  ),
  publicUrl: setting(
    'URL',
    'URL of the public listener, as written into certificates (default: http:// and the listener address)',
    url,
  ),
  metricsListen: setting(
    'HOST:PORT',
    'address of a metrics listener without TLS or authentication (default: /metrics on the API listener)',
    address,
  ),
  database: secretUrl(
    setting(
      'URL',
      'URL of a PostgreSQL database, which several servers can share: postgres://USER@HOST:PORT/DATABASE (default: SQLite in the data folder)',
      parseDatabaseUrl,
    ),
  ),
  databasePasswordFile: setting(
    'FILE',
    'file whose first line is the PostgreSQL password (default: from the URL, PGPASSWORD, or PGPASSFILE)',
    nonEmpty,
  ),
  databasePool: setting(
    'N',
    'maximum number of PostgreSQL connections for reads; writes use one more connection, and CRLs and reports use another',
    poolSize,
    '10',
  ),
  account: setting(
    'ID',
    'ID of the account that the first start creates',
    parseAccountId,
    '123456789012',
  ),
  rootAccessKeyId: setting(
    'ID',
    'access key ID of the administrator that the first start creates (default: random)',
    rootAccessKeyId,
  ),
  rootSecretAccessKey: secret('secret access key for --root-access-key-id', rootSecretAccessKey),
  dev: toggle(
    'run a test server with one process, temporary data, and an access key whose ID and secret are both test',
  ),
  regions: setting(
    'NAME,…',
    'Regions in addition to the AWS Regions, such as local or garage',
    regions,
  ),
  masterKeyFile: setting(
    'FILE',
    'file with the master key, which encrypts the CA keys, or - for standard input (default: the systemd credential master.key, or master.key in the data folder)',
    nonEmpty,
  ),
  locked: toggle(
    'start without the master key, and wait until its shares are entered with signet unlock',
  ),
  ...keySettings,
  logLevel: setting(
    'LEVEL',
    `minimum level of log messages: ${logLevels.join(', ')}`,
    oneOf(logLevels),
    'info',
  ),
  lint: setting(
    'MODE',
    'handling of certificates that violate RFC 5280: error to refuse them, warn to log them, or off',
    oneOf(['error', 'warn', 'off']),
    'error',
  ),
  emptySubject: setting(
    'MODE',
    'handling of CSRs with an empty subject and a non-critical SAN: refuse, or critical-san to mark the SAN as critical',
    oneOf(['refuse', 'critical-san']),
    'refuse',
  ),
  weakKeys: setting(
    'MODE',
    'handling of CSRs and imported certificates with weak keys: refuse, or allow as AWS does',
    oneOf(['refuse', 'allow']),
    'refuse',
  ),
  weakKeyList: setting(
    'FILE',
    'file with additional weak keys: fingerprints as in openssl-blacklist, or SHA-256 hashes of public keys',
    nonEmpty,
  ),
  csrSha1: setting(
    'MODE',
    'handling of CSRs with SHA-1 signatures: refuse, or accept',
    oneOf(['refuse', 'accept']),
    'refuse',
  ),
  verifySignatures: setting(
    'MODE',
    'certificates whose signatures the server verifies before it stores them: all, or ca for CA certificates only',
    oneOf(['all', 'ca']),
    'ca',
  ),
  quotaAuthorities: setting(
    'N',
    'maximum number of CAs per account and Region',
    count,
    String(defaultQuotas.authoritiesPerRegion),
  ),
  quotaCertificates: setting(
    'N',
    'maximum number of certificates per CA',
    count,
    String(defaultQuotas.certificatesPerAuthority),
  ),
  quotaTags: setting(
    'N',
    'maximum number of tags per CA',
    count,
    String(defaultQuotas.tagsPerAuthority),
  ),
  quotaRevocations: setting(
    'N',
    'maximum number of revoked, unexpired certificates per CA with a complete CRL',
    count,
    String(defaultQuotas.revocationsPerAuthority),
  ),
  awsQuotas: toggle('limit request rates as AWS does, for each account, Region and operation'),
  ratesFile: setting(
    'FILE',
    'JSON file that maps each operation to calls per second, or to null for no limit; reloaded on SIGHUP',
    nonEmpty,
  ),
  callLog: setting(
    'FILE',
    "call log, with one CloudTrail record in JSON per line: a file, '-' for standard output, syslog+tls://HOST:PORT for a syslog server, or FILE,syslog+tls://HOST:PORT for both",
    callLogDestinations,
  ),
  callLogCa: setting(
    'FILE',
    'PEM file with the CAs trusted to issue the syslog server certificate (default: the CAs that Node.js trusts)',
    nonEmpty,
  ),
  callLogCert: setting(
    'FILE',
    'PEM file with the client certificate for the syslog server and its chain; the server reads the file again for each connection',
    nonEmpty,
  ),
  callLogKey: setting('FILE', 'PEM file with the private key for --call-log-cert', nonEmpty),
  callLogRequired: toggle('refuse calls that cannot be written to the call log'),
  tlsCert: setting(
    'FILE',
    'PEM file with the API listener certificate and its chain; the server reloads the file when it changes',
    nonEmpty,
  ),
  tlsKey: setting('FILE', 'PEM file with the private key for --tls-cert', nonEmpty),
  tlsSelf: setting(
    'CA',
    'ARN or common name of the CA on this server that issues and renews the API listener certificate',
    nonEmpty,
  ),
  tlsNames: setting(
    'NAME,…',
    'host names and IP addresses in the --tls-self certificate (default: the address of the API listener)',
    hosts,
  ),
  tlsClientCa: setting(
    'FILE',
    'PEM file with CAs; API clients must present a certificate issued by one of these CAs',
    nonEmpty,
  ),
  insecureHttp: toggle('allow plain HTTP on an API address that other machines can reach'),
  workers: setting(
    'N',
    'number of processes that handle requests; auto means one per core, up to 16',
    workers,
    'auto',
  ),
  maxConnections: setting('N', 'maximum number of open connections per listener', count, '10000'),
  bodyMemory: setting(
    'MIB',
    'memory limit per process for request bodies and for objects sent to slow clients',
    wholeNumber({ min: 8, max: 65_536 }),
    '128',
  ),
  basePath: setting(
    'PATH',
    'path prefix of a reverse proxy, such as /pki; the API listener and the public listener also accept requests with this prefix',
    pathPrefix,
  ),
  ...consoleSettings,
  ...enrollmentSettings,
  authFailures: setting(
    'N',
    'maximum number of failed authentications per minute from one address; 0 for no limit',
    wholeNumber({ min: 0, max: 1_000_000 }),
    '300',
  ),
  crlDelay: setting(
    'SECONDS',
    'delay between a revocation and the next CRL; revocations within the delay share one CRL',
    seconds({ min: 0, max: 300 }),
    '1',
  ),
  ocspValidity: setting(
    'SECONDS',
    'validity period of OCSP responses; a response is renewed after half of this period',
    seconds({ min: 2, max: 604_800 }),
    '3600',
  ),
  ocspSigner: setting(
    'SIGNER',
    'signer of OCSP responses: ca, or delegated (a local key with a short-lived certificate from the CA)',
    oneOf(['ca', 'delegated']),
    'ca',
  ),
  logPublic: toggle(
    'serve checkpoints and hashes of the record to witnesses on the public listener',
  ),
  noCaIssuers: toggle('issue certificates without the caIssuers URL (AIA)'),
  auditReportInterval: setting(
    'SECONDS',
    'minimum interval between two audit reports for the same CA',
    seconds({ min: 0, max: 604_800 }),
    '1800',
  ),
  objects: setting(
    'HOME',
    'storage for buckets: embedded (folders in the data folder), or s3 (default: s3 with --s3-endpoint, otherwise embedded)',
    oneOf(['embedded', 's3']),
  ),
  s3Endpoint: setting(
    'URL',
    'URL of an S3-compatible store for CRLs and audit reports (default: AWS, with --objects s3)',
    url,
  ),
  s3Region: setting('REGION', 'Region used to sign S3 requests', nonEmpty, 'us-east-1'),
  s3PublicUrl: setting(
    'URL',
    'URL of the S3 store, as written into certificates (default: the S3 endpoint)',
    url,
  ),
  acceptLoss: toggle(
    'accept, for one start, a database that has lost writes; first check in the log which writes are lost',
  ),
  keepExpired: setting(
    'TIME',
    'time from expiry to deletion of a certificate, such as 365d (default: never)',
    retention,
  ),
  eventWebhook: secretUrl(
    setting('URL', 'webhook URL to which events are posted in the EventBridge format', url),
    { isOriginOnly: true },
  ),
})
