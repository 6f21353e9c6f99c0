/** Tests of DescribeRevocation, PublishCrl and CheckRevocation: the state of CRLs and OCSP responses, and access control. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { ObjectStore } from '../../src/objects/object-store.ts'
import { allow, createUser, type User } from '../support/accounts.ts'
import { csr } from '../support/csrs.ts'
import { createAuthority, createRoot, issue } from '../support/hierarchy.ts'
import {
  crlBucket,
  crlConfiguration,
  lastOf,
  revoke,
  revocationOptions,
} from '../support/revocation.ts'
import { TestService, type Members } from '../support/service.ts'

let service: TestService
/** CRL publications wait until this promise resolves. */
let release: PromiseWithResolvers<void> | undefined
before(async () => {
  service = await TestService.start({}, { wrapObjects: waitingForRelease })
  await service.createBucket(crlBucket)
})
after(() => service.close())

function waitingForRelease(objects: ObjectStore): ObjectStore {
  return {
    ...objects,
    async put(...args) {
      // The permission check on the bucket is not delayed.
      if (args[0].key.endsWith('.crl')) await release?.promise
      return objects.put(...args)
    },
  }
}

const both = revocationOptions(crlConfiguration(), { Enabled: true })

async function describe(arn: string, more: object = {}): Promise<Members> {
  return service.must('DescribeRevocation', { CertificateAuthorityArn: arn, ...more })
}

async function check(arn: string, SerialNumber: string): Promise<Members> {
  return service.must('CheckRevocation', { CertificateAuthorityArn: arn, SerialNumber })
}

/** Delays CRL writes until the next `publish`. */
function holdPublications(): void {
  release = Promise.withResolvers()
}

async function publish(): Promise<void> {
  release?.resolve()
  service.clock.advance({ seconds: 1 })
  await service.runJob('publish-crls')
}

const seconds = (): number => Math.floor(service.clock.now().getTime() / 1000)

test('DescribeRevocation shows a CRL before and after its publication, and whether it is late', async () => {
  const root = await createRoot(service, { more: both })
  const empty = await describe(root.arn)
  assert.deepEqual(empty.Crls, [])
  assert.deepEqual(
    [empty.Crl.Enabled, empty.Crl.Crls, empty.Crl.S3BucketName, empty.Ocsp.Signer],
    [true, 0, crlBucket, 'CA'],
  )
  const leaf = await issue(service, { arn: root.arn, csr: csr('ec-server') })
  await publish()
  await revoke(service, leaf.arn)
  await publish()
  const { Crl, Crls, Ocsp } = await describe(root.arn)
  const [crl] = Crls
  const published = { Status: 'PUBLISHED', IsLate: false, IsCurrent: true, CrlType: 'COMPLETE' }
  for (const [name, value] of Object.entries(published)) assert.equal(crl[name], value, name)
  assert.equal(crl.Url, `${service.publicUrl}/${crlBucket}/crl/${lastOf(root.arn)}.crl`)
  assert.deepEqual([crl.Entries, Crl.Entries, Crl.Crls, Crl.Pending, Crl.Late], [1, 1, 1, 0, 0])
  assert.equal(crl.CrlNumber, service.clock.now().getTime())
  assert.equal(Math.floor(crl.ThisUpdate), seconds() - 3600)
  assert.equal(Math.floor(crl.NextUpdate), seconds() + 7 * 86_400)
  const { length } = (await service.readObject(crlBucket, `crl/${lastOf(root.arn)}.crl`))!
  assert.deepEqual([crl.Size, Crl.Size], [length, length])
  assert.equal(Ocsp.Url, `${service.publicUrl}/ocsp`)
  assert.equal(Ocsp.StoredResponses, 0)
  service.clock.advance({ days: 4 })
  const late = await describe(root.arn)
  assert.deepEqual([late.Crls[0].IsLate, late.Crl.Late], [true, 1])
  await publish()
  assert.equal((await describe(root.arn)).Crl.Late, 0)
})

