/**
 * Tests the linter with signed certificates from the lint corpus. OpenSSL, GnuTLS, pyca/cryptography and Go's crypto/x509 parse
 * the certificates. If a parser rejects or complains about a certificate, the linter must report an error, unless this file
 * contains an exemption.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { sign } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, test, type TestContext } from 'node:test'
import * as fc from 'fast-check'
import { lintTbsCertificate } from '../../src/lint/lint.ts'
import { encodeCertificate, encodeTbsCertificate } from '../../src/x509/certificate.ts'
import { issuerKeys, lintCorpus, lintIssuer } from '../support/lint-corpus.ts'
import { clients, outcome, tool } from '../support/foreign-tools.ts'

interface LintedCase {
  readonly title: string
  readonly der: Uint8Array
  /** Rules that the linter reports as errors. */
  readonly errors: readonly string[]
  /** Rules that the linter reports as warnings. */
  readonly warnings: readonly string[]
}

const cases: readonly LintedCase[] = lintCorpus.map(({ title, fields }) => {
  const tbs = encodeTbsCertificate(fields)
  const signature = sign('sha256', tbs, issuerKeys.privateKey)
  const findings = lintTbsCertificate(tbs, lintIssuer)
  const rulesWith = (level: string): string[] =>
    findings.filter(({ severity }) => severity === level).map(({ name }) => name)
  return {
    title,
    der: encodeCertificate(tbs, fields.signatureAlgorithm, signature),
    errors: rulesWith('error'),
    warnings: rulesWith('warning'),
  }
})

/** A complaint for which the linter reports no error, with the reason. */
interface Exemption {
  readonly complaint: RegExp
  readonly title: RegExp
  readonly reason: string
}

/** A parser's complaints about the cases, in order; undefined for a case without a complaint. */
type Complaints = readonly (string | undefined)[]

function assertCovered(complaints: Complaints, exemptions: readonly Exemption[]): void {
  assert.equal(complaints.length, cases.length)
  const used = new Set<Exemption>()
  const uncovered = cases.flatMap(({ title, errors, warnings }, index) => {
    const complaint = complaints[index]
    if (complaint === undefined || errors.length > 0) return []
    const exemption = exemptions.find(
      (each) => each.complaint.test(complaint) && each.title.test(title),
    )
    if (exemption !== undefined) used.add(exemption)
    return exemption === undefined ? [`${title} [${warnings.join(', ')}]: ${complaint}`] : []
  })
  assert.deepEqual(uncovered, [])
  const unused = exemptions.filter((each) => !used.has(each)).map(({ reason }) => reason)
  assert.deepEqual(unused, [], 'unused exemptions')
  // If there are no complaints at all, the parser has probably not parsed the certificates.
  const seen = complaints.filter((complaint) => complaint !== undefined).length
  assert.ok(seen > 10, `the parser complains about ${seen} certificates`)
}

const withX520Type = /^subject: a (?:unique identifier|postal address)$/
const ediPartyName = {
  complaint: /EDIPartyName|ASN1 parser: Error in DER parsing/,
  title: /^an ediPartyName$/,
  reason:
    'the API of AWS has EdiPartyName, and RFC 5280 defines this encoding; other software ignores it',
}
const largeIdentifier: Exemption = {
  complaint:
    /invalid attribute type|invalid extended key usages|malformed extension|InvalidValue|OID|Error in DER parsing/i,
  title:
    /^subject: an attribute type with a 32-bit arc|^a key purpose with a 32-bit arc|^an extension whose OID contains a UUID|^a policy OID of 70/,
  reason: 'such object identifiers are valid; object-identifier-size warns',
}
const goExemptions: readonly Exemption[] = [
  largeIdentifier,
  {
    complaint: /unsupported string type: (?:3|48)$/,
    title: withX520Type,
    reason: 'X.520 defines these attributes with this type; name-string-type warns',
  },
]
const pycaExemptions: readonly Exemption[] = [
  { complaint: /^KeyError: 48/, title: withX520Type, reason: 'the same as for Go' },
  ediPartyName,
  largeIdentifier,
  {
    complaint: /can only be true when key_agreement is true/,
    title: /^decipherOnly alone$/,
    reason:
      'RFC 5280 leaves the meaning undefined, and the API of AWS allows it; key-usage-agreement warns',
  },
]

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signet-lint-judges-'))
})
after(() => rm(folder, { recursive: true }))

