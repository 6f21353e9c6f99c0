/** Requests that cause each of an operation's exceptions, and the reasons why some exceptions cannot occur. */
import { policyOf, sharingStatements } from '../support/accounts.ts'
import { csr } from '../support/csrs.ts'
import { authorityInput, templateArn } from '../support/hierarchy.ts'
import { reportBucket, strangeBucket, type Situation } from './exception-situation.ts'

export interface ExceptionCase {
  readonly operation: string
  /** Name of the exception without the suffix `Exception`. */
  readonly exception: string
  readonly input: object
  /** Pattern that the error message must match. */
  readonly message: RegExp
}

/** Returns an input for every operation on a CA. The inputs are valid except for the CA's ARN. */
function inputsOf(arn: string, { rootCertificate }: Situation): Record<string, object> {
  const of = { CertificateAuthorityArn: arn }
  const principal = { ...of, Principal: 'acm.amazonaws.com' }
  const tags = { ...of, Tags: [{ Key: 'team', Value: 'pki' }] }
  return {
    CreateCertificateAuthorityAuditReport: {
      ...of,
      S3BucketName: reportBucket,
      AuditReportResponseFormat: 'JSON',
    },
    CreatePermission: { ...principal, Actions: ['GetCertificate'] },
    DeleteCertificateAuthority: of,
    DeletePermission: principal,
    DeletePolicy: { ResourceArn: arn },
    DescribeCertificateAuthority: of,
    DescribeCertificateAuthorityAuditReport: { ...of, AuditReportId: crypto.randomUUID() },
    GetCertificate: { ...of, CertificateArn: `${arn}/certificate/${'0'.repeat(32)}` },
    GetCertificateAuthorityCertificate: of,
    GetCertificateAuthorityCsr: of,
    GetPolicy: { ResourceArn: arn },
    ImportCertificateAuthorityCertificate: { ...of, Certificate: rootCertificate },
    IssueCertificate: {
      ...of,
      Csr: csr('ec-server'),
      SigningAlgorithm: 'SHA256WITHECDSA',
      Validity: { Type: 'DAYS', Value: 1 },
    },
    ListPermissions: of,
    ListTags: of,
    PutPolicy: { ResourceArn: arn, Policy: policyOf(...sharingStatements({ arn })) },
    RestoreCertificateAuthority: of,
    RevokeCertificate: { ...of, CertificateSerial: '01', RevocationReason: 'SUPERSEDED' },
    TagCertificateAuthority: tags,
    UntagCertificateAuthority: tags,
    UpdateCertificateAuthority: { ...of, Status: 'DISABLED' },
  }
}

/** Cases with unusable ARNs, for every operation that accepts a CA's ARN. */
export function arnCases(situation: Situation): ExceptionCase[] {
  const { root, gone } = situation
  const unknown = root.replace(/[^/]+$/, crypto.randomUUID())
  const otherKind = root.replace('certificate-authority/', 'certificate/')
  const otherRegion = root.replace('eu-west-1', 'eu-west-2')
  const arns = [
    [unknown, 'ResourceNotFound', /^Could not find certificate authority arn:.*\.$/],
    [gone, 'ResourceNotFound', /^Could not find certificate authority arn:.*\.$/],
    [otherKind, 'InvalidArn', /^arn:.* is not the ARN of a certificate authority\.$/],
    [otherRegion, 'InvalidArn', /^arn:.* is not in the partition aws and the Region eu-west-1/],
  ] as const
  return arns.flatMap(([arn, exception, message]) =>
    Object.entries(inputsOf(arn, situation)).map(([operation, input]) => ({
      operation,
      exception,
      input,
      message,
    })),
  )
}

const inState = (state: string): RegExp =>
  new RegExp(`^The certificate authority is in the ${state} state`)

