/** Every type of key use and change that the record covers, with the leaves that it must write. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LeafKind } from '../../src/record/leaf.ts'
import { allow, otherAccountId, policyOf, sharingStatements } from './accounts.ts'
import { csr } from './csrs.ts'
import { createAcmeAccount } from './endpoints.ts'
import { base64, createAuthority, issue, issueInput, type Issued } from './hierarchy.ts'
import { ocspRequest } from './ocsp-requests.ts'
import { command } from './process.ts'
import { crlBucket, crlThat, lastOf, revocationOptions } from './revocation.ts'
import { searchable } from './search.ts'
import type { CallOptions, Members, TestService } from './service.ts'

export interface ExpectedLeaf {
  readonly kind: LeafKind
  /** Table that is changed, or the event. */
  readonly what?: string
  /** ARN or name of a principal; by default, the administrator or the command. */
  readonly who?: string
  /** The command, if it differs from the command that the entry itself names. */
  readonly command?: string
  /** Whether the row was deleted, so that the leaf has no state. */
  readonly isRemoval?: boolean
}

export interface RecordedKind {
  /** Name of an operation, a job, or a command with its subcommand. */
  readonly name: string
  /** Whether rows are removed. */
  readonly removes?: boolean
  readonly run: () => Promise<unknown>
  readonly leaves: readonly ExpectedLeaf[]
}

/** The user that ran `sudo`, in the environment of every command. */
export const sudoUser = 'carol'

const change = (table: string, who?: string): ExpectedLeaf => ({
  kind: 'change',
  what: table,
  ...(who !== undefined && { who }),
})
const removal = (table: string, who?: string): ExpectedLeaf => ({
  ...change(table, who),
  isRemoval: true,
})
const event = (name: string): ExpectedLeaf => ({ kind: 'event', what: name })

/** Settings for a service that can run all recorded actions. */
export const kindFlags = { ocspSigner: 'delegated', keepExpired: '1d' }

/** Runs a command on a service's data, and returns the command's output. */
export async function admin(service: TestService, ...words: readonly string[]): Promise<Members> {
  const { code, stdout, stderr } = await command(
    [...words, '--data', service.config.dataDirectory],
    { SUDO_USER: sudoUser },
  )
  if (code !== 0) throw new Error(`${words.join(' ')}: ${stderr}`)
  return stdout === '' ? undefined : JSON.parse(stdout)
}

/**
 * Returns the recorded actions in the order in which they run. Files are written to `folder`. Actions with `removes` come
 * last, so that every recorded table has rows before they run.
 */
