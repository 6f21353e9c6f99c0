/** Tests of AWS's request rates, and of request rates from a file that is reloaded. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createAuthority } from '../support/hierarchy.ts'
import { startServer } from '../support/process.ts'
import { eventually } from '../support/revocation.ts'
import { readCredentials, TestService } from '../support/service.ts'
import { signedHeaders } from '../support/signed-request.ts'

test('with AWS quotas, requests above the rate are throttled until the next second', async (t) => {
  const service = await TestService.start({ awsQuotas: 'true' })
  t.after(() => service.close())
  const { arn } = await createAuthority(service)
  const input = { CertificateAuthorityArn: arn }
  const answers = await Promise.all(
    Array.from({ length: 40 }, () => service.call('ListTags', input)),
  )
  const throttled = answers.filter(({ status }) => status === 400)
  assert.ok(throttled.length >= 15 && throttled.length <= 20, String(throttled.length))
  for (const { json } of throttled)
    assert.deepEqual(json, { __type: 'ThrottlingException', message: 'Rate exceeded' })
  // Each operation has its own rate limit.
  assert.equal((await service.call('ListCertificateAuthorities', {})).status, 200)
  service.clock.advance({ seconds: 1 })
  assert.equal((await service.call('ListTags', input)).status, 200)
})

test('SIGHUP reloads the rates file, and an invalid file changes nothing', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'signet-rates-'))
  t.after(() => rm(folder, { recursive: true }))
  const rates = join(folder, 'rates.json')
  await writeFile(rates, '{}')
  const data = join(folder, 'data')
  const server = await startServer(data, ['--rates-file', rates, '--workers', '1'])
  t.after(() => server.stop('SIGTERM'))
  const throttled = async (): Promise<boolean> => {
    const body = '{}'
    const target = 'ACMPrivateCA.ListCertificateAuthorities'
    const credentials = readCredentials(join(data, 'credentials'))
    const { url } = server
    const sendRequest = async (): Promise<string> => {
      const date = new Date()
      const headers = signedHeaders({ url, target, body, region: 'eu-west-1', credentials, date })
      return (await fetch(url, { method: 'POST', headers, body })).text()
    }
    const texts = [await sendRequest(), await sendRequest(), await sendRequest()]
    return texts.some((text) => text.includes('Rate exceeded'))
  }
  assert.equal(await throttled(), false)
  await writeFile(rates, '{"ListCertificateAuthorities": 0.001}')
  assert.equal(await throttled(), false, 'the file is not read before SIGHUP')
  server.child.kill('SIGHUP')
  await eventually(async () => ((await throttled()) ? true : undefined), 'the new rate')
  await writeFile(rates, '{"Nothing": 1}')
  server.child.kill('SIGHUP')
  await eventually(
    async () => /Nothing is not an operation/.test(server.stderr()) || undefined,
    'the error about the file',
  )
  assert.equal(await throttled(), true)
  await writeFile(rates, '{}')
  server.child.kill('SIGHUP')
  await eventually(async () => ((await throttled()) ? undefined : true), 'no rate limit')
})
