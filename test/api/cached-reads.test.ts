/** Answers that workers keep in memory: no worker answers with a state from before an acknowledged change. */
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

/** The one answer of both workers: so many requests at a time take so many connections. */
async function everywhere(operation: string, input: object): Promise<Members> {
  const answers = await Promise.all(Array.from({ length: 24 }, () => client.call(operation, input)))
  const [first, ...others] = answers.map(({ status, json }) => ({ status, json }))
  for (const other of others) assert.deepEqual(other, first)
  return { status: first?.status, ...first?.json }
}

const get = ({ arn }: Pick<Issued, 'arn'>): Promise<Members> =>
  everywhere('GetCertificate', { CertificateAuthorityArn: subordinate.arn, CertificateArn: arn })

async function listed(): Promise<Members> {
  const { CertificateAuthorities } = await everywhere('ListCertificateAuthorities', {})
  const found = CertificateAuthorities.find(({ Arn }: Members) => Arn === subordinate.arn)
  const where = { CertificateAuthorityArn: subordinate.arn }
  const { CertificateAuthority } = await everywhere('DescribeCertificateAuthority', where)
  assert.deepEqual(found, CertificateAuthority)
  return found
}

async function assertServed(): Promise<void> {
  const { certificate: Certificate, chain: CertificateChain } = leaf
  assert.deepEqual(await get(leaf), { status: 200, Certificate, CertificateChain })
}

test('a repeated GetCertificate is answered as the first, also of a revoked certificate', async () => {
  for (let times = 0; times < 3; times += 1) await assertServed()
  await client.must('RevokeCertificate', {
    CertificateAuthorityArn: subordinate.arn,
    CertificateSerial: lastOf(leaf.arn),
    RevocationReason: 'SUPERSEDED',
  })
  await assertServed()
})

test('a certificate is not found below another CA, whichever was requested before', async () => {
  const { __type } = await everywhere('GetCertificate', {
    CertificateAuthorityArn: root.arn,
    CertificateArn: leaf.arn,
  })
  assert.equal(__type, 'InvalidArnException')
})

test('a change of a CA is in every answer after it', async () => {
  const where = { CertificateAuthorityArn: subordinate.arn }
  for (const Status of ['DISABLED', 'ACTIVE']) {
    await client.must('UpdateCertificateAuthority', { ...where, Status })
    assert.equal((await listed()).Status, Status)
    await assertServed()
  }
})

test('a deleted CA does not answer with a certificate, and does again once it is restored', async () => {
  const where = { CertificateAuthorityArn: subordinate.arn }
  await client.must('UpdateCertificateAuthority', { ...where, Status: 'DISABLED' })
  await client.must('DeleteCertificateAuthority', where)
  assert.equal((await listed()).Status, 'DELETED')
  assert.equal((await get(leaf)).__type, 'InvalidStateException')
  await client.must('RestoreCertificateAuthority', where)
  assert.equal((await listed()).Status, 'DISABLED')
  await assertServed()
  await client.must('UpdateCertificateAuthority', { ...where, Status: 'ACTIVE' })
})

test('a renewed CA is listed with its new certificate, and its older certificates keep their chain', async () => {
  const serial = (await listed()).Serial
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
  assert.notEqual((await listed()).Serial, serial)
  await assertServed()
  const next = await issue(client, { arn: subordinate.arn, csr: csr('ec-server') })
  const chain = `${renewed.certificate}\n${root.certificate}`
  for (let times = 0; times < 3; times += 1) assert.equal((await get(next)).CertificateChain, chain)
  await assertServed()
})
