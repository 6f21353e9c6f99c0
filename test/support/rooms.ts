/**
 * The rooms (folders) in src and their permitted imports. `test/architecture.test.ts` checks the sources against this table, and
 * `npm run docs` writes it to ARCHITECTURE.md.
 */

export interface Room {
  /** Description of the room, as printed in ARCHITECTURE.md. */
  readonly subject: string
  /**
   * Rooms or single files that the room may import, in addition to its own files and `everyone`. A room's name stands for the
   * files directly in the room; `x509/*` stands for x509 and every room below x509.
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
  'text',
  'files',
  'channel',
  'turns',
] as const

export const rooms: Readonly<Record<string, Room>> = {
  text: {
    subject:
      'Text formats (JSON, durations, times, IP addresses), and checks on text for storage and display',
    imports: [],
  },

  files: { subject: 'Durable file writes, and reading files with secrets', imports: [] },
  channel: { subject: 'Requests and replies over a message channel', imports: [] },
  turns: {
    subject: 'Batches: requests that arrive in one turn of the event loop are processed together',
    imports: [],
  },

  'x509/der': { subject: 'DER reader, DER writer and primitive types', imports: [] },
  'x509/names': { subject: 'Distinguished names and GeneralNames', imports: ['x509/der'] },
  'x509/extensions': {
    subject: 'Certificate and CRL extensions (RFC 5280, 4.2 and 5.2)',
    imports: ['x509/der', 'x509/names'],
  },
  x509: {
    subject: 'Encoding and decoding of certificates, CSRs and CRLs (RFC 5280, 2986)',
    imports: ['x509/der', 'x509/names', 'x509/extensions'],
  },
  'x509/ocsp': {
    subject: 'Encoding and decoding of OCSP requests and responses (RFC 6960)',
    imports: ['x509', 'x509/der', 'x509/extensions'],
  },
  'key-strength': { subject: 'Detection of weak keys', imports: ['x509', 'x509/der'] },
  authority: {
    subject: 'The model of a CA: configuration, status and life cycle',
    imports: ['x509/*', 'wire/shapes'],
  },
  'chain/name-constraints': {
    subject: 'Checks of name constraints (RFC 5280, 4.2.1.10)',
    imports: ['x509/*'],
  },
  chain: {
    subject: 'CA certificates, their chains (RFC 5280, section 6) and their import',
    imports: ['x509/*', 'authority', 'chain/name-constraints', 'key-strength/key-strength.ts'],
  },
  lint: {
    subject: 'Rules that a certificate must satisfy before it is signed',
    imports: ['x509/*', 'chain/name-constraints'],
  },
  issuance: {
    subject:
      'Computation of certificate contents from the CSR, template, validity and serial number',
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
  policy: { subject: 'Parsing and evaluation of IAM policies', imports: [] },
  enrollment: {
    subject: 'The model of enrollment: ACME and EST endpoints, identifiers and permitted names',
    imports: ['identity', 'wire', 'x509/*'],
  },
  identity: { subject: 'Principals with their ARNs, sessions and credentials', imports: [] },
  'wire/shapes': { subject: 'Shapes of requests and responses (Smithy)', imports: [] },
  wire: { subject: 'ARNs, Regions, page tokens and error bodies', imports: ['wire/shapes'] },
  'wire/sigv4': { subject: 'Signature Version 4', imports: ['wire'] },

  record: {
    subject:
      'The tamper-evident record: leaves, Merkle tree, tiles, proofs and signed notes (RFC 6962, C2SP)',
    imports: [],
  },

  store: {
    subject: 'The database port, and all SQL, in one file per table',
    imports: [
      'authority',
      'chain/issuer-identity.ts',
      'identity',
      'keys',
      'policy/managed-permissions.ts',
      'record',
      'x509/der/time.ts',
    ],
  },
  'store/enrollment': {
    subject: 'Database rows for enrollment: endpoints, ACME accounts and orders, EST passwords',
    imports: ['enrollment', 'store'],
  },
  'store/sqlite': {
    subject: 'The SQLite engine; ownership of the database and detection of lost writes',
    imports: ['store'],
  },
  'store/postgres': { subject: 'The PostgreSQL engine', imports: ['store'] },
  'store/engines': {
    subject: 'The table of database engines',
    imports: ['store', 'store/sqlite', 'store/postgres'],
  },
  keys: {
    subject: 'The key store port, and encrypted keys in the database',
    imports: ['authority/algorithms.ts', 'authority/key-storage.ts'],
  },
  'keys/kms': {
    subject: 'Keys in AWS KMS, or in another service with the KMS API',
    imports: ['authority/algorithms.ts', 'keys'],
  },
  'keys/pkcs11': {
    subject: 'Keys in PKCS #11 tokens (HSMs)',
    imports: ['authority/algorithms.ts', 'keys', 'x509/der'],
  },
  'keys/stores': {
    subject: 'The table of key stores',
    imports: ['authority/key-storage.ts', 'keys', 'keys/kms', 'keys/pkcs11'],
  },
  objects: { subject: 'The object store port, implemented with folders and with S3', imports: [] },
  approval: {
    subject:
      'Two-person approval: the actions, the canonical form of a request, and the check for an approval',
    imports: ['record', 'store'],
  },
  principals: {
    subject:
      'Users, roles, access keys, identity providers and endpoints, as the API and commands return them',
    imports: ['enrollment', 'identity', 'store', 'store/enrollment', 'wire'],
  },
  search: {
    subject: 'Certificate search: its filters and the index that serves each filter',
    imports: ['store', 'x509/*'],
  },
  backup: { subject: 'Format and encryption of backups', imports: [] },

  telemetry: {
    subject: 'The log, metrics and events',
    imports: ['authority/event.ts', 'store/events.ts', 'store/sql.ts'],
  },
  authorization: {
    subject:
      'Authorization decisions: the policies and tags that apply to a request, and the deciding statement',
    imports: ['identity', 'policy', 'store', 'wire'],
  },
  access: {
    subject: 'Authentication, authorization and request rates',
    imports: [
      'authorization',
      'identity',
      'operations/shared/operation.ts',
      'policy',
      'store',
      'wire/*',
    ],
  },
  'call-log': {
    subject: 'CloudTrail records of API calls',
    imports: ['identity', 'telemetry'],
  },
  crl: {
    subject: 'CRLs: their contents, their publication, and the assignment of revocations to CRLs',
    imports: [
      'x509/*',
      'services.ts',
      'authority',
      'chain/issuer-identity.ts',
      'issuance',
      'record',
      'objects',
      'store',
      'wire',
    ],
  },
  acme: {
    subject: 'ACME (RFC 8555): problem documents, URLs and resource types',
    imports: ['access/address-limiter.ts', 'enrollment', 'http', 'store/enrollment'],
  },
  'acme/handler': {
    subject: 'The route and the handler of ACME requests, and the table of resources',
    imports: [
      'access/one-second-cache.ts',
      'acme',
      'acme/requests',
      'acme/resources',
      'enrollment',
      'http',
      'store/enrollment',
      'wire/sigv4',
    ],
  },
  'acme/requests': {
    subject: 'Signed requests of ACME: JWS, nonces and external account binding',
    imports: [
      'access/failure-limiter.ts',
      'acme',
      'enrollment',
      'key-strength/key-strength.ts',
      'store',
      'store/enrollment',
      'x509',
    ],
  },
  'acme/resources': {
    subject: 'The resources of an ACME endpoint, one file for each',
    imports: [
      'x509/*',
      'acme',
      'acme/requests',
      'authority',
      'chain/issuer-identity.ts',
      'enrollment',
      'http/run-operation.ts',
      'identity',
      'operations/certificate',
      'operations/shared/certificate-view.ts',
      'store',
      'store/enrollment',
      'wire',
    ],
  },
  est: {
    subject: 'EST (RFC 7030, RFC 8951): routes, authentication and operations of EST endpoints',
    imports: [
      'x509/*',
      'authority',
      'chain/verify-chain.ts',
      'enrollment',
      'http',
      'http/body',
      'keys/generate-key.ts',
      'keys/sign-message.ts',
      'operations/certificate',
      'store',
      'store/enrollment',
      'wire',
    ],
  },
  ocsp: {
    subject: 'OCSP: certificate status and signed responses',
    imports: [
      'x509/*',
      'services.ts',
      'authority',
      'http',
      'http/body',
      'identity',
      'issuance',
      'keys',
      'operations/certificate',
      'store',
      'wire',
    ],
  },
  sts: {
    subject: 'Operations of the Security Token Service (STS)',
    imports: ['authorization', 'identity', 'policy', 'store', 'wire/*'],
  },

  validation: {
    subject: 'Validation of ACME challenges: DNS, HTTP and TLS connections with limits',
    imports: ['x509', 'x509/der', 'x509/extensions', 'x509/names', 'enrollment'],
  },

  'operations/shared': {
    subject: 'Shared code of operations: shapes, views and idempotency',
    imports: [
      'services.ts',
      'x509/*',
      'approval',
      'authority',
      'identity',
      'objects',
      'store',
      'wire/*',
    ],
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
      'keys',
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
  'operations/access': {
    subject: 'Operations that read users, roles, access keys and identity providers',
    imports: ['operations/shared', 'principals', 'store', 'wire/shapes'],
  },
  'operations/enrollment': {
    subject: 'Operations that read endpoints for enrollment, and accounts and orders of ACME',
    imports: [
      'services.ts',
      'enrollment',
      'operations/shared',
      'principals',
      'store',
      'store/enrollment',
      'wire',
      'wire/shapes',
    ],
  },
  'operations/approval': {
    subject: 'Operations on requests for a second person',
    imports: ['services.ts', 'approval', 'operations/shared', 'store', 'wire/shapes'],
  },
  'operations/statistics': {
    subject: 'Operations that count CAs and certificates',
    imports: [
      'services.ts',
      'bounded-cache.ts',
      'authority',
      'operations/shared',
      'store',
      'wire/shapes',
    ],
  },
  'operations/policy': {
    subject: 'Operations on resource policies; simulation of decisions',
    imports: [
      'services.ts',
      'authorization',
      'enrollment',
      'identity',
      'operations/shared',
      'policy',
      'principals/endpoint-details.ts',
      'store',
      'store/enrollment',
      'wire',
      'wire/shapes',
    ],
  },
  'operations/revocation': {
    subject: 'Operations on CRLs and OCSP',
    imports: [
      'services.ts',
      'authority',
      'crl',
      'operations/shared',
      'store',
      'wire/shapes',
      'x509/*',
    ],
  },
  'operations/record': {
    subject: 'Operations that read the record, and who may see which entries',
    imports: [
      'services.ts',
      'ledger',
      'operations/shared',
      'record',
      'store',
      'wire',
      'wire/shapes',
      'x509/serial-number-text.ts',
    ],
  },
  'operations/server': {
    subject: 'Operations that return information about the server',
    imports: [
      'services.ts',
      'version.ts',
      'jobs/scheduler/job-times.ts',
      'operations/shared',
      'store',
      'wire/shapes',
    ],
  },
  'operations/tag': {
    subject: 'Operations on tags',
    imports: ['authority', 'operations/shared', 'policy', 'store', 'wire/shapes'],
  },
  operations: { subject: 'The table of all operations', imports: ['operations/*'] },

  'http/body': {
    subject: 'Request bodies: size limits, memory limits and reading',
    imports: ['wire/sigv4'],
  },
  http: {
    subject: 'Listeners, route tables, AWS protocols and responses',
    imports: [
      'approval/restore-gate.ts',
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
      'record',
      'store',
      'sts',
      'telemetry',
      'wire/*',
    ],
  },

  console: {
    subject: 'Routes that serve the web console from the top-level folder console',
    imports: ['http'],
  },
  'console/sso': {
    subject: 'Single sign-on to the web console: exchange of codes for tokens, and choice of roles',
    imports: ['http', 'http/body', 'store', 'sts', 'wire', 'wire/shapes'],
  },

  ledger: {
    subject: 'The tamper-evident record in the database: first leaves, checkpoints and proofs',
    imports: ['keys', 'record', 'store'],
  },
  'ledger/verify': {
    subject: 'Verification of the record, and its comparison with tables',
    imports: ['ledger', 'record', 'store'],
  },

  bulk: {
    subject: 'Processing of millions of rows in a worker thread, for CRL entries and audit reports',
    imports: ['x509', 'authority/audit-report.ts', 'store', 'store/engines'],
  },
  'ceremony/script': {
    subject: 'Ceremony scripts in JSON; reports of every problem with its position',
    imports: ['x509/*', 'authority', 'chain/name-constraints', 'issuance', 'wire/shapes'],
  },
  ceremony: {
    subject: 'Offline roots: the plan for a script, the key file and signed transcripts',
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
    subject: 'The scheduler of background jobs, and leases',
    imports: ['services.ts', 'store'],
  },
  jobs: {
    subject: 'Background jobs, with one file for each job',
    imports: [
      'services.ts',
      'x509/*',
      'authority',
      'chain',
      'crl',
      'enrollment',
      'identity/principal-arn.ts',
      'issuance',
      'jobs/scheduler',
      'keys',
      'objects',
      'operations/certificate/sign-certificate.ts',
      'search',
      'store',
      'store/enrollment',
      'validation/validator.ts',
      'wire',
    ],
  },

  settings: {
    subject: 'Server configuration from flags and environment variables',
    imports: [
      'access/rates.ts',
      'authority',
      'issuance/issuance-policy.ts',
      'key-strength/weak-key-list.ts',
      'keys/kms',
      'keys/pkcs11/connection.ts',
      'keys/stores',
      'store/postgres/connection-options.ts',
      'wire',
    ],
  },
  'data-folder': {
    subject: 'The data folder: lock, master key, database and first start',
    imports: [
      'terminal.ts',
      'identity',
      'keys/kms',
      'keys/pkcs11',
      'record',
      'settings',
      'store',
      'store/engines',
    ],
  },
  'local-channel': {
    subject: 'Requests from commands to a running server, over a Unix socket in the data folder',
    imports: [],
  },
  'server/tls': {
    subject: 'The certificates of the API listener and the enrollment listener',
    imports: [
      'services.ts',
      'x509/*',
      'authority',
      'identity',
      'issuance/new-serial-number.ts',
      'keys',
      'operations/certificate',
      'http',
      'settings',
      'store',
      'wire',
    ],
  },
  'server/workers': {
    subject: 'The worker pool, and messages between workers and the primary',
    imports: [
      'services.ts',
      'access',
      'call-log',
      'data-folder/master-key.ts',
      'jobs/scheduler/job-names.ts',
      'operations/server/server-info.ts',
      'store',
      'store/sqlite',
      'telemetry',
    ],
  },
  'server/gauges': {
    subject: 'Gauges of a server: CAs, CRLs, expiring certificates, health and disk',
    imports: ['services.ts', 'authority', 'http', 'search', 'settings', 'store', 'telemetry'],
  },
  server: {
    subject: 'Server processes (single, primary and worker), assembled from the other rooms',
    imports: [
      'approval/restore-gate.ts',
      'services.ts',
      'version.ts',
      'access',
      'acme',
      'acme/handler',
      'backup',
      'bulk',
      'call-log',
      'console',
      'console/sso',
      'data-folder',
      'est',
      'http',
      'http/body',
      'identity',
      'jobs',
      'jobs/scheduler',
      'keys',
      'keys/kms',
      'keys/pkcs11',
      'ledger',
      'keys/stores',
      'local-channel',
      'objects',
      'ocsp',
      'operations',
      'record',
      'server/gauges',
      'server/tls',
      'operations/server/server-info.ts',
      'server/workers',
      'settings',
      'store',
      'store/engines',
      'store/enrollment/endpoints.ts',
      'store/sqlite',
      'sts',
      'telemetry',
      'validation/validator.ts',
      'wire',
    ],
  },

  inspect: {
    subject: 'Human-readable descriptions of untrusted certificates, CSRs, CRLs and OCSP responses',
    imports: ['x509/*', 'key-strength/key-strength.ts'],
  },
  'client-commands': {
    subject: 'Commands that call the API',
    imports: ['../client', 'inspect', 'record', 'x509/*'],
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
    subject: 'signet status and statistics: health, CAs, jobs, warnings and numbers of a server',
    imports: ['../client', 'client-commands', 'client-commands/authority', 'inspect', 'x509/der'],
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
      'keys/pkcs11',
      'ledger',
      'ledger/verify',
      'objects',
      'settings',
      'store',
    ],
  },
  'admin-commands': {
    subject: 'Commands that work on the data folder or the database',
    imports: [
      'version.ts',
      'approval',
      'authority',
      'backup',
      'data-folder',
      'identity',
      'jobs/scheduler/job-names.ts',
      'ledger',
      'ledger/verify',
      'local-channel',
      'objects',
      'policy',
      'principals',
      'record',
      'settings',
      'store',
      'store/engines',
      'store/sqlite/folder-lock.ts',
      'sts/issuer-keys.ts',
      'wire',
    ],
  },
  'admin-commands/enrollment': {
    subject: 'signet acme and est: endpoints, EAB keys, ACME accounts and EST passwords',
    imports: [
      'admin-commands',
      'data-folder',
      'enrollment',
      'issuance/templates.ts',
      'principals',
      'server/tls/own-authority.ts',
      'settings',
      'store',
      'store/enrollment',
      'wire',
    ],
  },
  'cli/completion': { subject: 'Shell completion scripts', imports: [] },
  'cli/shared': {
    subject: 'Shared code of commands: flags, output and command context',
    imports: [
      'terminal.ts',
      'admin-commands/principal-options.ts',
      'backup',
      'client-commands',
      'inspect',
      'operations',
      'policy',
      'settings',
    ],
  },
  'cli/ca': {
    subject: 'Subcommands of signet ca that change CAs',
    imports: ['terminal.ts', 'cli/shared', 'client-commands', 'client-commands/authority'],
  },
  'cli/enrollment': {
    subject: 'Subcommands of signet acme and signet est',
    imports: [
      '../client',
      'terminal.ts',
      'admin-commands/enrollment',
      'cli/shared',
      'client-commands',
      'enrollment/endpoint.ts',
      'settings',
    ],
  },
  'cli/certificates': {
    subject: 'Subcommands of signet certificates',
    imports: [
      'terminal.ts',
      'cli/shared',
      'client-commands',
      'client-commands/authority',
      'client-commands/certificates',
      'inspect/value-texts.ts',
    ],
  },
  'cli/ceremony': {
    subject: 'Display and confirmation of a ceremony',
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
      'admin-commands/enrollment',
      'admin-commands/verify',
      'ceremony',
      'cli/ca',
      'cli/ceremony',
      'cli/certificates',
      'cli/completion',
      'cli/enrollment',
      'cli/shared',
      'client-commands/*',
      'enrollment/endpoint.ts',
      'inspect',
      'policy/managed-policies.ts',
      'server',
      'settings',
      'version.ts',
      'x509/names',
    ],
  },
  cli: {
    subject: 'The table of commands and their exit codes',
    imports: [
      'terminal.ts',
      'version.ts',
      'cli/commands',
      'cli/shared',
      'server/operator-message.ts',
    ],
  },
}

/** Database engines, each with the rooms that may import the engine. */
export const engineImporters: Readonly<Record<string, readonly string[]>> = {
  'store/sqlite': ['store/engines', 'server', 'server/workers', 'admin-commands', 'ceremony'],
  // The settings parse database URLs.
  'store/postgres': ['store/engines', 'settings'],
}

export interface Layer {
  readonly name: string
  /** Top-level rooms in src, in the order of the diagram. */
  readonly rooms: readonly string[]
}

/** Layers of rooms from top to bottom. A room may import only rooms in its own layer and in lower layers. */
export const layers: readonly Layer[] = [
  { name: 'Commands', rooms: ['cli', 'client-commands', 'inspect', 'admin-commands'] },
  { name: 'Processes', rooms: ['server', 'settings', 'data-folder', 'local-channel'] },
  {
    name: 'Requests',
    rooms: ['http', 'console', 'access', 'sts', 'call-log', 'ocsp', 'acme', 'est'],
  },
  { name: 'Use cases', rooms: ['operations', 'jobs', 'ceremony', 'principals', 'validation'] },
  {
    name: 'Issuing and revoking',
    rooms: ['issuance', 'search', 'crl', 'ledger', 'bulk', 'approval', 'authorization'],
  },
  { name: 'Ports', rooms: ['store', 'keys', 'telemetry', 'objects'] },
  {
    name: 'Rules',
    rooms: ['lint', 'chain', 'authority', 'key-strength', 'policy', 'identity', 'enrollment'],
  },
  {
    name: 'Formats',
    rooms: ['x509', 'wire', 'backup', 'record', 'channel', 'turns', 'files', 'text'],
  },
]
