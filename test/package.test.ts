/** The package as npm gives it to others: installed into an empty project, and used there. */
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, describe, test, type TestContext } from 'node:test'
import { promisify, stripVTControlCharacters } from 'node:util'
import { blocks, isForProject } from './support/embedded-docs.ts'
import { installNode24 } from './support/node-24.ts'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '..')
const ownBinary = (name: string): string => join(root, 'node_modules/.bin', name)
const packageJson = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly version: string
  readonly devDependencies: Readonly<Record<string, string>>
}
const typesOfNode = `@types/node@${packageJson.devDependencies['@types/node']}`
const minutes = 60_000

let folder: string
let project: string
let tarball: string
/** Why there is no project; undefined if there is one. */
let missing: Error | undefined

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signet-package-'))
  project = join(folder, 'project')
  await mkdir(project)
  await writeFile(join(project, 'package.json'), '{ "private": true }\n')
  const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', folder], {
    cwd: root,
    timeout: 2 * minutes,
  })
  tarball = join(folder, stdout.trim().split('\n').at(-1) ?? '')
  missing = await install(tarball, typesOfNode)
})

after(() => rm(folder, { recursive: true, force: true }))

/** Into the project; the reason if that cannot be done. */
async function install(...packages: readonly string[]): Promise<Error | undefined> {
  const flags = ['--prefer-offline', '--no-audit', '--no-fund']
  try {
    await run('npm', ['install', ...flags, ...packages], { cwd: project, timeout: 4 * minutes })
    return undefined
  } catch (error) {
    return error as Error
  }
}

/** Whether the test can go on: without a registry there is no project. */
function hasProject(t: TestContext, reason: Error | undefined = missing): boolean {
  if (reason === undefined) return true
  const message = `NOT TESTED: the package cannot be installed here: ${reason.message}`
  if (process.env['CI'] !== undefined) throw new Error(message, { cause: reason })
  console.error(message)
  t.skip(message)
  return false
}

async function write(name: string, text: string): Promise<string> {
  const path = join(project, name)
  await writeFile(path, text)
  return path
}

/** What a program in the project prints. */
async function printed(command: string, args: readonly string[]): Promise<string> {
  const { stdout } = await run(command, [...args], { cwd: project, timeout: minutes })
  return stdout.trim()
}

/** Checks the types of a program in the project, and of what it imports. */
async function accepts(file: string, modules: readonly string[]): Promise<void> {
  const flags = ['--ignoreConfig', '--strict', '--noEmit', '--exactOptionalPropertyTypes']
  const target = ['--target', 'es2024', '--lib', 'es2024,esnext.disposable', '--types', 'node']
  const args = [...flags, ...modules, ...target, file]
  await printed(ownBinary('tsc'), args).catch((error: { stdout: string }) =>
    assert.fail(error.stdout),
  )
}

const esm = `
import { createClient } from 'signet-ca/client'
import { openEmbedded } from 'signet-ca/embedded'
import packageJson from 'signet-ca/package.json' with { type: 'json' }

const ca = await openEmbedded()
const other = createClient({
  region: ca.region,
  endpoint: ca.endpoint,
  credentials: ca.credentials,
  requestHandler: ca.requestHandler,
})
const { root, issuing } = await other.createHierarchy({
  root: { subject: { CommonName: 'Root' } },
  issuing: { subject: { CommonName: 'Issuing' } },
})
const issued = await ca.client.issue({ ca: issuing.arn, names: ['a.example'], validity: { days: 1 } })
await ca.close()
console.log(packageJson.version, root.arn !== issuing.arn, issued.certificate.startsWith('-----BEGIN'))
`

const commonjs = `
const { createClient } = require('signet-ca/client')
const { openEmbedded } = require('signet-ca/embedded')

async function main() {
  const ca = await openEmbedded()
  const { CertificateAuthorities } = await ca.client.listCertificateAuthorities({})
  await ca.close()
  const { createClient: same } = await import('signet-ca/client')
  console.log(CertificateAuthorities.length, same === createClient)
}
void main()
`

const typed = `
import { createClient, type Client, type Issued } from 'signet-ca/client'
import { openEmbedded, type EmbeddedCa, type EmbeddedOptions } from 'signet-ca/embedded'

const options: EmbeddedOptions = { data: ':memory:', quotas: { tagsPerAuthority: 3 } }

export async function issueOne(authorityArn: string): Promise<Issued> {
  await using ca: EmbeddedCa = await openEmbedded(options)
  const client: Client = createClient({
    region: ca.region,
    endpoint: ca.endpoint,
    credentials: ca.credentials,
    requestHandler: ca.requestHandler,
  })
  const { CertificateAuthority } = await client.describeCertificateAuthority({
    CertificateAuthorityArn: authorityArn,
  })
  const status: string | undefined = CertificateAuthority?.Status
  // @ts-expect-error -- a member that there is not
  await client.describeCertificateAuthority({ Arn: status })
  const crl: Response = await ca.fetchPublic(ca.publicUrl)
  return client.issue({ ca: authorityArn, names: [crl.url], validity: { days: 1 } })
}
`

const vitest = 'vitest@5.1.1'
/** Years newer than the client of AWS Private CA that is in the package. */
const newerClient = '@aws-sdk/client-sts@3.1174.0'

