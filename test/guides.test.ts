/**
 * Runs every code block of every guide in docs/guides, in the role of a reader who has completed the quick start. Each guide has
 * its own folder, and all guides use the same server. A code block that is not run is preceded by a comment with the reason:
 * `<!-- not run: … -->`. YAML code blocks are always parsed.
 */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { chmod, cp, symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { after, before, suite, test, type TestContext } from 'node:test'
import { parseAllDocuments } from 'yaml'
import { tool } from './support/foreign-tools.ts'
import { blocksOf, type Block } from './support/guides/blocks.ts'
import { kubernetesProblems } from './support/guides/manifests.ts'
import {
  openWorld,
  runBlocks,
  startGuideServer,
  writeShim,
  type GuideServer,
  type GuideWorld,
} from './support/guides/run.ts'
import type { Members } from './support/service.ts'

const root = resolve(import.meta.dirname, '..')
const folder = join(root, 'docs', 'guides')
const guides = [...globSync('*.md', { cwd: folder }), '../install/kubernetes.md'].sort()
const textOf = (guide: string): string => readFileSync(join(folder, guide), 'utf8')

/** A guide's requirements, and the steps that its test runs before and after the guide's commands. */
interface Requirements {
  /** Commands that the guide requires but that are not available on every system. */
  readonly tools: readonly string[]
  /** Returns the reason if the guide cannot run on this machine. */
  readonly missing?: () => string | undefined
  /** Runs before the first code block, and returns additional environment variables. */
  readonly prepare?: (world: GuideWorld) => Promise<NodeJS.ProcessEnv>
  readonly check?: (world: GuideWorld) => Promise<void>
}

const requirements: Readonly<Record<string, Requirements>> = {
  'ack.md': { tools: ['aws'] },
  'acme-clients.md': {
    tools: ['openssl', 'certbot', 'lego', 'dehydrated', 'uacme', 'unshare'],
    prepare: trustListener,
  },
  'acme-servers.md': { tools: ['caddy'] },
  'aws-cli.md': { tools: ['aws', 'openssl'] },
  'boto3.md': { tools: ['python3', 'openssl'] },
  'cert-manager.md': { tools: ['aws'] },
  'cert-manager-acme.md': { tools: [] },
  'envoy.md': { tools: ['openssl', 'curl'] },
  'from-aws-private-ca.md': { tools: ['aws', 'openssl'], prepare: simulateAws },
  'from-moto-and-localstack.md': { tools: ['python3', 'pytest'] },
  'haproxy.md': { tools: ['openssl', 'curl', 'haproxy'] },
  'java.md': { tools: ['openssl', 'keytool'] },
  '../install/kubernetes.md': {
    tools: ['helm', 'openssl'],
    prepare: linkDeploy,
    check: checkObjects,
  },
  'monitoring.md': { tools: ['curl', 'promtool'], prepare: linkDeploy },
  'nginx.md': { tools: ['openssl', 'curl', 'nginx'] },
  'postgresql-server.md': { tools: ['initdb', 'pg_ctl', 'psql'], prepare: runPostgresAsNobody },
  'production.md': { tools: ['openssl', 'curl', 'age-keygen'] },
  'renewal.md': { tools: ['openssl'] },
  'spire.md': { tools: ['aws', 'openssl'] },
  'terraform.md': {
    tools: ['terraform', 'openssl'],
    prepare: configureProvider,
    missing: missingProvider,
  },
}

/** Arguments with which a command exits successfully if it is installed. */
const probes: Readonly<Record<string, readonly string[]>> = {
  caddy: ['version'],
  haproxy: ['-v'],
  helm: ['version'],
  nginx: ['-v'],
  openssl: ['version'],
  terraform: ['version'],
  unshare: ['--mount', '--map-root-user', 'true'],
}

/**
 * Simulates AWS with another Region on the same server. The simulated AWS has a root CA and receives calls without an endpoint.
 */
async function simulateAws(world: GuideWorld): Promise<NodeJS.ProcessEnv> {
  const paths = (process.env['PATH'] ?? '').split(':').map((path) => join(path, 'aws'))
  const real = globSync(paths)[0] ?? 'aws'
  const line = `case " $* " in *" --endpoint-url "*) exec ${real} "$@";; *) exec ${real} --endpoint-url ${world.server.url} --region us-east-1 "$@";; esac`
  await writeShim(world.folder, 'aws', line)
  const text = `
    export AWS_SHARED_CREDENTIALS_FILE="$PWD/data/credentials" AWS_DEFAULT_OUTPUT=text
    CA=$(aws acm-pca create-certificate-authority --certificate-authority-type ROOT \
      --certificate-authority-configuration \
      'KeyAlgorithm=RSA_2048,SigningAlgorithm=SHA256WITHRSA,Subject={CommonName=AWS Root}' --query CertificateAuthorityArn)
    aws acm-pca wait certificate-authority-csr-created --certificate-authority-arn "$CA"
    aws acm-pca get-certificate-authority-csr --certificate-authority-arn "$CA" --query Csr > aws.csr
    CERTIFICATE=$(aws acm-pca issue-certificate --certificate-authority-arn "$CA" --csr fileb://aws.csr \
      --signing-algorithm SHA256WITHRSA --template-arn arn:aws:acm-pca:::template/RootCACertificate/V1 \
      --validity Value=10,Type=YEARS --query CertificateArn)
    aws acm-pca get-certificate --certificate-authority-arn "$CA" --certificate-arn "$CERTIFICATE" \
      --query Certificate > aws.pem
    aws acm-pca import-certificate-authority-certificate --certificate-authority-arn "$CA" --certificate fileb://aws.pem
    echo "$CA" > aws-root`
  const ran = await runBlocks(world, [shellBlock(text)])
  assert.equal(ran.code, 0, ran.text)
  return { AWS_ROOT: readFileSync(join(world.folder, 'aws-root'), 'utf8').trim() }
}

/**
 * Makes uacme trust the listener's root certificate. uacme trusts only the system's certificates, so the root certificate is
 * mounted over them.
 */
async function trustListener({ folder: home }: GuideWorld): Promise<NodeJS.ProcessEnv> {
  const bundle = '/etc/ssl/certs/ca-certificates.crt'
  const inside = `mount --bind "$PWD/listener-root.pem" ${bundle} && PATH=\${PATH#*:} exec uacme "$@"`
  const line = `exec unshare --mount --map-root-user bash -c '${inside}' uacme "$@"`
  await writeShim(home, 'uacme', line)
  return {}
}

/** If the test runs as root, PostgreSQL's commands run as another user, because they refuse to run as root. */
async function runPostgresAsNobody({ folder: home }: GuideWorld): Promise<NodeJS.ProcessEnv> {
  if (process.getuid?.() !== 0) return {}
  await chmod(home, 0o711)
  for (const name of ['initdb', 'pg_ctl']) {
    const own = `mkdir -p pg && touch pg.log && chown -R nobody pg pg.log`
    const real = `PATH=\${PATH#*:} exec setpriv --reuid=nobody --clear-groups ${name} "$@"`
    await writeShim(home, name, `${own}\n${real}`)
  }
  return {}
}

/** Links the checkout's `deploy` folder into the reader's folder. */
async function linkDeploy({ folder: home }: GuideWorld): Promise<NodeJS.ProcessEnv> {
  await symlink(join(root, 'deploy'), join(home, 'deploy'))
  return {}
}

const mirror = process.env['TERRAFORM_PROVIDER_MIRROR']

function missingProvider(): string | undefined {
  return mirror === undefined
    ? 'TERRAFORM_PROVIDER_MIRROR is not set to a folder with the provider'
    : undefined
}

async function configureProvider({ folder: home }: GuideWorld): Promise<NodeJS.ProcessEnv> {
  const settings = `provider_installation {\n  filesystem_mirror {\n    path = "${mirror}"\n  }\n}\n`
  await writeFile(join(home, 'terraform.rc'), settings)
  return { TF_CLI_CONFIG_FILE: join(home, 'terraform.rc'), CHECKPOINT_DISABLE: '1' }
}

async function checkObjects({ folder: home }: GuideWorld): Promise<void> {
  const files = globSync('*-objects.yaml', { cwd: home })
  assert.equal(files.length, 3)
  for (const file of files)
    assert.equal(await kubernetesProblems(objectsOf(readFileSync(join(home, file), 'utf8'))), '')
}

function objectsOf(yaml: string): Members[] {
  const documents = parseAllDocuments(yaml, { uniqueKeys: true })
  for (const { errors } of documents) assert.deepEqual(errors, [])
  return documents.map((document): Members => document.toJS()).filter((object) => object !== null)
}

/**
 * Skips the test with a message if a requirement is missing. In CI, the test fails instead, unless the requirement is optional.
 */
async function hasRequirements(t: TestContext, { tools, missing }: Requirements): Promise<boolean> {
  const reason = missing?.()
  if (reason !== undefined) {
    console.error(`NOT TESTED: ${reason}`)
    t.skip(reason)
    return false
  }
  for (const name of tools) {
    const probe = probes[name] ?? ['--version']
    // A container may lack mount namespaces.
    const optional = missing !== undefined || name === 'unshare'
    if ((await tool(t, name, { probe, optional })) === undefined) return false
  }
  return true
}

test('every expected guide exists, and all guides are short', () => {
  for (const name of Object.keys(requirements)) assert.ok(guides.includes(name), name)
  for (const guide of guides)
    assert.ok(textOf(guide).split('\n').length <= 150, `${guide} is short`)
})

test('a block that is not run states the reason', () => {
  const marked = blocksOf('`a.yaml`:\n\n<!-- not run: no cluster exists -->\n```yaml\na: 1\n```\n')
  const reason = 'no cluster exists'
  assert.deepEqual(marked, [
    { line: 5, language: 'yaml', file: 'a.yaml', notRun: reason, text: 'a: 1\n' },
  ])
  for (const guide of guides) {
    const blocks = blocksOf(textOf(guide))
    const runnable = blocks.filter(({ notRun }) => notRun === undefined)
    if (runnable.length > 0)
      assert.ok(requirements[guide], `${guide} is in the table of guides to run`)
    for (const block of runnable) assertUsed(guide, block, runnable)
  }
})

/** Checks that a code block is a command, or a file that another block uses. */
function assertUsed(
  guide: string,
  { file, language, line }: Block,
  runnable: readonly Block[],
): void {
  const position = `${guide}, line ${line}`
  if (file === undefined)
    return assert.equal(
      language,
      'sh',
      `${position}: only sh blocks are run; mark other blocks as not run`,
    )
  // Terraform reads every .tf file, and Python imports a module by its name.
  const name = language === 'hcl' ? 'terraform' : file.replace(/\.py$/, '')
  const used = runnable.some((other) => other.line !== line && other.text.includes(name))
  assert.ok(used, `${position}: no block uses ${file}`)
}

test('all YAML is valid, and every field of Kubernetes objects exists', async () => {
  const objects: Members[] = []
  for (const guide of guides)
    for (const { language, text } of blocksOf(textOf(guide)))
      if (language === 'yaml')
        objects.push(...objectsOf(text).filter(({ apiVersion }) => apiVersion !== undefined))
  assert.ok(objects.length >= 2)
  assert.equal(await kubernetesProblems(objects), '')
})

/** Files that `signet issue --out tls` writes. */
const issuedFiles = ['tls/key.pem', 'tls/cert.pem', 'tls/fullchain.pem', 'tls/ca.pem']

test('the Envoy guide creates every file that its configuration refers to', () => {
  const blocks = blocksOf(textOf('envoy.md'))
  const yaml = blocks.filter(({ language }) => language === 'yaml')
  const paths = yaml.flatMap(({ text }) => text.match(/\/etc\/envoy\/[\w./-]+/g) ?? [])
  assert.ok(paths.length >= 6)
  for (const path of paths) {
    const name = path.replace('/etc/envoy/', '')
    const isCreated = blocks.some(({ language, file, text }) =>
      language === 'sh'
        ? text.includes(name) || (text.includes('--out envoy/tls') && issuedFiles.includes(name))
        : file === name,
    )
    assert.ok(isCreated, path)
  }
  const secrets = yaml.flatMap(({ text }) =>
    objectsOf(text).flatMap(({ resources = [] }) => resources),
  )
  const [listener] = objectsOf(yaml[0]?.text ?? '')[0].static_resources.listeners
  const tls = listener.filter_chains[0].transport_socket.typed_config.common_tls_context
  const references = [
    ...tls.tls_certificate_sds_secret_configs,
    tls.validation_context_sds_secret_config,
  ].map(({ name }: Members) => name as string)
  assert.deepEqual(secrets.map(({ name }: Members) => name as string).sort(), references.sort())
})

/** Names that a guide creates and that cannot be created twice: hierarchies, buckets and folders of certificates. */
function createdNames(guide: string): string[] {
  const commands = blocksOf(textOf(guide))
    .map(({ text }) => text.replaceAll('\\\n', ' '))
    .join('')
  const patterns = {
    'init-hierarchy': /signet init-hierarchy .*--name "?([\w ]+?)"? --/g,
    'bucket create': /signet bucket create (\S+)/g,
    issue: /signet issue .*--out (\S+)/g,
  }
  return Object.entries(patterns).flatMap(([command, pattern]) =>
    [...commands.matchAll(pattern)].map(([, name = '']) => `${command} ${name}`),
  )
}

test('no two guides create the same hierarchy, bucket or folder, so that a reader can follow several guides', () => {
  const creators = new Map([
    ['init-hierarchy Example', 'the quick start'],
    ['issue tls', 'the quick start'],
  ])
  for (const guide of guides)
    for (const name of createdNames(guide)) {
      assert.equal(creators.get(name), undefined, `${guide}: ${name}`)
      creators.set(name, guide)
    }
  assert.ok(creators.has('init-hierarchy Example Envoy') && creators.has('issue envoy/tls'))
})

let shared: GuideServer
before(async () => {
  shared = await startGuideServer()
  const world = await openWorld(shared)
  const commands = 'signet init-hierarchy --out root.pem\nsignet issue --name localhost --out tls\n'
  const ran = await runBlocks(world, [shellBlock(commands)])
  assert.equal(ran.code, 0, ran.text)
  for (const name of quickStartFiles) await copy(name, world.folder, shared.folder)
  await world.close()
})
after(() => shared.close())

/** Files that the quick start creates. */
const quickStartFiles = ['root.pem', 'tls'] as const

async function copy(name: string, from: string, to: string): Promise<void> {
  await cp(join(from, name), join(to, name), { recursive: true })
}

function shellBlock(text: string): Block {
  return { line: 0, language: 'sh', file: undefined, notRun: undefined, text }
}

/** A reader's folder, which contains the files from the quick start. */
async function openReader(): Promise<GuideWorld> {
  const world = await openWorld(shared)
  for (const name of quickStartFiles) await copy(name, shared.folder, world.folder)
  return world
}

/** Checks that a guide's code blocks have not changed the files from the quick start. */
function withCheck(blocks: readonly Block[]): readonly Block[] {
  const lines = quickStartFiles.map((name) => `diff -r ${name} '${join(shared.folder, name)}'\n`)
  return [...blocks, shellBlock(lines.join(''))]
}

// The suite takes minutes, but each page has the usual timeout.
suite('the commands of every guide run after the quick start', { timeout: 840_000 }, () => {
  for (const [guide, required] of Object.entries(requirements))
    test(guide, async (t) => {
      if (!(await hasRequirements(t, required))) return
      const blocks = blocksOf(textOf(guide)).filter(({ notRun }) => notRun === undefined)
      const world = await openReader()
      try {
        const environment = await required.prepare?.(world)
        const { code, text } = await runBlocks(world, withCheck(blocks), environment)
        assert.equal(code, 0, text)
        await required.check?.(world)
      } finally {
        await world.close()
      }
    })
})

test('a guide ends at a command that fails, and at a command that should fail but succeeds', async () => {
  const world = await openWorld(shared)
  try {
    const block = (text: string): Block => ({
      line: 7,
      language: 'sh',
      file: undefined,
      notRun: undefined,
      text,
    })
    for (const text of ['false\n', '! true\n', 'cat none | cat\n', 'echo $none\n']) {
      const ran = await runBlocks(world, [block('true\n'), block(text), block('touch reached\n')])
      assert.notEqual(ran.code, 0, text)
      assert.deepEqual(globSync('reached', { cwd: world.folder }), [])
    }
    const succeeded = await runBlocks(world, [block('! false\n'), block('touch reached\n')])
    assert.deepEqual([succeeded.code, globSync('reached', { cwd: world.folder })], [0, ['reached']])
  } finally {
    await world.close()
  }
})
