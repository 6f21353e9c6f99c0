/** Scenarios for the client and boto3, one for each row of the table in docs/client-reference.md. */
import { csr } from '../../support/csrs.ts'
import { authorityInput, templateArn } from '../../support/hierarchy.ts'
import type { Scenario, Step } from './driver.ts'

const ca = { $: 'ca.CertificateAuthorityArn' }
const of = { CertificateAuthorityArn: ca }
const call = (operation: string, input: object, save?: string): Step => ({
  do: 'call',
  operation,
  input,
  ...(save !== undefined && { save }),
})
const scenario = (row: string, ...steps: Step[]): Scenario => ({ row, steps })
const invalidArn = { CertificateAuthorityArn: 'arn:aws:acm-pca:eu-west-1:123456789012:nothing' }

const leaf = {
  ...of,
  Csr: csr('ec-server'),
  SigningAlgorithm: 'SHA256WITHECDSA',
  Validity: { Value: 5, Type: 'DAYS' },
}

/** Scenarios that make changes. Each client has its own CA. The comparison of results ignores identifiers and times. */
export const changing: readonly Scenario[] = [
  scenario(
    'createCertificateAuthority',
    call('createCertificateAuthority', createInput(), 'ca'),
    call('createCertificateAuthority', createInput()),
    call('createCertificateAuthority', { ...createInput(), CertificateAuthorityType: 'NONE' }),
  ),
  scenario(
    'getCertificateAuthorityCsr',
    { do: 'wait', waiter: 'certificateAuthorityCsrCreated', input: of, config: { Delay: 0 } },
    call('getCertificateAuthorityCsr', of, 'csr'),
  ),
  scenario(
    'issueCertificate',
    call(
      'issueCertificate',
      {
        ...leaf,
        Csr: { $: 'csr.Csr' },
        TemplateArn: templateArn('RootCACertificate'),
        Validity: { Value: 10, Type: 'YEARS' },
      },
      'issued',
    ),
    call('issueCertificate', { ...leaf, Csr: 'not a CSR' }),
  ),
  scenario(
    'getCertificate',
    call('getCertificate', { ...of, CertificateArn: { $: 'issued.CertificateArn' } }, 'found'),
  ),
  scenario(
    'importCertificateAuthorityCertificate',
    call('importCertificateAuthorityCertificate', {
      ...of,
      Certificate: { $: 'found.Certificate' },
    }),
    call('importCertificateAuthorityCertificate', { ...of, Certificate: 'nothing' }),
  ),
  scenario('describeCertificateAuthority', call('describeCertificateAuthority', of)),
  scenario('getCertificateAuthorityCertificate', call('getCertificateAuthorityCertificate', of)),
  scenario(
    'createPermission',
    call('createPermission', { ...permission(), Actions: ['GetCertificate'] }),
    call('createPermission', { ...permission(), Actions: ['GetCertificate'] }),
  ),
  scenario('listPermissions', call('listPermissions', of)),
  scenario('deletePermission', call('deletePermission', permission()), call('listPermissions', of)),
  scenario(
    'putPolicy',
    call('putPolicy', { ResourceArn: { $: 'own.arn' }, Policy: { $: 'own.policy' } }),
  ),
  scenario('getPolicy', call('getPolicy', { ResourceArn: { $: 'own.arn' } })),
  scenario(
    'deletePolicy',
    call('deletePolicy', { ResourceArn: { $: 'own.arn' } }),
    call('getPolicy', { ResourceArn: { $: 'own.arn' } }),
  ),
  scenario(
    'tagCertificateAuthority',
    call('tagCertificateAuthority', { ...of, Tags: [{ Key: 'team', Value: 'pki' }] }),
  ),
  scenario('listTags', call('listTags', of), call('listTags', { ...of, MaxResults: 1 })),
  scenario(
    'untagCertificateAuthority',
    call('untagCertificateAuthority', { ...of, Tags: [{ Key: 'team' }] }),
    call('listTags', of),
  ),
  scenario(
    'createCertificateAuthorityAuditReport',
    call(
      'createCertificateAuthorityAuditReport',
      { ...of, S3BucketName: { $: 'bucket' }, AuditReportResponseFormat: 'JSON' },
      'report',
    ),
  ),
  scenario(
    'describeCertificateAuthorityAuditReport',
    { do: 'wait', waiter: 'auditReportCreated', input: report(), config: { Delay: 0.1 } },
    call('describeCertificateAuthorityAuditReport', report()),
  ),
  scenario(
    'revokeCertificate',
    call('revokeCertificate', {
      CertificateAuthorityArn: { $: 'shared' },
      CertificateSerial: { $: 'own.serial' },
      RevocationReason: 'KEY_COMPROMISE',
    }),
    call('revokeCertificate', {
      ...of,
      CertificateSerial: 'ff',
      RevocationReason: 'KEY_COMPROMISE',
    }),
  ),
  scenario(
    'updateCertificateAuthority',
    call('updateCertificateAuthority', { ...of, Status: 'DISABLED' }),
    call('describeCertificateAuthority', of),
  ),
  scenario(
    'deleteCertificateAuthority',
    call('deleteCertificateAuthority', { ...of, PermanentDeletionTimeInDays: 7 }),
    call('describeCertificateAuthority', of),
  ),
  scenario(
    'restoreCertificateAuthority',
    call('restoreCertificateAuthority', of),
    call('describeCertificateAuthority', of),
    call('restoreCertificateAuthority', of),
  ),
]

