/** Tests of a running server's CRLs and audit reports in a real S3 service, a Ceph RADOS Gateway. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { csr } from '../support/csrs.ts'
import { authorityInput, createRoot, issue } from '../support/hierarchy.ts'
import { startRadosGateway, type RadosGateway } from '../support/rados-gateway.ts'
import {
  crlBucket,
  crlConfiguration,
  eventually,
  lastOf,
  readCrl,
  revocationOptions,
  revoke,
  type ReadCrl,
} from '../support/revocation.ts'
import { TestService } from '../support/service.ts'

interface Scene {
  readonly gateway: RadosGateway
  readonly owner: S3Client
  readonly service: TestService
}

/**
 * Starts a gateway with the bucket `my-crls`, and a server that uses the gateway. Returns undefined if no gateway is available.
 */
async function startScene(t: TestContext): Promise<Scene | undefined> {
  const gateway = await startRadosGateway(t)
  if (gateway === undefined) return undefined
  t.after(() => gateway.close())
  // The server's credential provider chain reads the environment.
  process.env['AWS_ACCESS_KEY_ID'] = gateway.accessKeyId
  process.env['AWS_SECRET_ACCESS_KEY'] = gateway.secretAccessKey
  const owner = new S3Client({
    endpoint: gateway.endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: gateway,
  })
  t.after(() => owner.destroy())
  await createBuckets(owner)
  const service = await TestService.start({ s3Endpoint: gateway.endpoint, crlDelay: '0' })
  t.after(() => service.close())
  return { gateway, owner, service }
}

/** All buckets are created in advance, because a restarted gateway needs half a minute for the first change to a bucket. */
async function createBuckets(owner: S3Client): Promise<void> {
  for (const Bucket of [crlBucket, 'closed-crls'])
    await owner.send(new CreateBucketCommand({ Bucket }))
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:PutObject',
        Resource: 'arn:aws:s3:::closed-crls/*',
      },
    ],
  })
  await owner.send(new PutBucketPolicyCommand({ Bucket: 'closed-crls', Policy }))
}

async function fetchCrl(url: string): Promise<ReadCrl | undefined> {
  const response = await fetch(url).catch(() => undefined)
  return response?.ok === true ? readCrl(Buffer.from(await response.arrayBuffer())) : undefined
}

function crlWith(url: string, entries: number): Promise<ReadCrl> {
  const look = async (): Promise<ReadCrl | undefined> => {
    const crl = await fetchCrl(url)
    return crl?.entries.size === entries ? crl : undefined
  }
  return eventually(look, `${entries} entries at ${url}`, 40)
}

test('a server publishes to a RADOS Gateway, even after an outage of the gateway', async (t) => {
  const scene = await startScene(t)
  if (scene === undefined) return
  const { gateway, owner, service } = scene
  const root = await createRoot(service, { more: revocationOptions() })
  const url = `${gateway.endpoint}/${crlBucket}/crl/${lastOf(root.arn)}.crl`

  await t.test('the test objects exist, and everyone can read the first CRL', async () => {
    const one = await issue(service, { arn: root.arn, csr: csr('ec-server') })
    assert.ok(Buffer.from(one.certificate.replaceAll(/-.*-|\n/g, ''), 'base64').includes(url))
    await crlWith(url, 0)
    const { Contents = [] } = await owner.send(new ListObjectsV2Command({ Bucket: crlBucket }))
    assert.deepEqual(
      Contents.map(({ Key }) => Key),
      [
        'acm-pca-permission-test-key',
        'acm-pca-permission-test-key-private',
        `crl/${lastOf(root.arn)}.crl`,
      ],
    )
    await revoke(service, one.arn)
    await crlWith(url, 1)
  })

  await t.test('certificates are issued and revoked during an outage of the gateway', async () => {
    const before = await crlWith(url, 1)
    await gateway.stop()
    const two = await issue(service, { arn: root.arn, csr: csr('ec-server') })
    await revoke(service, two.arn)
    await eventually(
      async () => {
        const metrics = await (await fetch(`${service.url}/metrics`)).text()
        return /job="publish-crls",result="failure"/.test(metrics) ? true : undefined
      },
      'a failed publication',
      60,
    )
    await gateway.startAgain()
    service.clock.advance({ seconds: 60 })
    const after = await crlWith(url, 2)
    assert.ok((after.crlNumber ?? 0n) > (before.crlNumber ?? 0n))
  })

  await t.test('only the owner can read an audit report', async () => {
    const report = await service.must('CreateCertificateAuthorityAuditReport', {
      CertificateAuthorityArn: root.arn,
      S3BucketName: crlBucket,
      AuditReportResponseFormat: 'JSON',
    })
    const identifiers = { CertificateAuthorityArn: root.arn, AuditReportId: report.AuditReportId }
    await eventually(async () => {
      const described = await service.must('DescribeCertificateAuthorityAuditReport', identifiers)
      return described.AuditReportStatus === 'SUCCESS' ? true : undefined
    }, 'the report')
    const object = { Bucket: crlBucket, Key: report.S3Key as string }
    const { Body } = await owner.send(new GetObjectCommand(object))
    const rows: unknown[] = JSON.parse((await Body?.transformToString()) ?? '')
    assert.equal(rows.length, 3)
    const stranger = await fetch(`${gateway.endpoint}/${crlBucket}/${report.S3Key}`)
    assert.equal(stranger.status, 403)
  })

  await t.test(
    'a bucket that denies access causes a ValidationException, and no CA is created',
    async () => {
      for (const S3BucketName of ['closed-crls', 'no-such-crls']) {
        const options = revocationOptions(crlConfiguration({ S3BucketName }))
        assert.match(
          await service.refusal('CreateCertificateAuthority', authorityInput({ more: options })),
          new RegExp(
            `^ValidationException: Permission error with your S3 bucket '${S3BucketName}'`,
          ),
        )
      }
      const { CertificateAuthorities } = await service.must('ListCertificateAuthorities', {})
      assert.equal(CertificateAuthorities.length, 1)
    },
  )
})
