/** Servers as processes of their own, as an operator starts them on one database. */
import assert from 'node:assert/strict'
import { chmod, cp, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { databaseUrl } from '../support/chosen-database.ts'
import { csr } from '../support/csrs.ts'
import { TestFolder } from '../support/database.ts'
import { authorityInput, base64, issueInput, templateArn } from '../support/hierarchy.ts'
import { sharedPostgres } from '../support/postgres.ts'
import { command, startServer } from '../support/process.ts'
import { eventually } from '../support/revocation.ts'
import { readCredentials, type Members } from '../support/service.ts'
import { signedHeaders, type Credentials } from '../support/signed-request.ts'

const postgres = sharedPostgres()

type Call = (url: string, operation: string, input: unknown) => Promise<Members>

function caller(credentials: Credentials): Call {
  return async (url, operation, input) => {
    const body = JSON.stringify(input)
    const target = `ACMPrivateCA.${operation}`
    const date = new Date()
    const headers = signedHeaders({ url, target, body, region: 'eu-west-1', credentials, date })
    const response = await fetch(url, { method: 'POST', headers, body })
    const text = await response.text()
    if (!response.ok) throw new Error(`${operation}: ${text}`)
    return text === '' ? {} : JSON.parse(text)
  }
}

async function createRoot(call: Call, url: string): Promise<string> {
  const { CertificateAuthorityArn } = await call(
    url,
    'CreateCertificateAuthority',
    authorityInput(),
  )
  const here = { CertificateAuthorityArn }
  const { Csr } = await eventually(
    () => call(url, 'GetCertificateAuthorityCsr', here).catch(() => undefined),
    'a CSR',
  )
  const { CertificateArn } = await call(url, 'IssueCertificate', {
    ...issueInput(CertificateAuthorityArn, Csr, { validity: { Value: 10, Type: 'YEARS' } }),
    TemplateArn: templateArn('RootCACertificate'),
  })
  const { Certificate } = await call(url, 'GetCertificate', { ...here, CertificateArn })
  const input = { ...here, Certificate: base64(Certificate) }
  await call(url, 'ImportCertificateAuthorityCertificate', input)
  return CertificateAuthorityArn
}

test('what a node answered before it was killed is on the other', async (t) => {
  const server = await postgres(t)
  if (server === undefined) return
  using folder = new TestFolder()
  const flags = ['--database', databaseUrl(await server.createDatabase())]
  const first = await startServer(folder.file('one'), flags)
  await cp(folder.file('one/master.key'), folder.file('two/master.key'), { recursive: true })
  const second = await startServer(folder.file('two'), flags)
  assert.match(first.stdout(), /AWS_SHARED_CREDENTIALS_FILE='.*\/one\/credentials'/)
  assert.match(second.stdout(), /# a copy of \S+:\S+\/one\/credentials\n/)

  const call = caller(readCredentials(folder.file('one/credentials')))
  const CertificateAuthorityArn = await createRoot(call, first.url)
  const input = issueInput(CertificateAuthorityArn, csr('ec-server'))
  const arns: string[] = []
  const issueUntilItEnds = async (): Promise<void> => {
    try {
      for (;;) {
        arns.push((await call(first.url, 'IssueCertificate', input)).CertificateArn)
        if (arns.length === 40) first.child.kill('SIGKILL')
      }
    } catch {
      // The connection broke: what was asked for last was not answered.
    }
  }
  await Promise.all(Array.from({ length: 8 }, issueUntilItEnds))
  assert.ok(arns.length >= 40)
  for (const CertificateArn of arns) {
    const { Certificate } = await call(second.url, 'GetCertificate', {
      CertificateAuthorityArn,
      CertificateArn,
    })
    assert.match(Certificate, /BEGIN CERTIFICATE/)
  }
  assert.equal(await second.stop('SIGTERM'), 0)
})

test('passwords are in no output, and commands find the database as the server does', async (t) => {
  const server = await postgres(t)
  if (server === undefined) return
  using folder = new TestFolder()
  const url = databaseUrl(await server.createDatabase())
  const secret = url.replace('@', ':hunter2@')
  const checked = await command(['check-config', '--database', secret])
  assert.equal(checked.code, 0)
  assert.equal(
    (JSON.parse(checked.stdout) as { database: { password: string } }).database.password,
    '(hidden)',
  )
  assert.doesNotMatch(checked.stdout + checked.stderr, /hunter2/)

  const data = folder.file('data')
  const none = await command(['account', 'list', '--data', data], { SIGNET_DATABASE: secret })
  assert.equal(none.code, 2)
  assert.match(none.stderr, /there is nothing of Signet in PostgreSQL at /)
  const password = folder.file('password')
  await writeFile(password, 'hunter2\n')
  await chmod(password, 0o600)
  const flags = ['--database', url, '--database-password-file', password]
  const running = await startServer(data, flags)
  const accounts = await command(['account', 'list', '--data', data, ...flags])
  assert.equal(accounts.code, 0, accounts.stderr)
  assert.equal(
    (JSON.parse(accounts.stdout) as { AccountId: string }[])[0]?.AccountId,
    '123456789012',
  )
  const jobs = await command(['jobs', 'list', '--data', data, ...flags])
  assert.equal(jobs.code, 0, jobs.stderr)
  const away = url.replace(/:\d+\//, ':1/').replace('@', ':hunter2@')
  const refused = await command(['account', 'list', '--data', data], { SIGNET_DATABASE: away })
  assert.equal(refused.code, 2)
  assert.match(refused.stderr, /^signet: PostgreSQL at 127\.0\.0\.1:1, database \w+ cannot be used/)
  assert.doesNotMatch(refused.stderr, /hunter2/)
  assert.equal(await running.stop('SIGTERM'), 0)
})
