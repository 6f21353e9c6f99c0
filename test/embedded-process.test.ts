/** The CA in a process: what it leaves of the process and of its folder, and what a server finds there. */
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, utimesSync } from 'node:fs'
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { createClient } from '../client/index.ts'
import { openEmbedded } from '../embedded/index.ts'
import { command, startServer } from './support/process.ts'

const entry = new URL('../embedded/index.ts', import.meta.url).href

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signet-embedded-test-'))
})
after(() => rm(folder, { recursive: true, force: true }))

/** What a program prints that is given `openEmbedded`, and ends by itself. */
async function printed(program: string, before_ = ''): Promise<string> {
  const code = `${before_}\nconst { openEmbedded } = await import('${entry}')\n${program}`
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', code],
    { timeout: 30_000 },
  )
  return stdout.trim()
}

const makeRoot = `await ca.client.createHierarchy({
  root: { subject: { CommonName: 'Root' } },
  issuing: { subject: { CommonName: 'Issuing' } },
})`

test('a process that has opened and closed ends by itself, with nothing left in it', async () => {
  const text = await printed(`
    const ca = await openEmbedded()
    ${makeRoot}
    await ca.close()
    await new Promise((resolve) => setTimeout(resolve, 50))
    const { existsSync } = await import('node:fs')
    // Its standard output and error are pipes of this test.
    const left = process.getActiveResourcesInfo().filter((name) => name !== 'PipeWrap')
    console.log(left, process.listenerCount('exit'), existsSync(ca.dataDirectory))
  `)
  assert.equal(text, '[] 0 false')
})

test('a folder is opened by a program that is given as text, too', async () => {
  // Its threads must not take its flags for their own.
  const text = await printed(`
    const ca = await openEmbedded({ data: '${join(folder, 'text')}' })
    ${makeRoot}
    await ca.close()
    console.log('closed')
  `)
  assert.equal(text, 'closed')
})

test('a process that forgets to close leaves no folder', async () => {
  const directory = await printed(`
    const ca = await openEmbedded()
    console.log(ca.dataDirectory)
    process.exit()
  `)
  assert.match(directory, /signet-embedded-/)
  assert.ok(!existsSync(directory))
})

test('what a process that was killed has left goes with the next one, and what is in use stays', async () => {
  const code = `const { openEmbedded } = await import('${entry}')
    console.log((await openEmbedded()).dataDirectory)`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer]
  const directory = chunk.toString().trim()
  const setAge = (seconds: number): void => {
    const at = Date.now() / 1000 - seconds
    utimesSync(directory, at, at)
  }
  setAge(3600)
  await (await openEmbedded()).close()
  assert.ok(existsSync(directory), 'in use')
  child.kill('SIGKILL')
  await ended
  setAge(1)
  await (await openEmbedded()).close()
  assert.ok(existsSync(directory), 'looks as if it were just made')
  setAge(3600)
  await (await openEmbedded()).close()
  assert.ok(!existsSync(directory))
})

test('an embedded CA loads neither server, drivers nor SDKs of other services', async () => {
  const hook = `
    import { registerHooks } from 'node:module'
    const loaded = new Set()
    registerHooks({ load(url, context, next) {
      loaded.add(/.*node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(url)?.[1])
      return next(url, context)
    } })`
  const program = `
    const ca = await openEmbedded()
    ${makeRoot}
    await ca.fetchPublic('/ocsp')
    await ca.close()
    console.log([...loaded].join(' '))`
  const loaded = (await printed(program, hook)).split(' ')
  assert.ok(loaded.includes('@smithy/core'))
  for (const name of ['pg', 'prom-client', 'jose', 'commander'])
    assert.ok(!loaded.includes(name), name)
  assert.deepEqual(
    loaded.filter((name) => name.startsWith('@aws-sdk/client-')),
    [],
  )
})

test('lines of the log go to standard error when they are asked for', async () => {
  const code = `const { openEmbedded } = await import('${entry}')
    const ca = await openEmbedded({ logLevel: 'info' })
    await ca.client.listCertificateAuthorities({})
    await ca.close()`
  const flags = ['--input-type=module', '--eval', code]
  const { stdout, stderr } = await promisify(execFile)(process.execPath, flags)
  const lines = stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  assert.equal(stdout, '')
  assert.deepEqual(
    lines.map(({ operation }) => operation),
    ['ListCertificateAuthorities'],
  )
})

test('a folder is a server’s too, one after the other', async () => {
  const data = join(folder, 'shared')
  await using ca = await openEmbedded({ data, accountId: '111122223333' })
  assert.equal(ca.dataDirectory, data)
  const { root } = await ca.client.createHierarchy({
    root: { subject: { CommonName: 'Root' } },
    issuing: { subject: { CommonName: 'Issuing' } },
  })
  const refused = await command(['serve', '--data', data, '--listen', '127.0.0.1:0'])
  assert.equal(refused.code, 2)
  assert.match(refused.stderr, /owns the data folder/)
  const { credentials } = ca
  await ca.close()

  const server = await startServer(data)
  try {
    const client = createClient({ region: 'us-east-1', endpoint: server.url, credentials })
    const asked = { CertificateAuthorityArn: root.arn }
    const { CertificateAuthority } = await client.describeCertificateAuthority(asked)
    assert.equal(CertificateAuthority?.Status, 'ACTIVE')
    client.close()
    await assert.rejects(openEmbedded({ data }), {
      name: 'ConfigurationError',
      message: `another signet serve owns the data folder ${data}`,
    })
  } finally {
    assert.equal(await server.stop('SIGTERM'), 0)
  }
  await using again = await openEmbedded({ data })
  assert.deepEqual(again.credentials, credentials)
  assert.equal(again.accountId, '111122223333')
  await assert.rejects(openEmbedded({ data }), /owns the data folder/)
  assert.equal(
    (await again.client.listCertificateAuthorities({})).CertificateAuthorities?.length,
    2,
  )
})

test('without the file of the first start, credentials have to be given', async () => {
  const data = join(folder, 'moved')
  const first = await openEmbedded({ data })
  const { credentials } = first
  await first.close()
  const path = join(data, 'credentials')
  const text = readFileSync(path, 'utf8')
  await rm(path)
  await assert.rejects(openEmbedded({ data }), /cannot be read.*access-key create/)
  await writeFile(path, text.replace('[default]', '[other]'))
  await assert.rejects(openEmbedded({ data }), /no access key in a section \[default\]/)
  await appendFile(path, '[default]\naws_access_key_id=A\n')
  await assert.rejects(openEmbedded({ data }), /no access key in a section \[default\]/)
  await using ca = await openEmbedded({ data, credentials })
  assert.deepEqual((await ca.client.listCertificateAuthorities({})).CertificateAuthorities, [])
})

test('a folder of other things is no data folder', async () => {
  const data = await mkdtemp(join(folder, 'other-'))
  await writeFile(join(data, 'thesis.txt'), 'mine')
  await assert.rejects(openEmbedded({ data }), /contains other files, such as thesis\.txt/)
})
