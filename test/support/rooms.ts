/**
 * The rooms (folders) of src and their permitted imports. `test/architecture.test.ts` checks the sources against this table, and
 * `npm run docs` writes it into ARCHITECTURE.md.
 */

export interface Room {
  /** Subject of the room, as ARCHITECTURE.md prints it. */
  readonly subject: string
  /**
   * Rooms, or single files, that the room may import in addition to its own files and `everyone`. The name of a room stands for the
   * files directly in it; `x509/*` stands for x509 and every room below it.
   */
  readonly imports: readonly string[]
}

/** Rooms and files that every room may import. */
export const everyone = [
  'clock.ts',
  'random.ts',
  'errors.ts',
  'sealer.ts',
  'bounded-cache.ts',
  'durable-file.ts',
  'text',
  'channel',
  'turns',
] as const

export const rooms: Readonly<Record<string, Room>> = {
  text: {
    subject:
      'Text formats: JSON, durations, times, IP addresses; checks of text for storage and display',
    imports: [],
  },

  channel: { subject: 'Requests and replies over a channel of messages', imports: [] },
  turns: {
    subject: 'Batches: the requests of one turn of the event loop are processed together',
    imports: [],
  },

  'x509/der': { subject: 'DER: reader, writer, primitive types', imports: [] },
  'x509/names': { subject: 'Distinguished names and GeneralNames', imports: ['x509/der'] },
  'x509/extensions': {
    subject: 'Certificate and CRL extensions (RFC 5280, 4.2 and 5.2)',
    imports: ['x509/der', 'x509/names'],
  },
  x509: {
    subject: 'Certificates, CSRs, CRLs: bytes ⇄ values (RFC 5280, 2986)',
    imports: ['x509/der', 'x509/names', 'x509/extensions'],
  },
  'x509/ocsp': {
    subject: 'OCSP requests and responses: bytes ⇄ values (RFC 6960)',
    imports: ['x509', 'x509/der', 'x509/extensions'],
  },
  'key-strength': { subject: 'Weak keys', imports: ['x509', 'x509/der'] },
  authority: {
    subject: 'The CA model: configuration, status, life cycle',
    imports: ['x509/*', 'wire/shapes'],
  },
  'chain/name-constraints': {
    subject: 'Name constraints (RFC 5280, 4.2.1.10)',
    imports: ['x509/*'],
  },
  chain: {
    subject: 'CA certificates and their chains (RFC 5280 §6); the import of a CA certificate',
    imports: ['x509/*', 'authority', 'chain/name-constraints', 'key-strength/key-strength.ts'],
  },
  lint: {
    subject: 'Rules that a certificate must satisfy before it is signed',
    imports: ['x509/*', 'chain/name-constraints'],
  },
  issuance: {
    subject: 'Contents of a certificate: CSR, template, validity, serial number',
    imports: [
      'x509/*',
      'authority',
      'chain/*',
      'key-strength/key-strength.ts',
      'lint',
      'store/database.ts',
      'store/installed-certificates.ts',
      'wire/shapes',
    ],
  },
  policy: { subject: 'IAM policies: parsing and evaluation', imports: [] },
  identity: { subject: 'Principals, their ARNs, sessions and credentials', imports: [] },
  'wire/shapes': { subject: 'Shapes of requests and responses (Smithy)', imports: [] },
  wire: { subject: 'ARNs, Regions, page tokens, error bodies', imports: ['wire/shapes'] },
  'wire/sigv4': { subject: 'Signature Version 4', imports: ['wire'] },

  store: {
    subject: 'The Database port; all SQL, one file per table',
    imports: [
      'authority',
      'chain/issuer-identity.ts',
      'identity',
      'keys',
      'policy/managed-permissions.ts',
      'x509/der/time.ts',
    ],
  },
  'store/sqlite': {
    subject: 'The SQLite engine; ownership of its database, detection of lost writes',
    imports: ['store'],
  },
  'store/postgres': { subject: 'The PostgreSQL engine', imports: ['store'] },
  'store/engines': {
    subject: 'The table of database engines',
    imports: ['store', 'store/sqlite', 'store/postgres'],
  },
  keys: {
    subject: 'The KeyStore port; encrypted keys in the database',
    imports: ['authority/algorithms.ts'],
  },
  objects: { subject: 'The ObjectStore port; folders or S3', imports: [] },
  search: {
    subject: 'Certificate search: filters and the index that serves each',
    imports: ['store', 'x509/*'],
  },
  backup: { subject: 'The format and the encryption of backups', imports: [] },

  telemetry: {
    subject: 'Log, metrics, events',
    imports: ['authority/event.ts', 'store/events.ts', 'store/sql.ts'],
  },
  access: {
    subject: 'Authentication, authorization, request rates',
    imports: ['identity', 'operations/shared/operation.ts', 'policy', 'store', 'wire/*'],
  },
  'call-log': {
    subject: 'Records of calls in CloudTrail format',
    imports: ['identity', 'telemetry'],
  },
  crl: {
    subject: 'CRLs: assignment of revocations, contents, publication',
    imports: [
      'x509/*',
      'services.ts',
      'authority',
      'chain/issuer-identity.ts',
      'issuance',
      'objects',
      'store',
      'wire',
    ],
  },
  ocsp: {
    subject: 'OCSP: the status of a serial number, signed responses',
    imports: ['x509/*', 'services.ts', 'authority', 'issuance', 'store', 'http', 'http/body'],
  },
  sts: {
    subject: 'Operations of the Security Token Service',
    imports: ['access', 'identity', 'policy', 'store', 'wire/*'],
  },

  'operations/shared': {
    subject: 'Shared code of operations: shapes, views, idempotency',
    imports: ['services.ts', 'x509/*', 'authority', 'identity', 'objects', 'store', 'wire/*'],
  },
  'operations/certificate-authority': {
    subject: 'Operations on CAs',
    imports: [
      'services.ts',
      'x509/*',
      'authority',
      'chain',
      'identity',
      'operations/shared',
      'operations/tag',
      'store',
      'wire/*',
    ],
  },
  'operations/certificate': {
    subject: 'Operations on certificates',
    imports: [
      'services.ts',
      'x509/*',
      'authority',
      'crl',
      'identity',
      'issuance',
      'operations/shared',
      'search',
      'store',
      'wire/*',
    ],
  },
  'operations/audit-report': {
    subject: 'Operations on audit reports',
    imports: ['authority', 'operations/shared', 'store', 'wire/shapes'],
  },
  'operations/permission': {
    subject: 'Operations on permissions',
    imports: ['identity', 'operations/shared', 'store', 'wire/shapes'],
  },
  'operations/policy': {
    subject: 'Operations on resource policies',
    imports: ['operations/shared', 'policy', 'store', 'wire/shapes'],
  },
  'operations/tag': {
    subject: 'Operations on tags',
    imports: ['authority', 'operations/shared', 'policy', 'store', 'wire/shapes'],
  },
  operations: { subject: 'The table of all operations', imports: ['operations/*'] },

  'http/body': {
    subject: 'Request bodies: size limits, memory, reading',
    imports: ['wire/sigv4'],
  },
  http: {
    subject: 'Listeners, route tables, the AWS protocols, responses',
    imports: [
      'services.ts',
      'version.ts',
      'access',
      'authority',
      'call-log',
      'chain/issuer-identity.ts',
      'crl/location.ts',
      'http/body',
      'identity',
      'objects/object-store.ts',
      'operations/shared/operation.ts',
      'store',
      'sts',
      'telemetry',
      'wire/*',
    ],
  },

  bulk: {
    subject: 'Work on millions of rows in a worker thread: CRL entries, audit reports',
    imports: ['x509', 'authority/audit-report.ts', 'store', 'store/engines'],
  },
  'ceremony/script': {
    subject: 'Ceremony scripts: JSON, and every problem with its position',
    imports: ['x509/*', 'authority', 'chain/name-constraints', 'issuance', 'wire/shapes'],
  },
  ceremony: {
    subject: 'Offline roots: the planned ceremony, the key file, signed transcripts',
    imports: [
      'x509/*',
      'authority',
      'backup',
      'ceremony/script',
      'chain',
      'crl/contents.ts',
      'issuance',
      'keys',
      'operations/certificate/sign-certificate.ts',
      'store/sqlite/folder-lock.ts',
    ],
  },
  'jobs/scheduler': {
    subject: 'Background jobs: when they run, leases',
    imports: ['services.ts', 'store'],
  },
  jobs: {
    subject: 'Background jobs, one file each',
    imports: [
      'services.ts',
      'x509/*',
      'authority',
      'chain',
      'crl',
      'issuance/templates.ts',
      'jobs/scheduler',
      'keys',
      'objects',
      'search',
      'store',
      'wire',
    ],
  },

  settings: {
    subject: 'Flags and environment → Config',
    imports: [
      'access/rates.ts',
      'authority',
      'issuance/issuance-policy.ts',
      'key-strength/weak-key-list.ts',
      'store/postgres/connection-options.ts',
      'wire',
    ],
  },
  'data-folder': {
    subject: 'The data folder: lock, master key, first start, database',
    imports: ['terminal.ts', 'identity', 'settings', 'store', 'store/engines'],
  },
  'server/tls': {
    subject: 'The certificate of the API listener',
    imports: [
      'services.ts',
      'x509/*',
      'authority',
      'identity',
      'operations/certificate',
      'http',
      'settings',
      'store',
      'wire',
    ],
  },
  'server/workers': {
    subject: 'Workers: their pool, the messages between them and the primary',
    imports: [
      'services.ts',
      'access',
      'call-log',
      'jobs/scheduler/job-names.ts',
      'store',
      'store/sqlite',
      'telemetry',
    ],
  },
  'server/gauges': {
    subject: 'The gauges of a server: CAs, CRLs, expiring certificates, health, disk',
    imports: ['services.ts', 'authority', 'http', 'search', 'settings', 'store', 'telemetry'],
  },
  server: {
    subject: 'Processes: single, primary and worker, assembled from the other rooms',
    imports: [
      'services.ts',
      'version.ts',
      'access',
      'bulk',
      'call-log',
      'data-folder',
      'http',
      'http/body',
      'identity',
      'jobs',
      'jobs/scheduler',
      'keys',
      'objects',
      'ocsp',
      'operations',
      'server/gauges',
      'server/tls',
      'server/workers',
      'settings',
      'store',
      'store/engines',
      'store/sqlite',
      'sts',
      'telemetry',
      'wire',
    ],
  },

  inspect: {
    subject: 'Human-readable descriptions of untrusted certificates, CSRs, CRLs and OCSP responses',
    imports: ['x509/*', 'key-strength/key-strength.ts'],
  },
  'client-commands': {
    subject: 'Commands that call the API',
    imports: ['../client', 'inspect', 'x509/*'],
  },
  'client-commands/authority': {
    subject: 'signet ca: describes and renews CAs, and creates their successors',
    imports: ['../client', 'client-commands', 'inspect', 'x509/*'],
  },
  'client-commands/certificates': {
    subject: 'signet certificates and revoke: finds, downloads and revokes certificates',
    imports: ['../client', 'client-commands', 'x509/*'],
  },
  'client-commands/status': {
    subject: 'signet status: health, CAs, jobs and warnings of a server',
    imports: ['../client', 'client-commands', 'client-commands/authority', 'x509/der'],
  },
  'client-commands/trust': {
    subject: 'signet trust: root certificates in the trust stores of a machine',
    imports: ['../client', 'client-commands', 'inspect', 'x509/*'],
  },
  'admin-commands/verify': {
    subject: 'signet verify: compares certificates, CRLs and keys with the database',
    imports: [
      'x509/*',
      'authority',
      'chain',
      'crl/listing-crls.ts',
      'data-folder',
      'keys',
      'objects',
      'settings',
      'store',
    ],
  },
  'admin-commands': {
    subject: 'Commands on the data folder or the database',
    imports: [
      'version.ts',
      'authority',
      'backup',
      'data-folder',
      'identity',
      'jobs',
      'objects',
      'policy',
      'settings',
      'store',
      'store/engines',
      'store/sqlite/folder-lock.ts',
      'sts/issuer-keys.ts',
      'wire',
    ],
  },
  'cli/completion': { subject: 'Shell completion scripts', imports: [] },
  'cli/shared': {
    subject: 'Shared code of commands: flags, output, the context of a command',
    imports: [
      'terminal.ts',
      'admin-commands/principal-options.ts',
      'backup',
      'client-commands',
      'inspect',
      'policy',
      'settings',
    ],
  },
  'cli/ca': {
    subject: 'Subcommands of signet ca that change CAs',
    imports: ['terminal.ts', 'cli/shared', 'client-commands', 'client-commands/authority'],
  },
  'cli/ceremony': {
    subject: 'Confirmation and display of a ceremony',
    imports: [
      'ceremony',
      'ceremony/script',
      'cli/shared',
      'inspect',
      'issuance/prepare-certificate.ts',
    ],
  },
  'cli/commands': {
    subject: 'One file for each command',
    imports: [
      'terminal.ts',
      'admin-commands',
      'admin-commands/verify',
      'ceremony',
      'cli/ca',
      'cli/ceremony',
      'cli/completion',
      'cli/shared',
      'client-commands/*',
      'inspect',
      'server',
      'settings',
      'version.ts',
      'x509/names',
    ],
  },
  cli: {
    subject: 'The table of commands, and the exit code of each',
    imports: [
      'terminal.ts',
      'version.ts',
      'cli/commands',
      'cli/shared',
      'server/operator-message.ts',
    ],
  },
}