/** Cases in which the CA's state does not allow the operation. */
export function stateCases(situation: Situation): ExceptionCase[] {
  const { pending, deleted, creating, failed, root } = situation
  const noCertificate = /is not in the correct state to have a certificate signing request\.$/
  const noIssuing = /^The certificate authority is not in a valid state for issuing certificates$/
  const noUpdate =
    /^The certificate authority must be in the ACTIVE or DISABLED state to be updated$/
  const rows: [operation: string, arn: string, message: RegExp][] = [
    ['CreateCertificateAuthorityAuditReport', pending, inState('PENDING_CERTIFICATE')],
    ['DeleteCertificateAuthority', root, inState('ACTIVE')],
    ['DeleteCertificateAuthority', deleted, inState('DELETED')],
    ['GetCertificate', deleted, /is not in the correct state to have issued certificates\.$/],
    ['GetCertificateAuthorityCertificate', pending, noCertificate],
    ['GetCertificateAuthorityCertificate', creating, noCertificate],
    ['GetCertificateAuthorityCsr', deleted, inState('DELETED')],
    ['ImportCertificateAuthorityCertificate', deleted, /is in the DELETED state/],
    ['ImportCertificateAuthorityCertificate', failed, /is in the FAILED state/],
    ['IssueCertificate', pending, noIssuing],
    ['IssueCertificate', creating, noIssuing],
    ['RestoreCertificateAuthority', root, inState('ACTIVE')],
    ['RevokeCertificate', pending, inState('PENDING_CERTIFICATE')],
    ['UpdateCertificateAuthority', pending, noUpdate],
    ['UpdateCertificateAuthority', failed, noUpdate],
  ]
  const administration = [
    'CreatePermission',
    'DeletePermission',
    'ListPermissions',
    'PutPolicy',
    'GetPolicy',
    'DeletePolicy',
    'TagCertificateAuthority',
    'UntagCertificateAuthority',
    'ListTags',
  ]
  for (const operation of administration)
    rows.push(
      [operation, deleted, inState('DELETED')],
      [operation, creating, inState('CREATING')],
      [operation, failed, inState('FAILED')],
    )
  return rows.map(([operation, arn, message]) => {
    const input = inputsOf(arn, situation)[operation] ?? {}
    return { operation, exception: 'InvalidState', input, message }
  })
}

type Row = readonly [
  operation: string,
  exception: string,
  more: object,
  message: RegExp,
  on?: string,
]

/**
 * Cases with an invalid input, or with an input that refers to an invalid resource. The CA is the root unless a row specifies
 * another CA.
 */
export function inputCases(situation: Situation): ExceptionCase[] {
  const rows: Row[] = [
    ...authorityRows(situation),
    ...issuanceRows(situation),
    ...importRows(situation),
    ...administrationRows(situation),
  ]
  return rows.map(([operation, exception, more, message, on = situation.root]) => {
    const input = { ...inputsOf(on, situation)[operation], ...more }
    return { operation, exception, input, message }
  })
}

const create = 'CreateCertificateAuthority'
const update = 'UpdateCertificateAuthority'

function authorityRows({ creating, failed }: Situation): Row[] {
  const china = { KeyStorageSecurityStandard: 'CCPC_LEVEL_1_OR_HIGHER' }
  const wrongKey = authorityInput({ signingAlgorithm: 'SHA256WITHRSA' })
  const crl = (more: object): Record<string, unknown> => ({
    RevocationConfiguration: { CrlConfiguration: { Enabled: true, ...more } },
  })
  const inProgress = /^The certificate authority is being created; /
  return [
    [create, 'LimitExceeded', authorityInput(), /24 certificate authorities in this Region/],
    [create, 'InvalidArgs', wrongKey, /^Signing algorithm SHA256WITHRSA cannot be used with/],
    [create, 'InvalidArgs', authorityInput({ more: china }), /specified security standard\.$/],
    [create, 'InvalidArgs', authorityInput({ more: crl({}) }), /must have ExpirationInDays/],
    [
      create,
      'InvalidTag',
      authorityInput({ more: { Tags: [{ Key: 'aws:mine', Value: '1' }] } }),
      /'aws:mine' begins with 'aws:', which is reserved\.$/,
    ],
    [update, 'InvalidArgs', { Status: 'EXPIRED' }, /ACTIVE or DISABLED, not to EXPIRED\.$/],
    [update, 'InvalidArgs', crl({ ExpirationInDays: 7 }), /must have S3BucketName/],
    ['GetCertificateAuthorityCsr', 'RequestInProgress', {}, inProgress, creating],
    ['GetCertificateAuthorityCsr', 'RequestFailed', {}, /creation .* failed/, failed],
    ['ListCertificateAuthorities', 'InvalidNextToken', { NextToken: 'x' }, /^NextToken was not/],
  ]
}

