/** Tests of tables and suggested commands on a terminal with 80 columns. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { TestService } from '../support/service.ts'
import { onTerminal, wideLines } from '../support/terminal.ts'
import type { Outcome } from '../support/process.ts'

let service: TestService
let folder: string
before(async () => {
  service = await TestService.start()
  folder = await mkdtemp(join(tmpdir(), 'signet-narrow-'))
})
after(async () => {
  await service.close()
  await rm(folder, { recursive: true })
})

const data = (): readonly string[] => ['--data', service.config.dataDirectory]
const onServer = (...args: string[]): Promise<Outcome> =>
  onTerminal([...args, '--endpoint', service.url, ...data()], { AWS_REGION: 'eu-west-1' })

test('access-key list shows the key, the owner and the last use', async () => {
  const created = await onTerminal(['access-key', 'create', '--user', 'ci-renewal', ...data()])
  assert.equal(created.code, 0, created.stderr)
  const { stdout } = await onTerminal(['access-key', 'list', ...data()])
  assert.deepEqual(wideLines(stdout), [])
  assert.match(stdout, /^ACCESS KEY ID +OWNER +STATUS +CREATED +LAST USED$/m)
  assert.match(stdout, /^AKIA\w{16} +ci-renewal +Active +\d{4}-\d\d-\d\d +never$/m)
})

test('suggested commands have the flags that select the server and its data', async () => {
  const bucket = await onTerminal(['bucket', 'create', 'my-crls', ...data()])
  const created = await onServer(
    'init-hierarchy',
    '--name',
    'Example Corp',
    '--crl-bucket',
    'my-crls',
  )
  assert.equal(created.code, 0, created.stderr)
  const [, dataFolder] = data()
  assert.ok(
    bucket.stderr.includes(`signet init-hierarchy --crl-bucket my-crls --data ${dataFolder}\n`),
    bucket.stderr,
  )
  assert.ok(
    created.stderr.includes(`signet status --endpoint ${service.url} --data ${dataFolder}\n`),
    created.stderr,
  )
})

test('revoke shows serial numbers in place of ARNs, and problems below their rows', async () => {
  const tls = join(folder, 'tls')
  const { code, stderr } = await onServer('issue', '--name', 'a.test', '--out', tls)
  assert.equal(code, 0, stderr)
  assert.match(stderr, /^ {2}signet inspect \S+fullchain\.pem$/m)
  const { arn } = JSON.parse(await readFile(join(tls, 'metadata.json'), 'utf8'))
  const other = `${arn.split('/certificate/')[0]}/certificate/00ff`
  const list = join(folder, 'list')
  await writeFile(list, `${arn}\n${other}\n`)
  const revoked = await onServer('revoke', '--from', list)
  assert.equal(revoked.code, 1)
  assert.match(revoked.stdout, new RegExp(`^${arn.split('/').at(-1)} +revoked$`, 'm'))
  assert.match(revoked.stdout, /^00ff +failed\n {2}\w/m)
  assert.deepEqual(wideLines(revoked.stdout), [])
  assert.doesNotMatch(revoked.stderr, /Revoking 1 of 2.*\n/)
  const again = await onServer('revoke', tls)
  assert.match(again.stderr, new RegExp(`^ {2}signet renew ${tls} --endpoint`, 'm'))
})

test('status shows the names of CAs with CRLs and the age of each CRL', async () => {
  await service.runJob('publish-crls')
  const { stdout } = await onServer('status')
  assert.deepEqual(wideLines(stdout), [])
  assert.match(stdout, /^Example Corp Root CA +ACTIVE /m)
  assert.match(stdout, /^└─ Example Corp Issuing CA +ACTIVE +\d{4}-\d\d-\d\d +\d+s old /m)
})

test('status in a Region without CAs shows that the server has CAs elsewhere', async () => {
  const { stdout, stderr } = await onServer('status', '--region', 'us-east-1')
  assert.match(
    stdout,
    /^ +account +no CAs in us-east-1; the server has 2 CAs in other Regions or\n +accounts$/m,
  )
  assert.doesNotMatch(stderr, /Next:/)
})

test('a Region that the server does not serve is named, with the flags that change it', async () => {
  const { code, stderr } = await onServer('status', '--region', 'nowhere')
  assert.equal(code, 2)
  assert.match(
    stderr,
    /^signet: the server does not serve the Region nowhere: .* --region, or add /,
  )
  assert.doesNotMatch(stderr, /access key/)
  assert.ok(stderr.length < 160, stderr)
})

test('suggested commands start with the name by which the program was called', async () => {
  const environment = { AWS_REGION: 'eu-west-1', SIGNET_CALLED_AS: './signet' }
  const args = ['issue', '--name', 'b.test', '--out', join(folder, 'b'), '--endpoint', service.url]
  const { stderr } = await onTerminal([...args, ...data()], environment)
  assert.match(stderr, /^Next:\n {2}\.\/signet inspect \S+\/fullchain\.pem$/m)
  const config = await onTerminal(['check-config', '--offline'], environment)
  assert.equal(config.code, 0, config.stderr)
  const unknown = await onTerminal(['frobnicate'], environment)
  assert.match(unknown.stderr, /^signet: .*; list the commands with: \.\/signet --help$/m)
})

test('a disabled root is shown by a repeated init-hierarchy, and cannot issue', async () => {
  const disabled = await onServer('ca', 'disable', 'Example Corp Root CA')
  assert.doesNotMatch(disabled.stderr, /ca delete/)
  const repeated = await onServer('init-hierarchy', '--name', 'Example Corp')
  assert.equal(repeated.code, 0, repeated.stderr)
  assert.match(repeated.stdout, /result +already exists \(DISABLED\)$/m)
  const refused = await onServer('issue', '--name', 'a.test', '--ca', 'Example Corp Root CA')
  assert.equal(refused.code, 2)
  assert.match(
    refused.stderr,
    /^signet: Example Corp Root CA \(arn:\S+\) is DISABLED; enable it with/,
  )
})

test('ca enable suggests a certificate only from a CA that is not a root', async () => {
  const root = await onServer('ca', 'enable', 'Example Corp Root CA')
  assert.match(root.stderr, /^Next:\n {2}signet ca show arn:\S+ /m)
  assert.doesNotMatch(root.stderr, /signet issue/)
  await onServer('ca', 'disable', 'Example Corp Issuing CA')
  const issuing = await onServer('ca', 'enable', 'Example Corp Issuing CA')
  assert.match(issuing.stderr, /^Next:\n {2}signet issue --ca arn:\S+ --name host\.example\.com /m)
})