const newer = `
import { STSClient, AssumeRoleCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import { openEmbedded } from 'signet-ca/embedded'

await using ca = await openEmbedded()
const { region, endpoint, credentials, requestHandler, accountId } = ca
const sts = new STSClient({ region, endpoint, credentials, requestHandler })
const { Account } = await sts.send(new GetCallerIdentityCommand({}))
const RoleArn = \`arn:aws:iam::\${accountId}:role/none\`
const refusal = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'one' })).catch((error: Error) => error.name)
console.log(Account === accountId, refusal)
`

/** The program of each module system, on that Node.js. */
async function useFromBoth(node: string): Promise<void> {
  const expected = `${packageJson.version} true true`
  assert.equal(await printed(node, [await write('esm.mjs', esm)]), expected)
  assert.equal(await printed(node, [await write('commonjs.cjs', commonjs)]), '0 true')
}

describe('in an empty project', () => {
  test('npx signet says its version', async (t) => {
    if (!hasProject(t)) return
    assert.equal(await printed('npx', ['--no-install', 'signet', '--version']), packageJson.version)
  })

  test('the package has its SBOM, and none of its dependencies is the SDK of one AWS service but S3', async (t) => {
    if (!hasProject(t)) return
    const file = join(project, 'node_modules/signet-ca/dist/sbom.json')
    const { components } = JSON.parse(readFileSync(file, 'utf8')) as {
      readonly components: readonly { readonly name: string }[]
    }
    const names = components.map(({ name }) => name)
    assert.deepEqual(
      names.filter((name) => name.startsWith('@aws-sdk/client-')),
      ['@aws-sdk/client-s3'],
    )
  })

  test('signet serves there, from what was built', async (t) => {
    if (!hasProject(t)) return
    const flags = ['--data', 'data', '--listen', '127.0.0.1:0', '--public-listen', '127.0.0.1:0']
    const server = spawn(join(project, 'node_modules/.bin/signet'), ['serve', ...flags], {
      cwd: project,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = once(server, 'exit')
    try {
      let greeting = ''
      for await (const chunk of server.stdout.setEncoding('utf8')) {
        greeting += String(chunk)
        if (greeting.includes('--endpoint-url')) break
      }
      const [url = ''] = /http:\S+/.exec(greeting) ?? []
      const answer = await fetch(`${url}/healthz`)
      assert.deepEqual([answer.status, await answer.json()], [200, { status: 'ok' }])
    } finally {
      server.kill('SIGTERM')
    }
    assert.deepEqual(await ended, [0, null])
  })

  test('both entry points are imported and required', async (t) => {
    if (!hasProject(t)) return
    await useFromBoth(process.execPath)
  })

  test('and with Node.js 24, the oldest that is supported', async (t) => {
    if (!hasProject(t)) return
    const node = await installNode24(t, folder)
    if (node === undefined) return
    assert.match(await printed(node, ['--version']), /^v24\./)
    await useFromBoth(node)
    const bin = join(project, 'node_modules/signet-ca/bin/signet.js')
    assert.equal(await printed(node, [bin, '--version']), packageJson.version)
  })

  for (const [module, moduleResolution, name] of [
    ['nodenext', 'nodenext', 'typed.mts'],
    ['nodenext', 'nodenext', 'typed.cts'],
    ['preserve', 'bundler', 'typed.ts'],
  ] as const)
    test(`tsc --strict accepts ${name} with module ${module}, ${moduleResolution}`, async (t) => {
      if (!hasProject(t)) return
      const file = await write(name, typed)
      await accepts(file, ['--module', module, '--moduleResolution', moduleResolution])
    })
})

/** Blocks of docs/embedded.md that need a project. */
describe('docs/embedded.md, in the project', () => {
  const [installing, testing] = blocks.filter(isForProject)

  test('what it says to install is what was installed', () => {
    assert.equal(installing?.code, 'npm install --save-dev signet-ca\n')
  })

  test('its test for vitest passes', async (t) => {
    if (!hasProject(t, missing ?? (await install('--save-dev', vitest)))) return
    await write('embedded.test.js', testing?.code ?? '')
    const output = join(project, 'vitest.json')
    const flags = ['--reporter=json', `--outputFile=${output}`]
    await printed('npx', ['--no-install', 'vitest', 'run', ...flags])
    const result = JSON.parse(readFileSync(output, 'utf8')) as Record<string, unknown>
    const { numPassedTests, numTotalTests } = result
    assert.deepEqual([numPassedTests, numTotalTests], [1, 1])
  })

  test('what it says of revocation holds there: threads find their files', async (t) => {
    if (!hasProject(t)) return
    const { code = '' } = blocks.find((block) => block.code.includes('revokeCertificate')) ?? {}
    const text = await printed(process.execPath, [await write('revocation.mjs', code)])
    assert.equal(text, 'application/pkix-crl\n200')
  })

  test('a client of a much newer AWS SDK takes the handler', async (t) => {
    if (!hasProject(t, missing ?? (await install(newerClient)))) return
    const file = await write('newer.mts', newer)
    await accepts(file, ['--module', 'nodenext', '--moduleResolution', 'nodenext'])
    const text = await printed(process.execPath, [file])
    assert.equal(text, 'true AccessDenied')
  })
})

describe('judges of packages', () => {
  test('are the types wrong? No', async () => {
    const { stdout } = await run(ownBinary('attw'), ['--format', 'json', tarball])
    const { problems } = JSON.parse(stdout) as { readonly problems?: object }
    assert.deepEqual(problems ?? {}, {})
  })

  test('publint has nothing to say', async () => {
    const { stdout } = await run(ownBinary('publint'), ['--strict', tarball])
    // Where CI is set it colours what it says.
    assert.match(stripVTControlCharacters(stdout), /All good!\s*$/)
  })
})