const issue = 'IssueCertificate'
const revoke = 'RevokeCertificate'

function issuanceRows(situation: Situation): Row[] {
  const { root, leafArn, full, revoking } = situation
  const other = leafArn.replace(root, full)
  const request = csr('ec-server')
  const half = `${request.slice(0, 120)}\n-----END CERTIFICATE REQUEST-----\n`
  const names = [{ DnsName: 'a.example', IpAddress: '192.0.2.1' }]
  const passthrough = {
    TemplateArn: templateArn('EndEntityCertificate_APIPassthrough'),
    ApiPassthrough: { Extensions: { SubjectAlternativeNames: names } },
  }
  const notOfRoot = /does not belong to the certificate authority/
  const noSerial = /^CertificateSerial must be the hexadecimal serial number/
  const serial = (CertificateSerial: string): object => ({ CertificateSerial })
  return [
    [issue, 'LimitExceeded', {}, /has issued 5 certificates, its quota\.$/, full],
    [
      issue,
      'InvalidArgs',
      { SigningAlgorithm: 'SHA256WITHRSA' },
      /^Signing algorithm SHA256WITHRSA/,
    ],
    [issue, 'InvalidArgs', { TemplateArn: templateArn('Novelty') }, /Novelty/],
    [issue, 'InvalidArgs', passthrough, /\[0\] must have exactly one of OtherName, /],
    [issue, 'InvalidArn', { TemplateArn: root }, /is not the ARN of a template/],
    [issue, 'MalformedCSR', { Csr: 'no CSR' }, /PEM/],
    [issue, 'MalformedCSR', { Csr: half }, /./],
    ['GetCertificate', 'ResourceNotFound', {}, /^Could not find certificate arn:/],
    ['GetCertificate', 'InvalidArn', { CertificateArn: other }, notOfRoot],
    ['GetCertificate', 'InvalidArn', { CertificateArn: root }, /not the ARN of a certificate/],
    [revoke, 'RequestAlreadyProcessed', serial(situation.revokedSerial), /already been revoked/],
    [
      revoke,
      'LimitExceeded',
      serial(situation.unrevokedSerial),
      /^The certificate authority has 1 revoked certificates .* the quota/,
      revoking,
    ],
    [revoke, 'ResourceNotFound', {}, /has not issued a certificate with that serial number\.$/],
    [revoke, 'InvalidRequest', serial(situation.rootSerial), /^Self-signed certificate can not/],
    [revoke, 'InvalidRequest', serial(situation.expiredSerial), /^The certificate has expired/],
    [revoke, 'InvalidRequest', serial('one'), noSerial],
  ]
}

function importRows({ rootCertificate, pending, pendingCsr }: Situation): Row[] {
  const name = 'ImportCertificateAuthorityCertificate'
  const chain = { CertificateChain: rootCertificate }
  return [
    [name, 'CertificateMismatch', {}, /key/, pending],
    [name, 'MalformedCertificate', { Certificate: 'no certificate' }, /ertificate/],
    [name, 'MalformedCertificate', { Certificate: pendingCsr }, /ertificate/],
    [name, 'InvalidRequest', chain, /chain/i],
  ]
}

const report = 'CreateCertificateAuthorityAuditReport'