const base64Of = ({ der }: LintedCase): string => Buffer.from(der).toString('base64')

async function outputOf(
  command: string,
  args: readonly string[],
  { input, env = process.env }: { readonly input: string; readonly env?: NodeJS.ProcessEnv },
): Promise<string> {
  const child = spawn(command, args, { env })
  const exited = once(child, 'close')
  const stdout = text(child.stdout)
  const stderr = text(child.stderr)
  child.stdin.end(input)
  const [code] = (await exited) as [number]
  if (code !== 0) throw new Error(`${command} exited with ${code}: ${await stderr}`)
  return stdout
}

async function readWithGo(
  t: TestContext,
  all: readonly LintedCase[],
): Promise<Complaints | undefined> {
  if ((await tool(t, 'go', { probe: ['version'] })) === undefined) return undefined
  const program = join(import.meta.dirname, 'lint_judge.go')
  const env = { PATH: process.env['PATH'], GO111MODULE: 'off', GOCACHE: join(folder, 'go') }
  const input = `${all.map(base64Of).join('\n')}\n`
  const output = await outputOf('go', ['run', program], { input, env })
  const complaints = output.split('\n').slice(0, -1)
  return complaints.map((complaint) => (complaint === '' ? undefined : complaint))
}

async function readWithPyca(
  t: TestContext,
  all: readonly LintedCase[],
  { command, optional }: { readonly command: string; readonly optional: boolean },
): Promise<Complaints | undefined> {
  const probe = ['-c', 'import cryptography']
  if ((await tool(t, command, { probe, optional })) === undefined) return undefined
  const program = join(import.meta.dirname, 'lint_judge.py')
  const input = JSON.stringify(all.map(base64Of))
  const output = JSON.parse(await outputOf(command, [program], { input })) as (string | null)[]
  return output.map((complaint) => complaint ?? undefined)
}

test("the lint reports an error for every certificate that Go's crypto/x509 rejects", async (t) => {
  const complaints = await readWithGo(t, cases)
  if (complaints !== undefined) assertCovered(complaints, goExemptions)
})

for (const client of clients('python3'))
  test(`the lint reports an error for every certificate that pyca/cryptography in ${client.optional ? 'PATH' : 'the system'} rejects`, async (t) => {
    const complaints = await readWithPyca(t, cases, client)
    if (complaints !== undefined) assertCovered(complaints, pycaExemptions)
  })

/**
 * Permitted complaints about mutated certificates for which the linter reports no error. The exemptions in this file give the
 * reasons.
 */
const knownComplaints: readonly RegExp[] = [
  largeIdentifier.complaint,
  ediPartyName.complaint,
  /unsupported string type: (?:3|48)$/,
  /can only be true when key_agreement is true/,
  // pyca fails on X.520 attributes with a SEQUENCE. pyca also fails on unknown TLS features, although new features can be
  // registered.
  /^KeyError: [0-9]+$/,
]

const mutatedCount = 3000
const seed = Number(process.env['SIGNET_FUZZ_SEED'] ?? 20_261_129)

/** Returns certificates that have mutated bytes in a name or an extension and for which the linter reports no error. */
function mutatedCases(): readonly LintedCase[] {
  const mutation = fc.tuple(
    fc.nat({ max: 10_000 }),
    fc.constantFrom('change', 'insert', 'delete'),
    fc.nat({ max: 255 }),
  )
  const mutatedCase = fc.tuple(
    fc.nat({ max: lintCorpus.length - 1 }),
    fc.array(mutation, { minLength: 1, maxLength: 2 }),
  )
  const signature = new Uint8Array(64)
  return fc
    .sample(mutatedCase, { seed, numRuns: mutatedCount * 3 })
    .flatMap(([index, mutations]) => {
      const { title, fields } = lintCorpus[index] ?? assert.fail('no such case')
      const change = (der: Uint8Array): Uint8Array => mutations.reduce(mutate, der)
      const extensions = fields.extensions.map((extension, at) =>
        at === fields.extensions.length - 1
          ? { ...extension, value: change(extension.value) }
          : extension,
      )
      const changed = title.startsWith('subject')
        ? { ...fields, subject: change(fields.subject) }
        : { ...fields, extensions }
      const tbs = encodeTbsCertificate(changed)
      const findings = lintTbsCertificate(tbs, lintIssuer)
      if (findings.some(({ severity }) => severity === 'error')) return []
      const der = encodeCertificate(tbs, fields.signatureAlgorithm, signature)
      return [{ title, der, errors: [], warnings: findings.map(({ name }) => name) }]
    })
}

