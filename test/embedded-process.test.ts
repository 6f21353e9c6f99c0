/** Tests of the embedded CA and its process: process exit, data folders, and servers on the same folder. */
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

/** Runs a program that calls `openEmbedded`, and returns the program's output after it has exited. */
async function outputOf(program: string, preamble = ''): Promise<string> {
  const code = `${preamble}\nconst { openEmbedded } = await import('${entry}')\n${program}`
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', code],
    { timeout: 30_000 },
  )
  return stdout.trim()
}

const createHierarchy = `await ca.client.createHierarchy({
  root: { subject: { CommonName: 'Root' } },
  issuing: { subject: { CommonName: 'Issuing' } },
})`

test('a process that has closed its CA has no active resources, listeners or files', async () => {
  const text = await outputOf(`
    const ca = await openEmbedded()
    ${createHierarchy}
    await ca.close()
    await new Promise((resolve) => setTimeout(resolve, 50))
    const { existsSync } = await import('node:fs')
    // The program's standard output and standard error are pipes.
    const active = process.getActiveResourcesInfo().filter((name) => name !== 'PipeWrap')
    console.log(active, process.listenerCount('exit'), existsSync(ca.dataDirectory))
  `)
  assert.equal(text, '[] 0 false')
})

test('a program on the command line can open a data folder', async () => {
  // The program's flags must not apply to its threads.
  const text = await outputOf(`
    const ca = await openEmbedded({ data: '${join(folder, 'text')}' })
    ${createHierarchy}
    await ca.close()
    console.log('closed')
  `)
  assert.equal(text, 'closed')
})

for (const data of ['memory', 'folder'])
  test(`a process that does not close its CA in a ${data} exits, and loses no acknowledged write`, async () => {
    const directory = join(folder, 'forgotten')
    const options = data === 'memory' ? '' : `{ data: '${directory}' }`
    const arn = await outputOf(`
      const ca = await openEmbedded(${options})
      const { issuing } = await ${createHierarchy}
      const { arn } = await ca.client.issue({ ca: 'Issuing', names: ['a'], validity: { days: 1 } })
      console.log(arn)`)
    if (data === 'memory') return
    await using ca = await openEmbedded({ data: directory })
    const CertificateAuthorityArn = arn.split('/certificate/')[0] ?? ''
    await ca.client.getCertificate({ CertificateAuthorityArn, CertificateArn: arn })
  })

test('a process that exits without close leaves no folder', async () => {
  const directory = await outputOf(`
    const ca = await openEmbedded()
    console.log(ca.dataDirectory)
    process.exit()
  `)
  assert.match(directory, /signet-embedded-/)
  assert.ok(!existsSync(directory))
})

test('closing a CA removes the folders of killed processes, but no folder in use', async () => {
  const code = `const { openEmbedded } = await import('${entry}')
    console.log((await openEmbedded()).dataDirectory)
    process.stdin.resume()`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer]
  const directory = chunk.toString().trim()
  const setAge = (seconds: number): void => {
    const time = Date.now() / 1000 - seconds
    utimesSync(directory, time, time)
  }
  setAge(3600)
  await (await openEmbedded()).close()
  assert.ok(existsSync(directory), 'the folder is in use')
  child.kill('SIGKILL')
  await ended
  setAge(1)
  await (await openEmbedded()).close()
  assert.ok(existsSync(directory), 'the folder seems to be new')
  setAge(3600)
  await (await openEmbedded()).close()
  assert.ok(!existsSync(directory))
})

test('an embedded CA loads no server, no database drivers and no SDKs of other services', async () => {
  const hook = `
    import { registerHooks } from 'node:module'
    const loaded = new Set()
    registerHooks({ load(url, context, next) {
      loaded.add(/.*node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(url)?.[1])
      return next(url, context)
    } })`
  const program = `
    const ca = await openEmbedded()
    ${createHierarchy}
    await ca.fetchPublic('/ocsp')
    await ca.close()
    console.log([...loaded].join(' '))`
  const loaded = (await outputOf(program, hook)).split(' ')
  assert.ok(loaded.includes('@smithy/core'))
  for (const name of ['pg', 'prom-client', 'jose', 'commander'])
    assert.ok(!loaded.includes(name), name)
  assert.deepEqual(
    loaded.filter((name) => name.startsWith('@aws-sdk/client-')),
    [],
  )
})

test('log messages go to standard error if logLevel is set', async () => {
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

test('a server and an embedded CA can use the same data folder, one after the other', async () => {
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
    const input = { CertificateAuthorityArn: root.arn }
    const { CertificateAuthority } = await client.describeCertificateAuthority(input)
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

test('without the credentials file of the data folder, the credentials option is required', async () => {
  const data = join(folder, 'moved')
  const first = await openEmbedded({ data })
  const { credentials } = first
  await first.close()
  const path = join(data, 'credentials')
  const text = readFileSync(path, 'utf8')
  await rm(path)
  await assert.rejects(openEmbedded({ data }), /cannot be read.*access-key create/)
  await writeFile(path, text.replace('[default]', '[other]'))
  await assert.rejects(openEmbedded({ data }), /no access key in its \[default\] section/)
  await appendFile(path, '[default]\naws_access_key_id=A\n')
  await assert.rejects(openEmbedded({ data }), /no access key in its \[default\] section/)
  await using ca = await openEmbedded({ data, credentials })
  assert.deepEqual((await ca.client.listCertificateAuthorities({})).CertificateAuthorities, [])
})

test('a folder with other files is not accepted as a data folder', async () => {
  const data = await mkdtemp(join(folder, 'other-'))
  await writeFile(join(data, 'thesis.txt'), 'mine')
  await assert.rejects(openEmbedded({ data }), /contains other files, such as thesis\.txt/)
})
