/**
 * The lint corpus as signed certificates, read by OpenSSL, GnuTLS, pyca/cryptography and Go's crypto/x509: whatever one
 * of them refuses or complains about must be an error of the lint, unless a reason is written here.
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

interface JudgedCase {
  readonly title: string
  readonly der: Uint8Array
  /** Names of the errors and of the warnings that the lint finds. */
  readonly errors: readonly string[]
  readonly warnings: readonly string[]
}

const cases: readonly JudgedCase[] = lintCorpus.map(({ title, fields }) => {
  const tbs = encodeTbsCertificate(fields)
  const signature = sign('sha256', tbs, issuerKeys.privateKey)
  const findings = lintTbsCertificate(tbs, lintIssuer)
  const named = (wanted: string): string[] =>
    findings.filter(({ severity }) => severity === wanted).map(({ name }) => name)
  return {
    title,
    der: encodeCertificate(tbs, fields.signatureAlgorithm, signature),
    errors: named('error'),
    warnings: named('warning'),
  }
})

/** A complaint that is no error of the lint, and why. */
interface Exemption {
  readonly complaint: RegExp
  readonly title: RegExp
  readonly reason: string
}

/** Complaints of a judge about each case, in order; undefined where there is none. */
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
  assert.deepEqual(unused, [], 'exemptions that nothing needs')
  // A judge that complains about nothing judges nothing.
  const seen = complaints.filter((complaint) => complaint !== undefined).length
  assert.ok(seen > 10, `it complains about ${seen} certificates`)
}

const withX520Type = /^subject: a (?:unique identifier|postal address)$/
const ediPartyName = {
  complaint: /EDIPartyName|ASN1 parser: Error in DER parsing/,
  title: /^an ediPartyName$/,
  reason: 'the API of AWS has EdiPartyName, and RFC 5280 defines it so; others ignore it',
}
const largeIdentifier: Exemption = {
  complaint:
    /invalid attribute type|invalid extended key usages|malformed extension|InvalidValue|OID|Error in DER parsing/i,
  title:
    /^subject: a type with an arc|^a usage with an arc|^an extension named by a UUID|^a policy of 70/,
  reason: 'such object identifiers are valid; object-identifier-size warns',
}
const goExemptions: readonly Exemption[] = [
  largeIdentifier,
  {
    complaint: /unsupported string type: (?:3|48)$/,
    title: withX520Type,
    reason: 'X.520 gives these attributes that type; name-string-type warns',
  },
]
const pycaExemptions: readonly Exemption[] = [
  { complaint: /^KeyError: 48/, title: withX520Type, reason: 'as for Go' },
  ediPartyName,
  largeIdentifier,
  {
    complaint: /can only be true when key_agreement is true/,
    title: /^decipherOnly alone$/,
    reason:
      'RFC 5280 leaves the meaning undefined, and the API of AWS has it; key-usage-agreement warns',
  },
]

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signet-lint-judges-'))
})
after(() => rm(folder, { recursive: true }))

const base64Of = ({ der }: JudgedCase): string => Buffer.from(der).toString('base64')