function createInput(): object {
  const more = { Tags: [{ Key: 'first', Value: '1' }], IdempotencyToken: { $: 'own.token' } }
  return authorityInput({ more })
}

function permission(): object {
  return { ...of, Principal: 'acm.amazonaws.com', SourceAccount: '123456789012' }
}

function report(): object {
  return { ...of, AuditReportId: { $: 'report.AuditReportId' } }
}

const shared = { CertificateAuthorityArn: { $: 'shared' } }

/** Returns a step that reads the shared CA's seven tags, page by page. */
function tagPages(config: object, save?: string): Step {
  const common = { do: 'pages', operation: 'listTags', key: 'Tags', input: shared, config } as const
  return save === undefined ? common : { ...common, save }
}

const configs = [
  {},
  { PageSize: 2 },
  { PageSize: 3, MaxItems: 3 },
  { PageSize: 3, MaxItems: 4 },
  { PageSize: 3, MaxItems: 7 },
  { MaxItems: 0 },
  { MaxItems: 5 },
  { MaxItems: 100, PageSize: 100 },
]

const paged = (operation: string, key: string, input: object): Step[] =>
  configs.map((config) => ({ do: 'pages', operation, key, input, config }))

const denied = { key_of: { $: 'powerless' } }

/** Scenarios that make no changes. Results must be identical, including identifiers and times. */
export const reading: readonly Scenario[] = [
  scenario('the methods', { do: 'surface' }),
  scenario(
    'listCertificateAuthorities',
    call('listCertificateAuthorities', {}),
    call('listCertificateAuthorities', { MaxResults: 2 }, 'page'),
    call('listCertificateAuthorities', { ResourceOwner: 'OTHER_ACCOUNTS' }),
    call('listCertificateAuthorities', { NextToken: 'none' }),
  ),
  scenario(
    'canPaginate',
    { do: 'canPaginate', operation: 'listTags' },
    { do: 'canPaginate', operation: 'getPolicy' },
  ),
  scenario('getPaginator', tagPages({}), {
    do: 'pages',
    operation: 'getPolicy',
    key: 'Policy',
  }),
  scenario(
    'paginator listCertificateAuthorities',
    ...paged('listCertificateAuthorities', 'CertificateAuthorities', {}),
  ),
  scenario('paginator listPermissions', ...paged('listPermissions', 'Permissions', shared)),
  scenario(
    'paginator listTags',
    ...paged('listTags', 'Tags', shared),
    tagPages({ MaxItems: 2, PageSize: 3 }, 'first'),
    tagPages({ MaxItems: 2, PageSize: 3, StartingToken: { $: 'first' } }, 'second'),
    tagPages({ MaxItems: 2, PageSize: 3, StartingToken: { $: 'second' } }, 'third'),
    tagPages({ PageSize: 3, StartingToken: { $: 'third' } }),
    tagPages({ StartingToken: 'no token' }),
    tagPages({ StartingToken: 'None___3' }),
    { ...tagPages({}), input: invalidArn } as Step,
  ),
  scenario(
    'StartingToken of boto3 and of the client',
    ...[2, 4, 6].map((number) =>
      tagPages({ PageSize: 3, StartingToken: { $: `tokens.after${number}` } }),
    ),
  ),
  scenario(
    'getWaiter',
    { do: 'waiterModel', waiter: 'certificateIssued' },
    { do: 'wait', waiter: 'nothing', input: {} },
  ),
  scenario(
    'waiter auditReportCreated',
    { do: 'waiterModel', waiter: 'auditReportCreated' },
    ...['SUCCESS', 'FAILED', 'CREATING'].map((status): Step => ({
      do: 'wait',
      waiter: 'auditReportCreated',
      input: { ...shared, AuditReportId: { $: `reports.${status}` } },
      config: { Delay: 0, MaxAttempts: 2 },
    })),
    {
      do: 'wait',
      waiter: 'auditReportCreated',
      input: { ...shared, AuditReportId: '12345678-1234-1234-1234-123456789012' },
    },
    {
      do: 'wait',
      waiter: 'auditReportCreated',
      input: { ...shared, AuditReportId: { $: 'reports.SUCCESS' } },
      ...denied,
    },
  ),
  scenario(
    'waiter certificateAuthorityCsrCreated',
    { do: 'waiterModel', waiter: 'certificateAuthorityCsrCreated' },
    { do: 'wait', waiter: 'certificateAuthorityCsrCreated', input: shared },
    {
      do: 'wait',
      waiter: 'certificateAuthorityCsrCreated',
      input: { CertificateAuthorityArn: { $: 'creating' } },
      config: { Delay: 0, MaxAttempts: 3 },
    },
    { do: 'wait', waiter: 'certificateAuthorityCsrCreated', input: invalidArn },
    { do: 'wait', waiter: 'certificateAuthorityCsrCreated', input: shared, ...denied },
  ),
  scenario(
    'waiter certificateIssued',
    { do: 'waiterModel', waiter: 'certificateIssued' },
    {
      do: 'wait',
      waiter: 'certificateIssued',
      input: { ...shared, CertificateArn: { $: 'certificate' } },
    },
    {
      do: 'wait',
      waiter: 'certificateIssued',
      input: { ...shared, CertificateArn: { $: 'shared' } },
    },
    {
      do: 'wait',
      waiter: 'certificateIssued',
      input: { ...shared, CertificateArn: { $: 'certificate' } },
      ...denied,
    },
  ),
  scenario(
    'generatePresignedUrl',
    { do: 'presign', operation: 'listTags', input: shared, send: true },
    {
      do: 'presign',
      operation: 'listTags',
      input: { ...shared, MaxResults: 2 },
      expiresIn: 60,
      send: true,
    },
    { do: 'presign', operation: 'getPolicy', input: { ResourceArn: { $: 'shared' } }, send: true },
    { do: 'presign', operation: 'listTags', input: invalidArn, send: true },
    { do: 'presign', operation: 'listTags', input: shared, send: true, ...denied },
    { do: 'presign', operation: 'listTags', input: shared, method: 'GET', send: true },
    { do: 'presign', operation: 'doEverything' },
  ),
  scenario(
    'exceptions',
    { do: 'exceptionClass', code: 'ResourceNotFoundException' },
    { do: 'exceptionClass', code: 'LockoutPreventedException' },
    { do: 'exceptionClass', code: 'AccessDeniedException' },
    call('listTags', invalidArn),
    { ...call('listTags', shared), ...denied },
    call('listTags', {}),
  ),
  scenario('datetimes', call('describeCertificateAuthority', shared)),
  scenario('close', { do: 'close' }),
]