export function recordedKinds(service: TestService, folder: string): RecordedKind[] {
  const { accountId } = service.config
  const file = (name: string, content: string): string => {
    writeFileSync(join(folder, name), content, { mode: 0o600 })
    return join(folder, name)
  }
  const trust = file(
    'trust.json',
    policyOf({ Effect: 'Allow', Principal: { AWS: accountId }, Action: 'sts:AssumeRole' }),
  )
  const approving = { Effect: 'Allow', Action: 'signet:*', Resource: '*' }
  const everything = file('policy.json', policyOf(allow('*'), approving))
  const keySet = file(
    'keys.json',
    JSON.stringify({ keys: [{ kty: 'EC', kid: 'a', crv: 'P-256', x: point, y: point2 }] }),
  )
  const issuer = 'https://ci.example.com'
  let root: { arn: string; csr: string } = { arn: '', csr: '' }
  let selfSigned = ''
  let issued: Issued
  const users: Record<string, CallOptions & { readonly keyId: string }> = {}
  const arnOf = (user: string): string => `arn:aws:iam::${accountId}:user/${user}`
  const endpointArn = (name: string): string => `arn:aws:signet:eu-west-1:${accountId}:${name}`
  const call = (operation: string, more: object, options?: CallOptions): Promise<Members> =>
    service.must(operation, { CertificateAuthorityArn: root.arn, ...more }, options)
  const cli = (line: string, ...more: readonly string[]): Promise<Members> =>
    admin(service, ...line.split(' '), ...more)
  const createKey = async (user: string): Promise<void> => {
    const key = await cli('access-key create', '--user', user)
    const credentials = { accessKeyId: key.AccessKeyId, secretAccessKey: key.SecretAccessKey }
    users[user] = { credentials, keyId: key.AccessKeyId }
  }
  const resourcePolicy = (): object => ({
    ResourceArn: root.arn,
    Policy: policyOf(...sharingStatements({ arn: root.arn })),
  })
  const denied = async (operation: string, input: object): Promise<string> =>
    /approval ID is ([0-9a-f-]{36})/.exec(
      await service.refusal(operation, input, users['alice']),
    )?.[1] ?? ''
  let approval = ''
  let bindingKey = ''
  let password = ''
  const idOf = async (list: string, member: string): Promise<string> =>
    (await cli(list)).at(-1)[member]

  const named = (
    name: string,
    leaves: readonly ExpectedLeaf[],
    run: RecordedKind['run'] = () => cli(name),
  ): RecordedKind => ({ name, leaves, run })
  const removing = (...[name, leaves, run]: Parameters<typeof named>): RecordedKind => ({
    ...named(name, leaves, run),
    removes: true,
  })
  return [
    named('bucket create', [event('bucket-creation')], () => cli(`bucket create ${crlBucket}`)),
    named(
      'CreateCertificateAuthority',
      [
        change('authorities'),
        change('keys', 'job:finish-creation'),
        change('authorities', 'job:finish-creation'),
      ],
      async () => {
        root = await createAuthority(service, { more: ocspOnly })
      },
    ),
    named('IssueCertificate', [{ kind: 'certificate' }], async () => {
      const validity = { Value: 10, Type: 'YEARS' }
      const own = await issue(service, root, { template: 'RootCACertificate', validity })
      selfSigned = own.certificate
    }),
    named(
      'ImportCertificateAuthorityCertificate',
      [change('authority_certificates'), change('authorities')],
      () => call('ImportCertificateAuthorityCertificate', { Certificate: base64(selfSigned) }),
    ),
    named('UpdateCertificateAuthority', [change('authorities')], () =>
      call('UpdateCertificateAuthority', ocspOnly),
    ),
    named('IssueCertificate', [{ kind: 'certificate' }], async () => {
      const validity = { Value: 1, Type: 'DAYS' }
      issued = await issue(service, { arn: root.arn, csr: csr('ec-server') }, { validity })
    }),
    named('RevokeCertificate', [{ kind: 'revocation' }], () =>
      call('RevokeCertificate', {
        CertificateSerial: lastOf(issued.arn),
        RevocationReason: 'SUPERSEDED',
      }),
    ),
    named(
      'ocsp',
      [
        { kind: 'certificate', who: arnOf('signet-ocsp') },
        { kind: 'ocsp-responses', who: 'ocsp' },
      ],
      async () => {
        const body = ocspRequest([{ issuer: selfSigned, serial: lastOf(issued.arn) }])
        const headers = { 'content-type': 'application/ocsp-request' }
        const url = `${service.publicUrl}/ocsp`
        const response = await fetch(url, { method: 'POST', body: new Uint8Array(body), headers })
        await response.arrayBuffer()
        // The leaf of a batch is written within a second, or when the server stops.
        await service.restart()
      },
    ),
    named('UpdateCertificateAuthority', [change('authorities')], () =>
      call('UpdateCertificateAuthority', ocspOnly),
    ),
    named(
      'UpdateCertificateAuthority',
      [
        change('authorities'),
        change('crls'),
        { kind: 'crl', what: 'crls', who: 'job:publish-crls' },
      ],
      async () => {
        await call('UpdateCertificateAuthority', revocationOptions())
        await issue(service, { arn: root.arn, csr: csr('ec-server') })
        await crlThat(service, `crl/${lastOf(root.arn)}.crl`, () => true)
      },
    ),
    named(
      'PublishCrl',
      [event('crl-publication-request'), { kind: 'crl', what: 'crls', who: 'job:publish-crls' }],
      async () => {
        await call('PublishCrl', {})
        await service.runJob('publish-crls')
      },
    ),
    named(
      'CreateCertificateAuthorityAuditReport',
      [event('audit-report-request'), { ...event('audit-report'), who: 'job:write-audit-reports' }],
      async () => {
        const report = { S3BucketName: crlBucket, AuditReportResponseFormat: 'CSV' }
        await call('CreateCertificateAuthorityAuditReport', report)
        await service.runJob('write-audit-reports')
      },
    ),
    named('TagCertificateAuthority', [change('tags')], () =>
      call('TagCertificateAuthority', { Tags: [{ Key: 'team', Value: 'web' }] }),
    ),
    named('CreatePermission', [change('permissions')], () =>
      call('CreatePermission', {
        Principal: 'acm.amazonaws.com',
        Actions: ['IssueCertificate', 'GetCertificate', 'ListPermissions'],
      }),
    ),
    named('account create', [change('accounts')], () => cli(`account create ${otherAccountId}`)),
    named('account update', [change('accounts')], () =>
      cli(`account update ${otherAccountId} --organization o-exampleorgid`),
    ),
    named('PutPolicy', [change('resource_policies')], () =>
      service.must('PutPolicy', resourcePolicy()),
    ),
    named('user create', [change('users')], async () => cli('user create alice')),
    named('user tag', [change('users')], () => cli('user tag alice --tag team=web')),
    named('policy put', [change('identity_policies')], () =>
      cli('policy put --user alice --name all', '--policy', everything),
    ),
    named('access-key create', [change('access_keys')], () => createKey('alice')),
    named('access-key create', [change('users'), change('access_keys')], () => createKey('bob')),
    named('policy put', [change('identity_policies')], () =>
      cli('policy put --user bob --name all', '--policy', everything),
    ),
    named('access-key disable', [change('access_keys')], () =>
      cli(`access-key disable ${users['bob']?.keyId}`),
    ),
    named('access-key enable', [change('access_keys')], () =>
      cli(`access-key enable ${users['bob']?.keyId}`),
    ),
    named('role create', [change('roles')], () => cli('role create deploy --trust-policy', trust)),
    named('role update', [change('roles')], () => cli('role update deploy --tag team=web')),
    named('oidc-provider create', [change('identity_providers')], () =>
      cli(`oidc-provider create ${issuer} --audience signet --jwks`, keySet),
    ),
    named('oidc-provider update', [change('identity_providers')], () =>
      cli(`oidc-provider update ${issuer} --audience other`),
    ),
    named('share create', [change('shares'), change('share_authorities')], () =>
      cli(`share create web --authority ${root.arn} --principal ${otherAccountId}`),
    ),
    named('acme create', [change('enrollment_endpoints')], () =>
      cli(`acme create web --ca ${root.arn} --eab required`),
    ),
    named('acme update', [change('enrollment_endpoints')], () =>
      cli('acme update web --validity 7d'),
    ),
    named('acme eab create', [change('acme_binding_keys')], async () => {
      bindingKey = (await cli('acme eab create web')).KeyId
    }),
    named('acme', [change('acme_accounts', endpointArn('acme/web'))], () =>
      createAcmeAccount(service, { endpoint: 'web', id: acmeAccount, by: endpointArn('acme/web') }),
    ),
    named('acme account deactivate', [change('acme_accounts')], () =>
      cli(`acme account deactivate web ${acmeAccount}`),
    ),
    named('est create', [change('enrollment_endpoints')], () =>
      cli(`est create devices --ca ${root.arn}`),
    ),
    named('est update', [change('enrollment_endpoints')], () =>
      cli('est update devices --validity 7d'),
    ),
    named('est password create', [change('est_passwords')], async () => {
      password = (await cli('est password create devices --names *')).UserName
    }),
    named('approval policy set', [change('approval_policies')], () =>
      cli('approval policy set --action issue-ca-certificate'),
    ),
    named('IssueCertificate', [change('approvals', arnOf('alice'))], async () => {
      approval = await denied('IssueCertificate', caCertificate())
    }),
    named('ApproveRequest', [change('approvals', arnOf('bob'))], () =>
      service.must('ApproveRequest', { ApprovalId: approval }, users['bob']),
    ),
    named(
      'IssueCertificate',
      [change('approvals', arnOf('alice')), { kind: 'certificate', who: arnOf('alice') }],
      () => service.must('IssueCertificate', caCertificate(), users['alice']),
    ),
    named('RejectRequest', [change('approvals', arnOf('bob'))], async () => {
      const id = await denied('IssueCertificate', caCertificate())
      await service.must('RejectRequest', { ApprovalId: id }, users['bob'])
    }),
    named('backup', [event('backup')], () =>
      cli(
        'backup',
        join(folder, 'backup.age'),
        '--passphrase-file',
        file('passphrase', 'a long one'),
      ),
    ),
    named('master-key split', [event('master-key-split')], () =>
      cli('master-key split --shares 3 --threshold 2 --out', join(folder, 'shares')),
    ),
    named(
      'master-key rotate',
      [event('master-key-rotation-start'), event('master-key-rotation')],
      async () => {
        await cli('master-key rotate')
        if (service.config.database !== undefined) await cli('master-key rotate --finish')
      },
    ),
    removing('est password delete', [removal('est_passwords')], () =>
      cli(`est password delete devices ${password}`),
    ),
    removing('est delete', [removal('enrollment_endpoints')], () => cli('est delete devices')),
    removing('acme eab delete', [removal('acme_binding_keys')], () =>
      cli(`acme eab delete web ${bindingKey}`),
    ),
    removing('acme delete', [removal('acme_accounts'), removal('enrollment_endpoints')], () =>
      cli('acme delete web --force'),
    ),
    removing('UntagCertificateAuthority', [removal('tags')], () =>
      call('UntagCertificateAuthority', { Tags: [{ Key: 'team' }] }),
    ),
    removing('DeletePermission', [removal('permissions')], () =>
      call('DeletePermission', { Principal: 'acm.amazonaws.com' }),
    ),
    removing('share delete', [removal('shares')], async () =>
      cli(`share delete ${await idOf('share list', 'ShareId')}`),
    ),
    removing('DeletePolicy', [removal('resource_policies')], () =>
      service.must('DeletePolicy', { ResourceArn: root.arn }),
    ),
    removing('policy delete', [removal('identity_policies')], () =>
      cli('policy delete --user alice --name all'),
    ),
    removing('access-key delete', [removal('access_keys')], () =>
      cli(`access-key delete ${users['alice']?.keyId}`),
    ),
    removing('user delete', [removal('users')], () => cli('user delete alice')),
    removing('role delete', [removal('roles')], () => cli('role delete deploy')),
    removing('oidc-provider delete', [removal('identity_providers')], () =>
      cli(`oidc-provider delete ${issuer}`),
    ),
    removing(
      'approval policy delete',
      [
        change('approvals'),
        change('approvals', arnOf('bob')),
        change('approvals'),
        removal('approval_policies'),
      ],
      async () => {
        const refusal = await cli('approval policy delete').catch(String)
        const ApprovalId = /approval approve ([0-9a-f-]{36})/.exec(refusal as string)?.[1]
        await service.must('ApproveRequest', { ApprovalId }, users['bob'])
        await cli('approval policy delete')
      },
    ),
    removing('bucket delete-object', [event('object-deletion')], () =>
      cli(`bucket delete-object ${crlBucket} crl/${lastOf(root.arn)}.crl`),
    ),
    removing(
      'bucket delete',
      [{ ...event('bucket-creation'), command: 'bucket create' }, event('bucket-deletion')],
      async () => {
        await cli('bucket create another-bucket')
        await cli('bucket delete another-bucket')
      },
    ),
    removing('delete-expired', [{ kind: 'retirement', who: 'job:delete-expired' }], async () => {
      await searchable(service)
      service.clock.advance({ days: 8 })
      await service.runJob('publish-crls')
      await service.runJob('delete-expired')
    }),
    removing(
      'DeleteCertificateAuthority',
      [change('authorities'), change('authorities')],
      async () => {
        await call('UpdateCertificateAuthority', { Status: 'DISABLED' })
        await call('DeleteCertificateAuthority', { PermanentDeletionTimeInDays: 7 })
      },
    ),
    removing('RestoreCertificateAuthority', [change('authorities')], () =>
      call('RestoreCertificateAuthority', {}),
    ),
    removing(
      'erase-authorities',
      [
        change('authorities', arnOf('administrator')),
        removal('keys', 'job:erase-authorities'),
        change('authorities', 'job:erase-authorities'),
      ],
      async () => {
        await call('DeleteCertificateAuthority', { PermanentDeletionTimeInDays: 7 })
        service.clock.advance({ days: 8 })
        await service.runJob('erase-authorities')
      },
    ),
  ]

  function caCertificate(): Record<string, unknown> {
    return issueInput(root.arn, root.csr, { template: 'SubordinateCACertificate_PathLen0' })
  }
}

const acmeAccount = 'p9JxW2rT5uYk7QeHs3LdNg'

const ocspOnly = { RevocationConfiguration: { OcspConfiguration: { Enabled: true } } }

/** The public point of a P-256 key (RFC 7515, appendix A.3). */
const point = 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU'
const point2 = 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0'