async function piped(
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
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${await stderr}`)
  return stdout
}

async function readWithGo(
  t: TestContext,
  all: readonly JudgedCase[],
): Promise<Complaints | undefined> {
  if ((await tool(t, 'go', { probe: ['version'] })) === undefined) return undefined
  const program = join(import.meta.dirname, 'lint_judge.go')
  const env = { PATH: process.env['PATH'], GO111MODULE: 'off', GOCACHE: join(folder, 'go') }
  const input = `${all.map(base64Of).join('\n')}\n`
  const output = await piped('go', ['run', program], { input, env })
  const complaints = output.split('\n').slice(0, -1)
  return complaints.map((complaint) => (complaint === '' ? undefined : complaint))
}

async function readWithPyca(
  t: TestContext,
  all: readonly JudgedCase[],
  { command, optional }: { readonly command: string; readonly optional: boolean },
): Promise<Complaints | undefined> {
  const probe = ['-c', 'import cryptography']
  if ((await tool(t, command, { probe, optional })) === undefined) return undefined
  const program = join(import.meta.dirname, 'lint_judge.py')
  const input = JSON.stringify(all.map(base64Of))
  const output = JSON.parse(await piped(command, [program], { input })) as (string | null)[]
  return output.map((complaint) => complaint ?? undefined)
}

test("Go's crypto/x509", async (t) => {
  const complaints = await readWithGo(t, cases)
  if (complaints !== undefined) assertCovered(complaints, goExemptions)
})

for (const client of clients('python3'))
  test(`pyca/cryptography of ${client.optional ? 'PATH' : 'the system'}`, async (t) => {
    const complaints = await readWithPyca(t, cases, client)
    if (complaints !== undefined) assertCovered(complaints, pycaExemptions)
  })

/** Complaints about mutated certificates that are no errors of the lint; the reasons are above. */
const knownComplaints: readonly RegExp[] = [
  largeIdentifier.complaint,
  ediPartyName.complaint,
  /unsupported string type: (?:3|48)$/,
  /can only be true when key_agreement is true/,
  // X.520 attributes with a SEQUENCE, and TLS features, whose registry is open.
  /^KeyError: [0-9]+$/,
]

const mutatedCount = 3000
const seed = Number(process.env['SIGNET_FUZZ_SEED'] ?? 20_261_129)

/** Certificates with changed octets in a name or an extension, in which the lint finds no error. */
function mutatedCases(): readonly JudgedCase[] {
  const mutation = fc.tuple(
    fc.nat({ max: 10_000 }),
    fc.constantFrom('change', 'insert', 'delete'),
    fc.nat({ max: 255 }),
  )
  const drawn = fc.tuple(
    fc.nat({ max: lintCorpus.length - 1 }),
    fc.array(mutation, { minLength: 1, maxLength: 2 }),
  )
  const signature = new Uint8Array(64)
  return fc.sample(drawn, { seed, numRuns: mutatedCount * 3 }).flatMap(([index, mutations]) => {
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

function mutate(der: Uint8Array, [at, how, octet]: readonly [number, string, number]): Uint8Array {
  const index = at % (der.length + 1)
  const tail = der.subarray(how === 'insert' ? index : index + 1)
  const middle = Uint8Array.from(how === 'delete' ? [] : [octet])
  return Buffer.concat([der.subarray(0, index), middle, tail])
}

test('mutated certificates without an error of the lint are read by Go and pyca', async (t) => {
  const mutated = mutatedCases()
  assert.ok(mutated.length > 300, `${mutated.length} of them have no error`)
  const judge = async (name: string, read: typeof readWithGo): Promise<void> => {
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
  await judge('Go', readWithGo)
  await judge('pyca', (inner, all) =>
    readWithPyca(inner, all, { command: '/usr/bin/python3', optional: false }),
  )
})

/** One in so many certificates with an error is read by commands too: complaints show that they judge at all. */
const sampling = 5

/**
 * What a command that reads one certificate says, two at a time: of every certificate without an error of the lint, and
 * of a sample of the others.
 */
async function eachFile(
  judge: (path: string) => Promise<string | undefined>,
): Promise<(string | undefined)[]> {
  const complaints = Array.from<string | undefined>({ length: cases.length })
  let next = 0
  const work = async (): Promise<void> => {
    for (let index = next++; index < cases.length; index = next++) {
      const hasError = cases[index]?.errors.length !== 0
      if (hasError && index % sampling !== 0) continue
      const path = join(folder, `${index}.der`)
      await writeFile(path, cases[index]?.der ?? new Uint8Array())
      complaints[index] = await judge(path)
    }
  }
  await Promise.all([work(), work()])
  return complaints
}

test('OpenSSL', async (t: TestContext) => {
  if ((await tool(t, 'openssl', { probe: ['version'] })) === undefined) return
  const complaints = await eachFile(async (path) => {
    const args = ['x509', '-inform', 'DER', '-in', path, '-noout', '-text', '-purpose']
    const { ok, text: said } = await outcome('openssl', [...args, '-certopt', 'ext_error'])
    return ok ? /<Parse Error>|code=-1|<INVALID>/i.exec(said)?.[0] : said.trim().split('\n').at(-1)
  })
  assertCovered(complaints, [])
})

test('GnuTLS', async (t: TestContext) => {
  if ((await tool(t, 'certtool')) === undefined) return
  const complaints = await eachFile(async (path) => {
    const { ok, text: said } = await outcome('certtool', ['-i', '--inder', '--infile', path])
    return ok ? /^.*error.*$/im.exec(said)?.[0].trim() : said.trim().split('\n').at(-1)
  })
  assertCovered(complaints, [ediPartyName, largeIdentifier])
})
