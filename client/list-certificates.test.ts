import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { TestService } from '../test/support/service.ts'
import { createClient, type Client, type ListedCertificate } from './index.ts'

let service: TestService
let client: Client
let ca: string

before(async () => {
  service = await TestService.start()
  client = createClient({
    region: 'eu-central-1',
    endpoint: service.url,
    credentials: service.credentials,
  })
  const subjects = { root: 'Root', issuing: 'Issuing' }
  const { issuing } = await client.createHierarchy({
    root: { subject: { CommonName: subjects.root } },
    issuing: { subject: { CommonName: subjects.issuing } },
  })
  ca = issuing.arn
})

after(async () => {
  client.close()
  await service.close()
})

async function found(search: Parameters<Client['searchCertificates']>[0]): Promise<string[]> {
  const all: ListedCertificate[] = []
  for await (const one of client.searchCertificates(search)) all.push(one)
  return all.flatMap(({ SubjectAlternativeNames: [name = ''] }) => name).toSorted()
}

test('the statistics count CAs and certificates, and their times are Dates', async () => {
  await service.runJob('index-certificates')
  const { CertificateAuthorities, Complete, GeneratedAt, IssuedPerDay } =
    await client.getStatistics({ Days: 2 })
  assert.deepEqual(CertificateAuthorities, [{ Status: 'ACTIVE', Count: 2 }])
  assert.equal(Complete, true)
  assert.equal(IssuedPerDay.length, 2)
  for (const time of [GeneratedAt, ...IssuedPerDay.map(({ Start }) => Start)])
    assert.ok(time instanceof Date)
  // @ts-expect-error -- JavaScript callers can pass any option
  await assert.rejects(client.getStatistics({ days: 2 }), /'days'.*'Days'/)
})

test('certificates are found by their content, and their times are Dates', async () => {
  const names = ['one.example.com', 'two.example.com', 'one.example.org']
  for (const name of names)
    await client.issue({
      ca,
      keyAlgorithm: 'EC_prime256v1',
      names: [name],
      validity: { days: name.endsWith('org') ? 100 : 10 },
    })
  const search = { CertificateAuthorityArn: ca }
  while ((await found(search)).length < names.length) await sleep(50)
  assert.deepEqual(await found({ ...search, SubjectAlternativeName: 'two.example.com' }), [
    names[1],
  ])
  const soon = new Date(Date.now() + 30 * 86_400_000)
  assert.deepEqual(await found({ ...search, ExpiresBefore: soon }), [names[0], names[1]])
  const first = await client.listCertificates({ ...search, MaxResults: 2 })
  assert.equal(first.Certificates.length, 2)
  const [one] = first.Certificates
  assert.ok(one !== undefined && one.NotAfter instanceof Date && one.IssuedAt <= new Date())
  await client.revokeCertificate({
    CertificateAuthorityArn: ca,
    CertificateSerial: one.SerialNumber,
    RevocationReason: 'SUPERSEDED',
  })
  const { Certificates } = await client.listCertificates({ ...search, Status: 'REVOKED' })
  assert.deepEqual(
    Certificates.map(({ CertificateArn, RevocationReason }) => [CertificateArn, RevocationReason]),
    [[one.CertificateArn, 'SUPERSEDED']],
  )
  assert.ok(Certificates[0]?.RevokedAt instanceof Date)
})

test('the pages contain every certificate once', async () => {
  const all = await found({ CertificateAuthorityArn: ca })
  let token: string | undefined
  let count = 0
  do {
    const page = await client.listCertificates({
      CertificateAuthorityArn: ca,
      MaxResults: 1,
      ...(token !== undefined && { NextToken: token }),
    })
    count += page.Certificates.length
    token = page.NextToken
  } while (token !== undefined)
  assert.equal(count, all.length)
})

test('an error of the service is a ClientError', async () => {
  await assert.rejects(
    client.listCertificates({ CertificateAuthorityArn: 'arn:aws:acm-pca:eu-central-1:1:thing/x' }),
    client.exceptions.InvalidArnException,
  )
  await assert.rejects(
    client.listCertificates({ NextToken: 'bm90aGluZw' }),
    client.exceptions.InvalidNextTokenException,
  )
})
