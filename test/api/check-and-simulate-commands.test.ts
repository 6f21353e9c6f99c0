/** Tests of `signet ca publish-crl`, `signet certificates check` and `signet policy simulate` against a running server. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { command, startServer, type Outcome, type ServerProcess } from '../support/process.ts'
import type { Members } from '../support/service.ts'

let folder: string
let server: ServerProcess
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signet-revocation-'))
  server = await startServer(join(folder, 'data'), ['--crl-delay', '0'])
  await must('init-hierarchy', '--name', 'Corp', '--ocsp')
  await command(['bucket', 'create', 'corp-crls', '--data', join(folder, 'data')])
  await must('ca', 'revocation', 'Corp Issuing CA', '--crl-bucket', 'corp-crls')
})
after(async () => {
  await server.stop('SIGTERM')
  await rm(folder, { recursive: true })
})

function signet(args: readonly string[]): Promise<Outcome> {
  return command([...args, '--endpoint', server.url, '--data', join(folder, 'data')], {
    HOME: folder,
  })
}

async function must(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await signet(args)
  assert.equal(code, 0, stderr)
  return stdout
}

async function json(...args: readonly string[]): Promise<Members> {
  return JSON.parse(await must(...args, '--output', 'json'))
}

test('signet ca publish-crl waits for the publication, and signet certificates check shows the CRL', async () => {
  const tls = join(folder, 'tls')
  await must('issue', '--ca', 'Corp Issuing CA', '--name', 'www.example.com', '--out', tls)
  const published = await json('ca', 'publish-crl', 'Corp Issuing CA')
  assert.deepEqual([published.Crl.Pending, published.Crls[0].Status], [0, 'PUBLISHED'])
  assert.match(await must('ca', 'publish-crl', 'Corp Issuing CA'), /^CRL state +number \d+, until /)
  const good = await json('certificates', 'check', tls)
  assert.deepEqual([good.Api.Status, good.Crl.Listed, good.Ocsp.Status], ['VALID', false, 'GOOD'])
  await must('revoke', tls, '--reason', 'KEY_COMPROMISE')
  await must('ca', 'publish-crl', 'Corp Issuing CA')
  const text = await must('certificates', 'check', tls)
  assert.match(text, /Database\n {2}status +REVOKED\n/)
  assert.match(text, /CRL\n {2}listed +yes\n/)
  assert.match(text, /OCSP\n {2}status +REVOKED\n/)
  const shown = await must('ca', 'show', 'Corp Issuing CA')
  assert.match(shown, /CRL state +number \d+, until .*, 1 entries/)
  assert.match(shown, /OCSP state +signed by the CA, certificate until /)
  const { code, stderr } = await signet(['ca', 'publish-crl', 'Corp Root CA'])
  assert.equal(code, 1)
  assert.match(stderr, /publishes no CRLs/)
})

test('signet policy simulate shows the deciding statement and the missing condition keys', async () => {
  const policy = join(folder, 'policy.json')
  const template = 'arn:aws:acm-pca:::template/EndEntityCertificate/V1'
  await writeFile(
    policy,
    JSON.stringify({
      Version: '2012-10-17',
      Statement: {
        Sid: 'Issue',
        Effect: 'Allow',
        Action: 'acm-pca:IssueCertificate',
        Resource: '*',
        Condition: { StringEquals: { 'acm-pca:TemplateArn': template } },
      },
    }),
  )
  await command(['user', 'create', 'alice', '--data', join(folder, 'data')])
  const put = ['policy', 'put', '--user', 'alice', '--name', 'issue', '--policy', policy]
  await command([...put, '--data', join(folder, 'data')])
  const [{ Arn }] = await json('ca', 'list')
  const alice = `arn:aws:iam::${Arn.split(':')[4]}:user/alice`
  const simulate = ['policy', 'simulate', '--principal', alice, '--action', 'IssueCertificate']
  const denied = await must(...simulate, '--resource', 'Corp Issuing CA')
  assert.match(denied, /decision +Denied, because no statement allows it/)
  assert.match(denied, /missing keys +acm-pca:templatearn/)
  const context = ['--context', `acm-pca:TemplateArn=${template}`]
  const allowed = await must(...simulate, ...context, '--action', 'ListTags')
  assert.match(allowed, /acm-pca:IssueCertificate\n {2}decision +Allowed\n/)
  assert.match(allowed, /policy +Policy issue of alice, statement 1 \(Issue\)/)
  const draft = await must(...simulate, '--resource', 'Corp Issuing CA', '--policy', policy)
  assert.match(draft, /Notes\n {2}problem +Statement 1/)
  const bad = await signet([...simulate, '--context', 'TemplateArn'])
  assert.deepEqual([bad.code, /must be KEY=VALUE/.test(bad.stderr)], [2, true])
})