function administrationRows({ pending, root, revoking }: Situation): Row[] {
  const statements = sharingStatements({ arn: root })
  const deny = policyOf(statements[0], { ...statements[1], Effect: 'Deny' })
  const tags = Array.from({ length: 50 }, (_, index) => ({ Key: `tag-${index}` }))
  const bucket = (S3BucketName: string): object => ({ S3BucketName })
  const fresh = { SourceAccount: '999999999999' }
  const reserved = { Tags: [{ Key: 'rds:mine', Value: '1' }] }
  const isReserved = /'rds:mine' begins with 'rds:', which is reserved\.$/
  return [
    [report, 'RequestInProgress', {}, /^An audit report .* in the last 30 minutes\.$/],
    [
      report,
      'ResourceNotFound',
      bucket('no-such-bucket'),
      /The S3 bucket 'no-such-bucket' does not exist/,
    ],
    [report, 'InvalidArgs', bucket('No_Bucket'), /^S3BucketName 'No_Bucket' does not follow/],
    [report, 'RequestFailed', bucket(strangeBucket), /'strange-reports' refuses/, revoking],
    ['DescribeCertificateAuthorityAuditReport', 'ResourceNotFound', {}, /audit report [0-9a-f-]+/],
    ['CreatePermission', 'LimitExceeded', fresh, /more than 1000 permissions\.$/, pending],
    [
      'CreatePermission',
      'PermissionAlreadyExists',
      {},
      /acm\.amazonaws\.com and .* already/,
      pending,
    ],
    [
      'DeletePermission',
      'ResourceNotFound',
      fresh,
      /No permission for acm.* 999999999999 exists\.$/,
    ],
    ['ListPermissions', 'InvalidNextToken', { NextToken: 'x' }, /^NextToken was not issued/],
    ['GetPolicy', 'ResourceNotFound', {}, /^Could not find policy for resource arn:/, pending],
    ['PutPolicy', 'InvalidPolicy', { Policy: '{}' }, /^The policy must have exactly one statement/],
    ['PutPolicy', 'InvalidPolicy', { Policy: deny }, /^Statement 2 must have the Effect Allow\.$/],
    ['TagCertificateAuthority', 'InvalidTag', reserved, isReserved],
    ['TagCertificateAuthority', 'InvalidTag', { Tags: [{ Key: 'a' }, { Key: 'a' }] }, /'a'/],
    ['TagCertificateAuthority', 'TooManyTags', { Tags: tags }, /more than 50 tags\.$/],
    ['UntagCertificateAuthority', 'InvalidTag', reserved, isReserved],
  ]
}

const internal = 'internal errors are returned as 500 InternalFailure, which SDKs retry'
const bucketTrouble =
  'a bucket that denies the permission test causes a ValidationException, as observed at AWS'
const neverLocksOut =
  'a policy on a CA has only Allow statements, without PutPolicy and DeletePolicy. Identity policies determine who may change it, ' +
  'and a policy on a CA cannot restrict them'
const signedBefore = 'a certificate is signed and stored before its ARN is returned'

/** Exceptions that cannot occur in an operation, with the reason. */
export const unreachable: Readonly<Record<string, string>> = {
  'CreateCertificateAuthority InvalidPolicy': bucketTrouble,
  'UpdateCertificateAuthority InvalidPolicy': bucketTrouble,
  'PutPolicy LockoutPrevented': neverLocksOut,
  'DeletePolicy LockoutPrevented': neverLocksOut,
  'GetCertificate RequestFailed': signedBefore,
  'GetCertificate RequestInProgress': signedBefore,
  'ImportCertificateAuthorityCertificate RequestInProgress':
    'an import is a single transaction: a concurrent import fails with ConcurrentModificationException',
  'RevokeCertificate RequestInProgress':
    'a revocation is a single transaction: a concurrent revocation fails with RequestAlreadyProcessedException',
  'RevokeCertificate ConcurrentModification':
    'occurs only if the CA is changed five times during the request: src/operations/concurrent-changes.test.ts',
  'DescribeCertificateAuthorityAuditReport InvalidArgs':
    'a report of another CA causes ResourceNotFoundException, so that its existence is not disclosed',
  'CreatePermission RequestFailed': internal,
  'DeletePermission RequestFailed': internal,
  'DeletePolicy RequestFailed': internal,
  'GetPolicy RequestFailed': internal,
  'ImportCertificateAuthorityCertificate RequestFailed': internal,
  'ListPermissions RequestFailed': internal,
  'ListTags RequestFailed': internal,
  'PutPolicy RequestFailed': internal,
  'RevokeCertificate RequestFailed': internal,
}