test('PublishCrl publishes a CRL with a higher number, and opens the first CRL of a CA', async () => {
  holdPublications()
  const root = await createRoot(service, { more: both })
  const first = await service.must('PublishCrl', { CertificateAuthorityArn: root.arn })
  assert.equal(first.Crls, 1)
  assert.equal((await describe(root.arn)).Crl.Pending, 1)
  await publish()
  const before_ = (await describe(root.arn)).Crls[0]
  assert.equal(before_.Status, 'PUBLISHED')
  holdPublications()
  const { RequestedAt } = await service.must('PublishCrl', { CertificateAuthorityArn: root.arn })
  // A second request before the publication adds no work.
  await service.must('PublishCrl', { CertificateAuthorityArn: root.arn })
  const [row] = await service.inDatabase(
    `select changes - published_changes as waiting from crls where name = '${lastOf(root.arn)}'`,
  )
  assert.equal(Number(row?.['waiting']), 1)
  await publish()
  const after_ = (await describe(root.arn)).Crls[0]
  assert.equal(after_.Status, 'PUBLISHED')
  assert.ok(after_.CrlNumber > before_.CrlNumber)
  assert.ok(after_.ThisUpdate + 3600 >= RequestedAt)
})

test('PublishCrl is refused if the CA publishes no CRLs or cannot sign', async () => {
  const root = await createRoot(service)
  const refusal = (arn: string): Promise<string> =>
    service.refusal('PublishCrl', { CertificateAuthorityArn: arn })
  assert.equal(
    await refusal(root.arn),
    `InvalidStateException: The certificate authority ${root.arn} publishes no CRLs. Enable its CrlConfiguration with UpdateCertificateAuthority.`,
  )
  const pending = await createAuthority(service, { more: both })
  assert.match(await refusal(pending.arn), /^InvalidStateException: .*PENDING_CERTIFICATE state/)
  assert.match(await refusal(`${root.arn}0`), /^ResourceNotFoundException|^InvalidArn/)
})

test('CheckRevocation shows that the CRL lags behind a revocation until it is published', async () => {
  const root = await createRoot(service, { more: both })
  const leaf = await issue(service, { arn: root.arn, csr: csr('ec-server') })
  await publish()
  const serial = lastOf(leaf.arn)
  const valid = await check(root.arn, serial)
  assert.deepEqual(
    [valid.Api.Status, valid.Crl.Listed, valid.Ocsp.Status, valid.Ocsp.Signer],
    ['VALID', false, 'GOOD', 'CA'],
  )
  await revoke(service, leaf.arn)
  const lagging = await check(root.arn, serial)
  assert.deepEqual(
    [lagging.Api.Status, lagging.Crl.Listed, lagging.Ocsp.Status, lagging.Ocsp.Reason],
    ['REVOKED', false, 'REVOKED', 'KEY_COMPROMISE'],
  )
  await publish()
  const { Crl, Api, Ocsp } = await check(root.arn, serial)
  assert.deepEqual([Crl.Listed, Crl.Reason, Api.Reason], [true, 'KEY_COMPROMISE', 'KEY_COMPROMISE'])
  assert.equal(Math.floor(Crl.RevokedAt), Math.floor(Api.RevokedAt))
  assert.equal(Crl.CrlNumber, (await describe(root.arn)).Crls[0].CrlNumber)
  assert.equal(
    Ocsp.NextUpdate - Ocsp.ThisUpdate,
    service.config.revocationPolicy.ocspValiditySeconds,
  )
})

