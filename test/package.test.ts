/** Tests of the package, installed by npm in an empty project: programs that use the package, and its type declarations. */
import assert from 'node:assert/strict'
import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify, stripVTControlCharacters } from 'node:util'
import { blocks, isForProject } from './support/embedded-docs.ts'
import { blocksOf } from './support/guides/blocks.ts'
import { ownBinary, PackageProject, packageJson } from './support/installed-package.ts'
import { installNode } from './support/other-node.ts'
import { clientAlone, commonjs, esm, newerSdk, typed } from './support/package-programs.ts'
import { readCredentials } from './support/service.ts'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '..')

/** Returns the checkout's Git status, or undefined outside a Git repository. */
function gitStatus(): string | undefined {
  try {
    return execFileSync('git', ['status', '--porcelain'], { cwd: root, encoding: 'utf8' })
  } catch {
    return undefined
  }
}

let project: PackageProject
let statusBefore: string | undefined
before(async () => {
  statusBefore = gitStatus()
  project = await PackageProject.create()
})
after(() => project.remove())

test('npm pack does not change the checkout', () => {
  assert.equal(gitStatus(), statusBefore)
})

test('the package has no script that npm reports when it installs the tarball', () => {
  const { scripts } = packageJson
  const reported = ['preinstall', 'install', 'postinstall', 'prepare']
  assert.deepEqual(
    reported.filter((name) => name in scripts),
    [],
  )
})

test('the type declarations can be built without the optional packages', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'signet-declarations-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const sources = ['src', 'client', 'embedded', 'package.json']
  for (const name of [...sources, 'tsconfig.json', 'tsconfig.build.json'])
    cpSync(join(root, name), join(folder, name), { recursive: true })
  linkRequiredPackages(join(folder, 'node_modules'))
  const flags = ['-p', 'tsconfig.build.json', '--emitDeclarationOnly', '--outDir', 'declarations']
  await run(ownBinary('tsc'), flags, { cwd: folder }).catch((error: { stdout: string }) =>
    assert.fail(error.stdout),
  )
  const declarations = readdirSync(join(folder, 'declarations'))
  assert.deepEqual(declarations.toSorted(), ['client', 'embedded', 'src'])
})

/** Creates a node_modules folder with links to the checkout's packages, except the optional ones. */
function linkRequiredPackages(folder: string): void {
  const installed = join(root, 'node_modules')
  const names = readdirSync(installed).flatMap((name) =>
    name.startsWith('@')
      ? readdirSync(join(installed, name)).map((part) => `${name}/${part}`)
      : [name],
  )
  for (const name of names.filter((each) => !(each in packageJson.optionalDependencies))) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    symlinkSync(join(installed, name), join(folder, name))
  }
}

/** Development dependencies that only some tests need, installed before the first of these tests. */
const furtherPackages = ['@aws-sdk/client-sts@3.1174.0', 'vitest@5.1.1', 'jest@30.5.2']
let furtherInstallation: Promise<Error | undefined> | undefined

async function installFurther(): Promise<Error | undefined> {
  return (furtherInstallation ??= project.install('--save-dev', ...furtherPackages))
}

