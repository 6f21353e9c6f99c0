/** Tests of the built package in another project: its files, its exports, and its types under strict compiler options. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '../../..')
const tsc = join(root, 'node_modules/.bin/tsc')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly dependencies: Readonly<Record<string, string>>
}

let project: string
let installed: string
before(async () => {
  project = await mkdtemp(join(tmpdir(), 'signet-package-'))
  installed = join(project, 'node_modules/signet-ca')
  mkdirSync(installed, { recursive: true })
  const build = ['-p', join(root, 'tsconfig.build.json'), '--outDir', join(installed, 'dist')]
  await run(tsc, build, { timeout: 120_000 })
  cpSync(join(root, 'package.json'), join(installed, 'package.json'))
  // Only the dependencies that npm installs with the package are available.
  for (const name of [...Object.keys(manifest.dependencies), '@types/node', 'undici-types']) {
    const link = join(project, 'node_modules', name)
    mkdirSync(join(link, '..'), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), link)
  }
  writeFileSync(join(project, 'package.json'), '{ "type": "module", "private": true }')
})
after(() => rm(project, { recursive: true }))

const program = `
import { createClient, ClientError, HierarchyError, type Client, type IssuedCertificate } from 'signet-ca/client'

const credentials = { accessKeyId: 'a', secretAccessKey: 'b' }
const client: Client = createClient({ region: 'eu-west-1', endpoint: 'http://127.0.0.1:1', credentials })

export async function use(ca: string): Promise<IssuedCertificate> {
  const of = { CertificateAuthorityArn: ca }
  const pages = client.getPaginator('listTags').paginate({ ...of, PaginationConfig: { MaxItems: 2 } })
  for await (const page of pages) for (const { Key } of page.Tags ?? []) console.log(Key satisfies string | undefined)
  const all = await client.getPaginator('listCertificateAuthorities').paginate().buildFullResult()
  console.log(all.CertificateAuthorities[0]?.CreatedAt?.getTime(), all.NextToken, pages.resumeToken)
  try {
    const Validity = { Value: 1, Type: 'DAYS' } as const
    await client.issueCertificate({ ...of, Csr: 'PEM', SigningAlgorithm: 'SHA256WITHRSA', Validity })
    // @ts-expect-error Csr is missing
    await client.issueCertificate({ ...of, SigningAlgorithm: 'SHA256WITHRSA', Validity })
    // @ts-expect-error a CSR has its own names
    await client.issue({ ca, csr: 'PEM', names: ['a'], validity: { days: 1 } })
  } catch (error) {
    if (error instanceof client.exceptions.LimitExceededException)
      console.log(error.code satisfies 'LimitExceededException', error.response.Error.Message)
    else if (error instanceof ClientError) console.log(error.requestId)
    else if (error instanceof HierarchyError) console.log(error.role satisfies 'root' | 'issuing')
  }
  const { Certificate } = await client.getWaiter('certificateIssued').wait({ ...of, CertificateArn: 'arn' })
  console.log(Certificate satisfies string | undefined)
  // @ts-expect-error no such waiter
  client.getWaiter('certificateRevoked')
  // @ts-expect-error the operation has no pages
  client.getPaginator('getPolicy')
  await client.generatePresignedUrl('listTags', of, { expiresIn: 60 })
  return client.issue({ ca, names: ['a.example'], validity: { until: new Date() } })
}

console.log(client.canPaginate('listTags'))
client.close()
`

for (const moduleKind of ['nodenext', 'preserve'])
  test(`tsc --strict compiles a program with --module ${moduleKind}, and the program runs`, async () => {
    writeFileSync(join(project, 'use.ts'), program)
    const options = [
      '--strict',
      '--exactOptionalPropertyTypes',
      '--target',
      'es2023',
      '--types',
      'node',
    ]
    const args = [...options, '--module', moduleKind, '--skipLibCheck', 'false', 'use.ts']
    await run(tsc, args, { cwd: project, timeout: 120_000 }).catch((error: { stdout: string }) =>
      assert.fail(error.stdout),
    )
    const { stdout } = await run(process.execPath, ['use.js'], { cwd: project, timeout: 20_000 })
    assert.equal(stdout, 'true\n')
  })

test('client and server share their X.509 code, and the package contains no tests', () => {
  assert.ok(existsSync(join(installed, 'dist/src/x509/certification-request.js')))
  assert.ok(existsSync(join(installed, 'dist/src/main.js')))
  assert.ok(!existsSync(join(installed, 'dist/client/issue.test.js')))
  assert.ok(!existsSync(join(installed, 'dist/x509')))
})