function mutate(der: Uint8Array, [at, kind, byte]: readonly [number, string, number]): Uint8Array {
  const index = at % (der.length + 1)
  const tail = der.subarray(kind === 'insert' ? index : index + 1)
  const middle = Uint8Array.from(kind === 'delete' ? [] : [byte])
  return Buffer.concat([der.subarray(0, index), middle, tail])
}

test('Go and pyca parse mutated certificates without lint errors', async (t) => {
  const mutated = mutatedCases()
  assert.ok(
    mutated.length > 300,
    `${mutated.length} mutated certificates were accepted by the lint`,
  )
  const testParser = async (name: string, read: typeof readWithGo): Promise<void> => {
    await t.test(name, async (inner) => {
      const complaints = await read(inner, mutated)
      if (complaints === undefined) return
      const surprises = mutated.flatMap(({ title, der }, index) => {
        const complaint = complaints[index]
        const isKnown =
          complaint === undefined || knownComplaints.some((each) => each.test(complaint))
        return isKnown ? [] : [`${title}: ${complaint}: ${Buffer.from(der).toString('hex')}`]
      })
      assert.deepEqual(surprises, [], `seed ${seed}`)
    })
  }
  await testParser('Go', readWithGo)
  await testParser('pyca', (inner, all) =>
    readWithPyca(inner, all, { command: '/usr/bin/python3', optional: false }),
  )
})

/**
 * Sampling interval for certificates with lint errors. The complaints about the sampled certificates show that the parser works.
 */
const sampling = 5

/**
 * Returns the complaints from a command that parses a single certificate. The command runs on every certificate without a lint
 * error and on a sample of the others. Two commands run at a time.
 */
async function complaintsAboutFiles(
  parse: (path: string) => Promise<string | undefined>,
): Promise<(string | undefined)[]> {
  const complaints = Array.from<string | undefined>({ length: cases.length })
  let next = 0
  const work = async (): Promise<void> => {
    for (let index = next++; index < cases.length; index = next++) {
      const hasError = cases[index]?.errors.length !== 0
      if (hasError && index % sampling !== 0) continue
      const path = join(folder, `${index}.der`)
      await writeFile(path, cases[index]?.der ?? new Uint8Array())
      complaints[index] = await parse(path)
    }
  }
  await Promise.all([work(), work()])
  return complaints
}

test('the lint reports an error for every certificate that OpenSSL rejects', async (t: TestContext) => {
  if ((await tool(t, 'openssl', { probe: ['version'] })) === undefined) return
  const complaints = await complaintsAboutFiles(async (path) => {
    const args = ['x509', '-inform', 'DER', '-in', path, '-noout', '-text', '-purpose']
    const { ok, text: output } = await outcome('openssl', [...args, '-certopt', 'ext_error'])
    return ok
      ? /<Parse Error>|code=-1|<INVALID>/i.exec(output)?.[0]
      : output.trim().split('\n').at(-1)
  })
  assertCovered(complaints, [])
})

test('the lint reports an error for every certificate that GnuTLS rejects', async (t: TestContext) => {
  if ((await tool(t, 'certtool')) === undefined) return
  const complaints = await complaintsAboutFiles(async (path) => {
    const { ok, text: output } = await outcome('certtool', ['-i', '--inder', '--infile', path])
    return ok ? /^.*error.*$/im.exec(output)?.[0].trim() : output.trim().split('\n').at(-1)
  })
  assertCovered(complaints, [ediPartyName, largeIdentifier])
})
