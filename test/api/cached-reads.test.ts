/** Tests of responses that workers cache. Once a change is acknowledged, no worker may return the previous state. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { csr } from '../support/csrs.ts'
import { base64, createRoot, createSubordinate, issue, type Issued } from '../support/hierarchy.ts'
import { clientOf } from '../support/process-client.ts'
import { startServer, type ServerProcess } from '../support/process.ts'
import { lastOf } from '../support/revocation.ts'
import type { ApiCaller, Members } from '../support/service.ts'

let folder: string
let server: ServerProcess
let client: ApiCaller
let root: { arn: string; certificate: string }
let subordinate: { arn: string; csr: string; certificate: string }
let leaf: Issued

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signet-reads-'))
  const data = join(folder, 'data')
  server = await startServer(data, ['--workers', '2'])
  client = clientOf(server, data)
  root = await createRoot(client)
  subordinate = await createSubordinate(client, root)
  leaf = await issue(client, { arn: subordinate.arn, csr: csr('ec-server') })
})
after(async () => {
  await server.stop('SIGKILL')
  await rm(folder, { recursive: true })
})

/**
 * Asserts that both workers send the same response, and returns the response. 24 concurrent requests open enough connections to
 * reach both workers.
 */
async function everywhere(operation: string, input: object): Promise<Members> {
  const answers = await Promise.all(Array.from({ length: 24 }, () => client.call(operation, input)))
  const [first, ...others] = answers.map(({ status, json }) => ({ status, json }))
  for (const other of others) assert.deepEqual(other, first)
  return { status: first?.status, ...first?.json }
}

const get = ({ arn }: Pick<Issued, 'arn'>): Promise<Members> =>
  everywhere('GetCertificate', { CertificateAuthorityArn: subordinate.arn, CertificateArn: arn })

async function describeSubordinate(): Promise<Members> {
  const { CertificateAuthorities } = await everywhere('ListCertificateAuthorities', {})
  const found = CertificateAuthorities.find(({ Arn }: Members) => Arn === subordinate.arn)
  const input = { CertificateAuthorityArn: subordinate.arn }
  const { CertificateAuthority } = await everywhere('DescribeCertificateAuthority', input)
  assert.deepEqual(found, CertificateAuthority)
  return found
}

async function assertServed(): Promise<void> {
  const { certificate: Certificate, chain: CertificateChain } = leaf
  assert.deepEqual(await get(leaf), { status: 200, Certificate, CertificateChain })
}

test('a repeated GetCertificate returns the same response, even after revocation', async () => {
  for (let times = 0; times < 3; times += 1) await assertServed()
  await client.must('RevokeCertificate', {
    CertificateAuthorityArn: subordinate.arn,
    CertificateSerial: lastOf(leaf.arn),
    RevocationReason: 'SUPERSEDED',
  })
  await assertServed()
})

test('GetCertificate refuses the ARN of another CA, even for a cached certificate', async () => {
  const { __type } = await everywhere('GetCertificate', {
    CertificateAuthorityArn: root.arn,
    CertificateArn: leaf.arn,
  })
  assert.equal(__type, 'InvalidArnException')
})

test('an update of a CA is visible in every later response', async () => {
  const input = { CertificateAuthorityArn: subordinate.arn }
  for (const Status of ['DISABLED', 'ACTIVE']) {
    await client.must('UpdateCertificateAuthority', { ...input, Status })
    assert.equal((await describeSubordinate()).Status, Status)
    await assertServed()
  }
})

test('GetCertificate refuses a deleted CA, and works again after its restoration', async () => {
  const input = { CertificateAuthorityArn: subordinate.arn }
  await client.must('UpdateCertificateAuthority', { ...input, Status: 'DISABLED' })
  await client.must('DeleteCertificateAuthority', input)
  assert.equal((await describeSubordinate()).Status, 'DELETED')
  assert.equal((await get(leaf)).__type, 'InvalidStateException')
  await client.must('RestoreCertificateAuthority', input)
  assert.equal((await describeSubordinate()).Status, 'DISABLED')
  await assertServed()
  await client.must('UpdateCertificateAuthority', { ...input, Status: 'ACTIVE' })
})

test('a renewed CA is listed with its new certificate, and its older certificates keep their chain', async () => {
  const serial = (await describeSubordinate()).Serial
  const renewed = await issue(
    client,
    { arn: root.arn, csr: subordinate.csr },
    { template: 'SubordinateCACertificate_PathLen0', validity: { Value: 60, Type: 'DAYS' } },
  )
  await client.must('ImportCertificateAuthorityCertificate', {
    CertificateAuthorityArn: subordinate.arn,
    Certificate: base64(renewed.certificate),
    CertificateChain: base64(root.certificate),
  })
  assert.notEqual((await describeSubordinate()).Serial, serial)
  await assertServed()
  const next = await issue(client, { arn: subordinate.arn, csr: csr('ec-server') })
  const chain = `${renewed.certificate}\n${root.certificate}`
  for (let times = 0; times < 3; times += 1) assert.equal((await get(next)).CertificateChain, chain)
  await assertServed()
})
