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
  assert.ok(seen > 40, `it complains about ${seen} certificates`)
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

test("Go's crypto/x509", async (t) => {
  if ((await tool(t, 'go', { probe: ['version'] })) === undefined) return
  const program = join(import.meta.dirname, 'lint_judge.go')
  const env = { PATH: process.env['PATH'], GO111MODULE: 'off', GOCACHE: join(folder, 'go') }
  const input = `${cases.map(base64Of).join('\n')}\n`
  const output = await piped('go', ['run', program], { input, env })
  const complaints = output.split('\n').slice(0, -1)
  assertCovered(
    complaints.map((complaint) => (complaint === '' ? undefined : complaint)),
    goExemptions,
  )
})

for (const { command, optional } of clients('python3'))
  test(`pyca/cryptography of ${optional ? 'PATH' : 'the system'}`, async (t) => {
    const probe = ['-c', 'import cryptography']
    if ((await tool(t, command, { probe, optional })) === undefined) return
    const program = join(import.meta.dirname, 'lint_judge.py')
    const input = JSON.stringify(cases.map(base64Of))
    const output = JSON.parse(await piped(command, [program], { input })) as (string | null)[]
    assertCovered(
      output.map((complaint) => complaint ?? undefined),
      pycaExemptions,
    )
  })

/** What a command that reads one certificate says, two at a time. */
async function eachFile(
  judge: (path: string) => Promise<string | undefined>,
): Promise<(string | undefined)[]> {
  const complaints = Array.from<string | undefined>({ length: cases.length })
  let next = 0
  const work = async (): Promise<void> => {
    for (let index = next++; index < cases.length; index = next++) {
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
