/** Kinds of leaves for CAs and for their keys, certificates, CRLs and buckets. */
import { policyOf, sharingStatements } from '../accounts.ts'
import { csr } from '../csrs.ts'
import { base64, createAuthority, issue, type Issued } from '../hierarchy.ts'
import { ocspRequest } from '../ocsp-requests.ts'
import { crlBucket, crlThat, lastOf, revocationOptions } from '../revocation.ts'
import { searchable } from '../search.ts'
import { change, event, removal, type KindContext, type RecordedKind } from './kind.ts'

const ocspOnly = { RevocationConfiguration: { OcspConfiguration: { Enabled: true } } }

export function authorityKinds(context: KindContext): RecordedKind[] {
  const { service, arnOf, call, cli, named, removing } = context
  let selfSigned = ''
  let issued: Issued
  const resourcePolicy = (): object => ({
    ResourceArn: context.root.arn,
    Policy: policyOf(...sharingStatements({ arn: context.root.arn })),
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
        context.root = await createAuthority(service, { more: ocspOnly })
      },
    ),
    named('IssueCertificate', [{ kind: 'certificate' }], async () => {
      const validity = { Value: 10, Type: 'YEARS' }
      const own = await issue(service, context.root, { template: 'RootCACertificate', validity })
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
      issued = await issue(service, { arn: context.root.arn, csr: csr('ec-server') }, { validity })
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
        // A batch's leaf is written within a second, or when the server stops.
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
        await issue(service, { arn: context.root.arn, csr: csr('ec-server') })
        await crlThat(service, `crl/${lastOf(context.root.arn)}.crl`, () => true)
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
    named('PutPolicy', [change('resource_policies')], () =>
      service.must('PutPolicy', resourcePolicy()),
    ),
    removing('UntagCertificateAuthority', [removal('tags')], () =>
      call('UntagCertificateAuthority', { Tags: [{ Key: 'team' }] }),
    ),
    removing('DeletePermission', [removal('permissions')], () =>
      call('DeletePermission', { Principal: 'acm.amazonaws.com' }),
    ),
    removing('DeletePolicy', [removal('resource_policies')], () =>
      service.must('DeletePolicy', { ResourceArn: context.root.arn }),
    ),
    removing('bucket delete-object', [event('object-deletion')], () =>
      cli(`bucket delete-object ${crlBucket} crl/${lastOf(context.root.arn)}.crl`),
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
}