/** Database engines and the rooms that may import them, in addition to the table of engines. */
export const engineImporters: Readonly<Record<string, readonly string[]>> = {
  'store/sqlite': ['store/engines', 'server', 'server/workers', 'admin-commands', 'ceremony'],
  // Settings parse the URL of a database.
  'store/postgres': ['store/engines', 'settings'],
}

export interface Layer {
  readonly name: string
  /** Top-level rooms of src, in the order of the diagram. */
  readonly rooms: readonly string[]
}

/** Layers from top to bottom. A room imports only rooms of its own layer and of lower layers. */
export const layers: readonly Layer[] = [
  { name: 'Commands', rooms: ['cli', 'client-commands', 'inspect', 'admin-commands'] },
  { name: 'Processes', rooms: ['server', 'settings', 'data-folder'] },
  { name: 'Requests', rooms: ['http', 'access', 'sts', 'call-log', 'ocsp'] },
  { name: 'Use cases', rooms: ['operations', 'jobs', 'ceremony'] },
  { name: 'Issuing and revoking', rooms: ['issuance', 'search', 'crl', 'bulk'] },
  { name: 'Ports', rooms: ['store', 'keys', 'telemetry', 'objects'] },
  {
    name: 'Rules',
    rooms: ['lint', 'chain', 'authority', 'key-strength', 'policy', 'identity'],
  },
  { name: 'Formats', rooms: ['x509', 'wire', 'backup', 'channel', 'turns', 'text'] },
]
