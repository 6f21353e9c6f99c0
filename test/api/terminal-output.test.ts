/** Tests that commands escape control characters in certificates, responses, file names and arguments before printing them. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { openCallLog } from '../../src/call-log/open-call-log.ts'
import { encodeElement, encodeSequence } from '../../src/x509/der/writer.ts'
import { oids } from '../../src/x509/der/oid.ts'
import { craft, named, pemOf } from '../support/crafted-certificates.ts'
import { createRoot, issueInput } from '../support/hierarchy.ts'
import { csr } from '../support/csrs.ts'
import { command, type Outcome } from '../support/process.ts'
import { searchable } from '../support/search.ts'
import { TestService } from '../support/service.ts'

/** Text that clears the screen (with C0 and C1 controls), reverses the text after it, and starts a new line. */
const hostile = 'x\u001B[2J\u009B2J\u202Ey\u2066\u200B\u2028\r\nsignet: all is well'
/** Hostile text in an IA5String, the type of names in a subjectAltName. */
const hostileIa5 = 'x\u001B[2J\u007Fy\r\nsignet: all is well'

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signet-terminal-'))
  await writeFile(join(folder, 'credentials'), 'aws_access_key_id = A\naws_secret_access_key = S\n')
})
after(() => rm(folder, { recursive: true }))

function requireHarmless({ stdout, stderr }: Outcome): void {
  for (const stream of [stdout, stderr]) {
    assert.doesNotMatch(stream, /[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}]/u)
    assert.doesNotMatch(stream, /^signet: all is well/m)
  }
}