test('CheckRevocation accepts the forms of serial numbers and names the problem of an unreadable CRL', async () => {
  holdPublications()
  const root = await createRoot(service, { more: both })
  const leaf = await issue(service, { arn: root.arn, csr: csr('ec-server') })
  const serial = lastOf(leaf.arn)
  assert.equal((await check(root.arn, serial)).Crl.Problem, 'The CRL has not been published yet.')
  const colons = serial.toUpperCase().replaceAll(/..(?=.)/g, '$&:')
  for (const form of [`0x${serial}`, colons, serial.replace(/^0+/, '')])
    assert.equal((await check(root.arn, form)).Api.Status, 'VALID', form)
  await publish()
  await service.inDatabase(
    `update crls set object_key = 'crl/absent.crl' where name = '${lastOf(root.arn)}'`,
  )
  const { Crl } = await check(root.arn, serial)
  assert.equal(Crl.Problem, 'The published CRL was deleted from its bucket.')
  assert.equal(Crl.Listed, undefined)
  const refusal = (SerialNumber: string): Promise<string> =>
    service.refusal('CheckRevocation', { CertificateAuthorityArn: root.arn, SerialNumber })
  assert.match(await refusal('ab'.repeat(16)), /^ResourceNotFoundException: .* has not issued/)
  assert.match(await refusal('ab'.repeat(20)), /^ResourceNotFoundException: /)
  assert.match(await refusal(':'), /^ValidationException: SerialNumber must be the hexadecimal/)
  assert.match(await refusal('no serial'), /^ValidationException: /)
})

test('CheckRevocation omits what the CA does not have, and an expired certificate is EXPIRED', async () => {
  const root = await createRoot(service)
  const leaf = await issue(service, { arn: root.arn, csr: csr('ec-server') })
  assert.deepEqual(await check(root.arn, lastOf(leaf.arn)), { Api: { Status: 'VALID' } })
  service.clock.advance({ days: 31 })
  assert.equal((await check(root.arn, lastOf(leaf.arn))).Api.Status, 'EXPIRED')
})

test('DescribeRevocation lists partitions in pages, with the current one first', async () => {
  const partitioned = revocationOptions(crlConfiguration({ CrlType: 'PARTITIONED' }))
  const root = await createRoot(service, { more: partitioned })
  const first = await issue(service, { arn: root.arn, csr: csr('ec-server') })
  // The test marks the partition as full, because a million certificates would take too long.
  await service.inDatabase(
    `update crls set certificates = 1000000 where authority_number =
      (select authority_number from authorities where id = '${lastOf(root.arn)}')`,
  )
  await issue(service, { arn: root.arn, csr: csr('ec-server') })
  await publish()
  const page = await describe(root.arn, { MaxResults: 1 })
  assert.deepEqual([page.Crl.Crls, page.Crls.length, page.Crls[0].IsCurrent], [2, 1, true])
  assert.equal(page.Crls[0].Certificates, 1)
  const next = await describe(root.arn, { MaxResults: 1, NextToken: page.NextToken })
  assert.deepEqual([next.Crls[0].IsCurrent, next.NextToken], [false, undefined])
  const bound = await check(root.arn, lastOf(first.arn))
  assert.equal(bound.Crl.Name, next.Crls[0].Name)
  assert.match(
    await service.refusal('DescribeRevocation', {
      CertificateAuthorityArn: root.arn,
      NextToken: 'foreign',
    }),
    /^InvalidNextTokenException: /,
  )
})

test('policies for AWS allow none of the operations, and signet actions allow each of them', async () => {
  const root = await createRoot(service, { more: both })
  const leaf = await issue(service, { arn: root.arn, csr: csr('ec-server') })
  const input = { CertificateAuthorityArn: root.arn, SerialNumber: lastOf(leaf.arn) }
  const aws: User = await createUser(service, { userName: 'aws', statements: [allow('*')] })
  for (const operation of ['DescribeRevocation', 'CheckRevocation', 'PublishCrl']) {
    const refusal = await service.refusal(operation, input, { credentials: aws.credentials })
    assert.match(refusal, new RegExp(`^AccessDeniedException: .* perform: signet:${operation} on`))
    const narrow: User = await createUser(service, {
      userName: operation,
      statements: [{ Effect: 'Allow', Action: `signet:${operation}`, Resource: root.arn }],
    })
    await service.must(operation, input, { credentials: narrow.credentials })
  }
})