/** Runs the package's `signet serve` while `work` uses the server's API. */
async function withServer(work: (url: string, data: string) => Promise<void>): Promise<void> {
  const data = join(project.folder, 'data')
  const listeners = ['--listen', '127.0.0.1:0', '--public-listen', '127.0.0.1:0']
  const flags = ['--data', data, '--workers', '1', ...listeners]
  const server = spawn(join(project.path, 'node_modules/.bin/signet'), ['serve', ...flags], {
    cwd: project.path,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(server, 'exit')
  try {
    let greeting = ''
    for await (const chunk of server.stdout.setEncoding('utf8')) {
      greeting += String(chunk)
      if (/http:\S+\s/.test(greeting)) break
    }
    const [url = ''] = /http:[^\s'"]+/.exec(greeting) ?? []
    await work(url, data)
  } finally {
    server.kill('SIGTERM')
  }
  assert.deepEqual(await ended, [0, null])
}

/** Runs the programs for both module systems on a version of Node.js. */
async function useFromBoth(node: string): Promise<void> {
  const expected = `${packageJson.version} true true`
  assert.equal(await project.output(node, [await project.write('esm.mjs', esm)]), expected)
  const file = await project.write('commonjs.cjs', commonjs)
  assert.equal(await project.output(node, [file]), '0 true true')
}

describe('in an empty project', () => {
  test('npx signet --version prints the version', async (t) => {
    if (!project.isReady(t)) return
    const version = await project.output('npx', ['--no-install', 'signet', '--version'])
    assert.equal(version, packageJson.version)
  })

  test('the SBOM of the package lists no SDK of an AWS service except KMS and S3', async (t) => {
    if (!project.isReady(t)) return
    const file = join(project.path, 'node_modules/signet-ca/dist/sbom.json')
    const { components } = JSON.parse(readFileSync(file, 'utf8')) as {
      readonly components: readonly { readonly name: string }[]
    }
    const sdks = components
      .map(({ name }) => name)
      .filter((name) => name.startsWith('@aws-sdk/client-'))
    assert.deepEqual(sdks.toSorted(), ['@aws-sdk/client-kms', '@aws-sdk/client-s3'])
  })

  test('signet serve responds to requests, and serves the console', async (t) => {
    if (!project.isReady(t)) return
    await withServer(async (url) => {
      const answer = await fetch(`${url}/healthz`)
      assert.deepEqual([answer.status, await answer.json()], [200, { status: 'ok' }])
      const page = await (await fetch(`${url}/console/`)).text()
      const [, script = ''] = /src="\.\/([^"]+)"/.exec(page) ?? []
      assert.equal((await fetch(`${url}/console/${script}`)).status, 200)
    })
  })

  test('both libraries can be imported and required', async (t) => {
    if (!project.isReady(t)) return
    await useFromBoth(process.execPath)
  })

  test('both libraries run on Node.js 24', async (t) => {
    if (!project.isReady(t)) return
    const node = await installNode(t, project.folder, 24)
    if (node === undefined) return
    assert.match(await project.output(node, ['--version']), /^v24\./)
    await useFromBoth(node)
    const bin = join(project.path, 'node_modules/signet-ca/bin/signet.js')
    assert.equal(await project.output(node, [bin, '--version']), packageJson.version)
  })

  for (const major of [20, 22] as const)
    test(`the client runs on Node.js ${major}, and the embedded CA reports the required version`, async (t) => {
      if (!project.isReady(t)) return
      const node = await installNode(t, project.folder, major)
      if (node === undefined) return
      const file = await project.write('client.cjs', clientAlone)
      await withServer(async (url, data) => {
        const { accessKeyId, secretAccessKey } = readCredentials(join(data, 'credentials'))
        const text = await project.output(node, [file, url, accessKeyId, secretAccessKey])
        assert.equal(text, '-----BEGIN PRIVATE KEY----- -----BEGIN CERTIFICATE----- true')
      })
      const message = new RegExp(
        `^signet-ca/embedded needs Node.js 24 or newer; this is ${major}\\.`,
      )
      for (const load of [
        "import('signet-ca/embedded')",
        "run(() => require('signet-ca/embedded'))",
      ]) {
        const program = `const run = async (load) => load()\n${load}.catch(({ message }) => console.log(message))`
        const loading = await project.write('load.cjs', program)
        assert.match(await project.output(node, [loading]), message)
      }
    })
})

describe('type declarations', () => {
  for (const [version, module, moduleResolution, file] of [
    [7, 'nodenext', 'nodenext', 'typed.mts'],
    [7, 'nodenext', 'nodenext', 'typed.cts'],
    [7, 'preserve', 'bundler', 'typed.ts'],
    [5, 'node16', 'node16', 'typed.cts'],
    [5, 'commonjs', 'node10', 'typed.ts'],
  ] as const)
    test(`TypeScript ${version} accepts ${file} with module ${module}, ${moduleResolution}`, async (t) => {
      if (!project.isReady(t)) return
      const path = await project.write(file, typed)
      const flags = ['--module', module, '--moduleResolution', moduleResolution]
      await project.compile(path, { version, flags })
    })

  test('TypeScript accepts the program in the README', async (t) => {
    if (!project.isReady(t)) return
    const readme = blocksOf(readFileSync(join(root, 'README.md'), 'utf8'))
    const program = readme.find(({ text }) => text.includes("'signet-ca/client'"))
    const path = await project.write('readme.mts', program?.text ?? '')
    await project.compile(path, {
      flags: ['--module', 'nodenext', '--moduleResolution', 'nodenext'],
    })
  })

  test('each library has one declaration file per module system, without references to other packages', async (t) => {
    if (!project.isReady(t)) return
    for (const library of ['client', 'embedded'])
      for (const extension of ['d.ts', 'd.cts']) {
        const file = `node_modules/signet-ca/dist/${library}/index.${extension}`
        const text = readFileSync(join(project.path, file), 'utf8')
        const imports = [...text.matchAll(/^import .* from '([^']+)'|import\('([^']+)'/gm)].map(
          ([, from, dynamic]) => from ?? dynamic,
        )
        const foreign = imports.filter((name = '') => !/^(node:|\.\.\/client\/)/.test(name))
        assert.deepEqual(foreign, [], file)
        assert.doesNotMatch(text, /pino|\bsrc\//)
      }
  })

  test('attw finds no problem', async () => {
    const { stdout } = await run(ownBinary('attw'), ['--format', 'json', project.tarball])
    const { problems } = JSON.parse(stdout) as { readonly problems?: object }
    assert.deepEqual(problems ?? {}, {})
  })

  test('publint finds no problem', async () => {
    const { stdout } = await run(ownBinary('publint'), ['--strict', project.tarball])
    // If CI is set, the output is coloured.
    assert.match(stripVTControlCharacters(stdout), /All good!\s*$/)
  })

  test('a client of a newer AWS SDK accepts the request handler of an embedded CA', async (t) => {
    if (!project.isReady(t, await installFurther())) return
    const file = await project.write('newer.mts', newerSdk)
    await project.compile(file, {
      flags: ['--module', 'nodenext', '--moduleResolution', 'nodenext'],
    })
    assert.equal(await project.output(process.execPath, [file]), 'true AccessDenied 0')
  })
})

/** The code blocks in docs/embedded.md that need a project. */
describe('docs/embedded.md, in the project', () => {
  const blockWith = (text: string): string =>
    blocks.filter(isForProject).find(({ code }) => code.includes(text))?.code ?? ''

  test('the documented commands install the tarball', () => {
    assert.match(blockWith('npm pack'), /^npm ci && npm pack\n/m)
    assert.match(blockWith('npm install'), new RegExp(`signet-ca-${packageJson.version}\\.tgz\n`))
  })

  test('the documented vitest test passes', async (t) => {
    if (!project.isReady(t, await installFurther())) return
    await project.write('vitest/embedded.test.js', blockWith("from 'vitest'"))
    const report = join(project.path, 'vitest.json')
    const flags = ['--reporter=json', `--outputFile=${report}`, '--dir', 'vitest']
    await project.output('npx', ['--no-install', 'vitest', 'run', ...flags])
    assert.deepEqual(resultsOf(report), [1, 1])
  })

  test('the documented Jest test passes', async (t) => {
    if (!project.isReady(t, await installFurther())) return
    await project.write('jest/embedded.test.js', blockWith('require('))
    const report = join(project.path, 'jest.json')
    const flags = ['--json', `--outputFile=${report}`, '--rootDir', 'jest']
    await project.output('npx', ['--no-install', 'jest', ...flags])
    assert.deepEqual(resultsOf(report), [1, 1])
  })

  test('the documented revocation program prints its output, because threads find their files', async (t) => {
    if (!project.isReady(t)) return
    const { code = '' } = blocks.find((block) => block.code.includes('revokeCertificate')) ?? {}
    const file = await project.write('revocation.mjs', code)
    const text = await project.output(process.execPath, [file])
    assert.equal(text, 'application/pkix-crl\n200')
  })
})

/** Returns the numbers of passed tests and of all tests from a vitest or Jest report. */
function resultsOf(report: string): unknown[] {
  const result = JSON.parse(readFileSync(report, 'utf8')) as Record<string, unknown>
  return [result['numPassedTests'], result['numTotalTests']]
}