async function withServer(
  list: { readonly status: number; readonly body: object },
  work: (flags: readonly string[]) => Promise<void>,
): Promise<void> {
  const server: Server = createServer((request, response) => {
    const isStatus = request.url === '/healthz' || request.url === '/metrics'
    response.writeHead(isStatus ? 200 : list.status, {
      'content-type': 'application/x-amz-json-1.1',
    })
    response.end(
      isStatus ? `signet_build_info{version="${hostile}"} 1\n` : JSON.stringify(list.body),
    )
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  try {
    await work(['--endpoint', `http://127.0.0.1:${port}`, '--data', folder])
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

const authority = (number: number): object => ({
  Arn: `arn:aws:acm-pca:eu-central-1:123456789012:certificate-authority/${number}`,
  Type: 'SUBORDINATE',
  Status: 'ACTIVE',
  CertificateAuthorityConfiguration: { KeyAlgorithm: hostile, Subject: { CommonName: hostile } },
})

test('names of CAs are escaped in tables, in JSON and in the choices of an error', async () => {
  const body = { CertificateAuthorities: [authority(1), authority(2)] }
  await withServer({ status: 200, body }, async (flags) => {
    const table = await command(['status', ...flags])
    requireHarmless(table)
    assert.match(table.stdout, /x\\u\{1b\}\[2J\\u\{9b\}2J\\u\{202e\}y/)
    const json = await command(['status', ...flags, '--output', 'json'])
    requireHarmless(json)
    assert.equal(JSON.parse(json.stdout).Authorities[0].Name, hostile)
    const choice = await command([
      'issue',
      ...flags,
      '--name',
      'a.test',
      '--out',
      join(folder, 'o'),
    ])
    requireHarmless(choice)
    assert.match(choice.stderr, /signet: 2 ACTIVE subordinate CAs exist.*\nsignet: {3}x\\u\{1b\}/)
  })
})

test('error messages from a server cannot control the terminal', async () => {
  const body = { __type: 'ValidationException', message: hostile }
  await withServer({ status: 400, body }, async (flags) => {
    for (const name of ['status', 'init-hierarchy'])
      requireHarmless(await command([name, ...flags]))
    const renewed = join(folder, 'renewed')
    await mkdir(renewed)
    const metadata = {
      version: 1,
      arn: hostile,
      certificateAuthorityArn: 'arn:x',
      serialNumber: '01',
      certificateAuthorityName: hostile,
      notBefore: '2026-01-01',
      notAfter: '2026-03-01',
      names: [hostile],
      keyAlgorithm: hostile,
      template: null,
      validity: '30d',
      endpoint: flags[1],
      region: 'eu-central-1',
    }
    await writeFile(join(renewed, 'metadata.json'), JSON.stringify(metadata))
    for (const output of ['table', 'json']) {
      const outcome = await command(['renew', renewed, ...flags, '--output', output])
      requireHarmless(outcome)
      assert.match(outcome.stdout, /keys of algorithm x\\/)
    }
  })
})

test('signet inspect escapes certificate content, file names and PEM labels', async () => {
  const withNames = (...names: Uint8Array[]): ReturnType<typeof craft> =>
    craft({
      subject: named(hostile),
      extensions: [
        { oid: oids.subjectAltName, critical: false, value: encodeSequence(...names) },
        { oid: '1.3.6.1.4.1.99999.1', critical: false, value: Buffer.from(hostile) },
      ],
    })
  const ia5 = Buffer.from(hostileIa5, 'latin1')
  const file = join(folder, 'hostile.pem')
  await writeFile(
    file,
    pemOf(
      withNames(encodeElement(0xa4, named(hostile))),
      // Names that Signet's encoders refuse to write.
      withNames(...[0x81, 0x82, 0x86].map((tag) => encodeElement(tag, ia5))),
    ),
  )
  const table = await command(['inspect', file])
  requireHarmless(table)
  assert.match(table.stdout, /subject +CN=x\\u\{1b\}\[2J/)
  const json = await command(['inspect', file, '--output', 'json'])
  requireHarmless(json)
  assert.ok(json.stdout.includes(String.raw`\u009b2J\u202ey`))
  const [first] = JSON.parse(json.stdout).Objects
  assert.deepEqual([first.Subject, first.Names], [`CN=${hostile}`, [`DirName:CN=${hostile}`]])
  const label = join(folder, 'label.pem')
  await writeFile(label, '-----BEGIN \u001B[2J-----\nMAA=\n-----END \u001B[2J-----\n')
  for (const source of [label, join(folder, hostile)]) {
    const refused = await command(['inspect', source])
    assert.equal(refused.code, 1)
    requireHarmless(refused)
  }
})

test('usage errors escape the arguments that they quote', async () => {
  for (const args of [
    [`--${hostile}`],
    ['inspect', `--${hostile}`, 'x'],
    ['status', '--output', hostile],
    ['user', 'create', '--tag', hostile, 'x', '--data', join(folder, 'none')],
    ['serve', `--${hostile}`],
    ['certificates', 'list', '--serial', hostile],
    [hostile],
  ]) {
    const outcome = await command(args)
    assert.notEqual(outcome.code, 0)
    requireHarmless(outcome)
  }
})

test('signet certificates list escapes names in tables, JSON and CSV', async () => {
  const service = await TestService.start({ lint: 'off' })
  try {
    const root = await createRoot(service)
    await service.must(
      'IssueCertificate',
      issueInput(root.arn, csr('ec-server'), {
        template: 'EndEntityCertificate_APIPassthrough',
        more: {
          ApiPassthrough: {
            Subject: { CommonName: hostile.slice(0, 20) },
            Extensions: {
              SubjectAlternativeNames: [{ Rfc822Name: '=cmd@x' }],
            },
          },
        },
      }),
    )
    await searchable(service)
    const list = [
      'certificates',
      'list',
      '--endpoint',
      service.url,
      '--data',
      service.config.dataDirectory,
      '--region',
      'eu-west-1',
      '--output',
    ]
    for (const output of ['table', 'json', 'csv']) {
      const outcome = await command([...list, output])
      assert.equal(outcome.code, 0, outcome.stderr)
      requireHarmless(outcome)
      assert.match(outcome.stdout, /cmd@x/)
    }
    const { stdout } = await command([...list, 'csv'])
    assert.match(stdout, /CN=x\\u\{1b\}.*,"'=cmd@x",/s)
  } finally {
    await service.close()
  }
})

test('log lines and call log records contain no raw control characters', async () => {
  const lines: string[] = []
  const log = createLog('info', { write: (line) => void lines.push(line) })
  log.info({ userAgent: hostile, err: new Error(hostile) }, hostile)
  const path = join(folder, 'calls.log')
  const calls = await openCallLog({ file: path, syslog: undefined }, log, systemClock)
  calls.write({ userAgent: hostile })
  await calls.close()
  for (const line of [...lines, await readFile(path, 'utf8')]) {
    assert.match(line, /^[^\n]+\n$/)
    requireHarmless({ code: 0, stdout: line, stderr: '' })
    assert.equal((JSON.parse(line) as { userAgent: string }).userAgent, hostile)
  }
  assert.equal(lines.length, 1)
})
