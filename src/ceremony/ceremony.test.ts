import assert from 'node:assert/strict'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { encodeAuthorityCsrInfo } from '../authority/csr.ts'
import { ConfigurationError } from '../errors.ts'
import { generateKey } from '../keys/generate-key.ts'
import { systemRandom } from '../random.ts'
import { signatureAlgorithmIdentifier } from '../x509/algorithm-identifier.ts'
import { parseCertificateList } from '../x509/certificate-list.ts'
import { encodeCertificationRequest } from '../x509/certification-request.ts'
import { encodePem } from '../x509/pem.ts'
import {
  checkCeremony,
  runCeremony,
  verifyCeremonyFile,
  type CompletedCeremony,
  type RunOptions,
} from './ceremony.ts'
import { importKey, signingKeys } from './root-key.ts'
import { sha256 } from './script/values.ts'

let work: string
let now: Date
beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), 'signet-ceremony-'))
  now = new Date('2030-01-01T10:00:00Z')
})
afterEach(() => rm(work, { recursive: true }))

const passphrase = 'correct horse battery'
const people = [
  { name: 'Ada', confirmedAt: '2030-01-01T10:05:00Z' },
  { name: 'Grace', confirmedAt: '2030-01-01T10:06:00Z' },
]
const createRoot = {
  subject: { Organization: 'Example', CommonName: 'Offline Root' },
  keyAlgorithm: 'EC_prime256v1',
  signingAlgorithm: 'SHA256WITHECDSA',
  validity: '20y',
  pathLength: 1,
  crlUrl: 'http://pki.example.com/root.crl',
}
const crl = { action: 'crl', validity: '1y' }

async function optionsOf(content: object, changes: Partial<RunOptions> = {}): Promise<RunOptions> {
  const script = join(work, 'script.json')
  await writeFile(script, JSON.stringify({ version: 1, title: 'test', ...content }))
  return {
    script,
    folder: join(work, 'root'),
    clock: { now: () => now },
    random: systemRandom,
    program: 'test',
    confirm: () => Promise.resolve({ confirmation: 'flags', participants: people }),
    passphrase: () => Promise.resolve(passphrase),
    // The lowest scrypt work factor that the format permits, so that tests are fast.
    workFactor: 1,
    ...changes,
  }
}

async function run(content: object, changes: Partial<RunOptions> = {}): Promise<CompletedCeremony> {
  return runCeremony(await optionsOf(content, changes))
}

async function refused(running: Promise<unknown>, expected: RegExp): Promise<void> {
  await assert.rejects(running, (error) => {
    assert.ok(error instanceof ConfigurationError, String(error))
    assert.match(error.message, expected)
    return true
  })
}

/** Writes a CSR to a file, and returns the script action that signs it. */
async function csrAction(name: string, changes: object = {}): Promise<object> {
  const key = await generateKey('EC_prime256v1')
  const info = encodeAuthorityCsrInfo(
    {
      KeyAlgorithm: 'EC_prime256v1',
      SigningAlgorithm: 'SHA256WITHECDSA',
      Subject: { CommonName: name },
    },
    key.subjectPublicKeyInfo,
  )
  const keys = signingKeys(importKey(key.privateKey))
  const der = encodeCertificationRequest(
    info,
    signatureAlgorithmIdentifier('SHA256WITHECDSA'),
    await keys.sign('test:1', 'SHA256WITHECDSA', info),
  )
  const pem = encodePem('CERTIFICATE REQUEST', der)
  await writeFile(join(work, `${name}.csr`), pem)
  return {
    action: 'sign',
    name,
    csr: `${name}.csr`,
    csrSha256: sha256(Buffer.from(pem)),
    template: 'SubordinateCACertificate_PathLen0',
    validity: '5y',
    ...changes,
  }
}

/** The `useRoot` member in the script of a later ceremony. */
const useRootOf = ({ transcript, transcriptSha256 }: CompletedCeremony): object => ({
  certificateSha256: transcript.root.certificateSha256,
  previousTranscriptSha256: transcriptSha256,
})

test('a first ceremony creates a root, signs a CSR and writes a CRL and a signed transcript', async () => {
  const first = await run({ createRoot, actions: [await csrAction('issuing'), crl] })
  assert.deepEqual(
    first.transcript.certificates.map(({ file, subject }) => [file, subject]),
    [
      ['root.pem', 'O=Example, CN=Offline Root'],
      ['issuing.pem', 'CN=issuing'],
    ],
  )
  assert.deepEqual((await readdir(join(work, 'root'))).sort(), ['0001', 'root.key.age'])
  assert.deepEqual((await readdir(first.path)).sort(), [
    'issuing.csr',
    'issuing.pem',
    'root.crl',
    'root.pem',
    'script.json',
    'transcript.json',
    'transcript.json.sig',
  ])
  const root = join(first.path, 'root.pem')
  const verified = await verifyCeremonyFile(join(first.path, 'transcript.json'), { root })
  assert.deepEqual(verified.problems, [])
  assert.deepEqual(verified.transcript, first.transcript)
})

test('later ceremonies use the same root, continue its ceremony record and list all revocations', async () => {
  const first = await run({
    createRoot,
    actions: [await csrAction('one'), await csrAction('two'), crl],
  })
  const serials = first.transcript.certificates.map(({ serialNumber }) => serialNumber)
  const revoke = (index: number): object => ({
    action: 'revoke',
    serialNumber: serials[index],
    reason: 'KEY_COMPROMISE',
  })
  now = new Date('2030-06-01T10:00:00Z')
  const second = await run({ useRoot: useRootOf(first), actions: [revoke(1), crl] })
  now = new Date('2030-06-02T10:00:00Z')
  const third = await run({
    useRoot: useRootOf(second),
    actions: [revoke(2), crl],
  })
  assert.equal(third.transcript.number, 3)
  assert.equal(third.transcript.previousTranscriptSha256, second.transcriptSha256)
  assert.equal(third.transcript.crl?.entries, 2)
  assert.ok((third.transcript.crl?.number ?? 0) > (second.transcript.crl?.number ?? 0))
  const list = parseCertificateList(await readFile(join(third.path, 'root.crl')))
  assert.equal(list.nextUpdate.toISOString(), '2031-06-02T10:00:00.000Z')
  const useRoot = useRootOf(third)
  const again = { useRoot, actions: [revoke(1), crl] }
  await refused(run({ ...again, title: 'again' }), /actions\[0\]\.serialNumber: CN=one was revoked/)
  await refused(
    run({ useRoot, actions: [{ ...revoke(0), reason: 'SUPERSEDED' }, crl] }),
    /no ceremony of this root has signed/,
  )
})

test('a script must state the last transcript, and therefore runs once', async () => {
  const first = await run({ createRoot, actions: [crl] })
  const { certificateSha256 } = first.transcript.root
  const unstated = { useRoot: { certificateSha256 }, actions: [crl] }
  for (const start of [() => run(unstated), async () => checkCeremony(await optionsOf(unstated))])
    await refused(
      start(),
      /^useRoot\.previousTranscriptSha256 is missing: the folder has ceremony 1; add the SHA-256 of its transcript from the minutes/,
    )
  for (const actions of [[await csrAction('issuing')], [crl]]) {
    const latest = await readFile(
      join(work, 'root', actions[0] === crl ? '0002' : '0001', 'transcript.json'),
    )
    const useRoot = { certificateSha256, previousTranscriptSha256: sha256(latest) }
    await run({ useRoot, actions })
    await assert.rejects(run({ useRoot, actions }), (error: Error) => {
      assert.match(
        error.message,
        /has a different SHA-256: the folder or the script is outdated, or the script has already run$/,
      )
      assert.doesNotMatch(error.message, /[0-9a-f]{64}/)
      return true
    })
  }
})

test('a check signs and writes nothing, and reports every problem of the requested signatures', async () => {
  const missing = await csrAction('absent')
  await rm(join(work, 'absent.csr'))
  const changed = await csrAction('changed', { csrSha256: '00'.repeat(32) })
  const { csrSha256, ...unpinned } = (await csrAction('unpinned')) as { csrSha256: string }
  const deep = await csrAction('deep', { template: 'SubordinateCACertificate_PathLen1' })
  const long = await csrAction('long', { validity: '30y' })
  const options = await optionsOf({
    createRoot,
    actions: [missing, changed, unpinned, deep, long, crl],
  })
  for (const expected of [
    /actions\[0\]\.csr: the folder of the script does not contain absent\.csr/,
    /actions\[1\]\.csrSha256: changed\.csr has a different SHA-256, [0-9a-f]{64}/,
    new RegExp(`actions\\[2\\]\\.csrSha256 is missing; .*"csrSha256": "${csrSha256}"`),
    /actions\[3\]: Template SubordinateCACertificate_PathLen1 is not allowed/,
    /actions\[4\]: .* exceeds the certificate authority validity/,
  ])
    await refused(checkCeremony(options), expected)
  const plan = await checkCeremony(await optionsOf({ createRoot, actions: [crl] }))
  assert.equal(
    plan.root.created?.prepared.templateName,
    'BlankRootCACertificate_PathLen1_APIPassthrough',
  )
  assert.ok(!(await readdir(work)).includes('root'))
})

test('the name constraints of a root apply to the certificates that it signs', async () => {
  const constrained = {
    ...createRoot,
    nameConstraints: { permitted: [{ DirName: { Organization: 'Example' } }] },
  }
  await refused(
    run({ createRoot: constrained, actions: [await csrAction('issuing'), crl] }),
    /actions\[0\]: The certificate is not allowed: /,
  )
})

test('a folder without a root, or with another root, is refused', async () => {
  const useRoot = { certificateSha256: '00'.repeat(32), previousTranscriptSha256: '00'.repeat(32) }
  await refused(run({ useRoot, actions: [crl] }), /useRoot: the folder has no root/)
  const first = await run({ createRoot, actions: [crl] })
  await refused(run({ useRoot, actions: [crl] }), /has the SHA-256 [0-9a-f]{64}/)
  await refused(
    run({ createRoot, actions: [crl] }),
    /already has the root O=Example, CN=Offline Root/,
  )
  const stale = { ...useRootOf(first), previousTranscriptSha256: '00'.repeat(32) }
  await refused(run({ useRoot: stale, actions: [crl] }), /the folder or the script is outdated/)
  now = new Date('2029-12-31T10:00:00Z')
  await refused(
    run({ useRoot: useRootOf(first), actions: [crl] }),
    /the clock of this machine is wrong/,
  )
})

test('a run must be confirmed by two different people that the script permits', async () => {
  const confirmedBy =
    (...names: readonly string[]): RunOptions['confirm'] =>
    () =>
      Promise.resolve({
        confirmation: 'terminal',
        participants: names.map((name) => ({ name, confirmedAt: '2030-01-01T10:00:00Z' })),
      })
  const script = { participants: ['Ada', 'Grace', 'Joan'], createRoot, actions: [crl] }
  for (const names of [[], ['Ada'], ['Ada', 'ADA'], ['Ada', 'Grace', 'ada']])
    await refused(
      run(script, { confirm: confirmedBy(...names) }),
      /two different people must confirm/,
    )
  await refused(
    run(script, { confirm: confirmedBy('Ada', 'Eve') }),
    /Eve is not one of the participants/,
  )
  assert.ok(!(await readdir(work)).includes('root'))
  assert.equal((await run(script, { confirm: confirmedBy('joan', 'Ada') })).transcript.number, 1)
})

test('a wrong passphrase, another key and a damaged key file are refused', async () => {
  const first = await run({ createRoot, actions: [crl] })
  const renewal = { useRoot: useRootOf(first), actions: [crl] }
  const wrong = { passphrase: () => Promise.resolve('wrong horse battery') }
  await refused(run(renewal, wrong), /root\.key\.age cannot be decrypted: the passphrase is wrong/)
  const other = await run({ createRoot, actions: [crl] }, { folder: join(work, 'other') })
  assert.notEqual(other.transcript.root.certificateSha256, first.transcript.root.certificateSha256)
  await writeFile(
    join(work, 'root', 'root.key.age'),
    await readFile(join(work, 'other', 'root.key.age')),
  )
  await refused(run(renewal), /root\.key\.age is not the key of the root certificate/)
  await writeFile(join(work, 'root', 'root.key.age'), 'key')
  await refused(run(renewal), /cannot be decrypted/)
  assert.deepEqual((await readdir(join(work, 'root'))).sort(), ['0001', 'root.key.age'])
})

test('every changed, missing or foreign file of a ceremony is reported', async () => {
  const first = await run({ createRoot, actions: [await csrAction('issuing'), crl] })
  const other = await run(
    { createRoot, actions: [await csrAction('issuing'), crl] },
    { folder: join(work, 'other') },
  )
  const transcript = join(first.path, 'transcript.json')
  const root = join(work, 'trusted.pem')
  await writeFile(root, await readFile(join(first.path, 'root.pem')))
  const problemsAfter = async (name: string, content: Uint8Array | undefined): Promise<string> => {
    const path = join(first.path, name)
    const original = await readFile(path)
    await rm(path)
    if (content !== undefined) await writeFile(path, content)
    try {
      const { problems } = await verifyCeremonyFile(transcript, { root })
      await refused(
        run({ useRoot: useRootOf(first), actions: [crl] }),
        /nothing was signed|is missing or was changed/,
      )
      return problems.join('\n')
    } catch (error) {
      assert.ok(error instanceof ConfigurationError, String(error))
      return error.message
    } finally {
      await writeFile(path, original)
    }
  }
  for (const name of first.files.keys()) {
    const original = await readFile(join(first.path, name))
    const changed = Buffer.from(original)
    const middle = Math.floor(changed.length / 2)
    changed[middle] = (changed[middle] ?? 0) ^ 1
    assert.match(await problemsAfter(name, changed), /was changed|not|is invalid/, name)
    assert.match(await problemsAfter(name, undefined), /missing|cannot be read/, name)
    const foreign = await readFile(join(other.path, name))
    if (!foreign.equals(original))
      assert.match(await problemsAfter(name, foreign), /was changed|another root/, name)
  }
  const verified = await verifyCeremonyFile(transcript, { root: join(other.path, 'root.pem') })
  assert.match(verified.problems.join(), /was signed by another root/)
  assert.equal(verified.transcript, undefined)
})

test('a removed ceremony is reported, also if it was the latest', async () => {
  const first = await run({ createRoot, actions: [crl] })
  const renewal = { useRoot: useRootOf(first), actions: [crl] }
  const second = await run(renewal)
  const third = await run({ ...renewal, useRoot: useRootOf(second) })
  const next = { ...renewal, useRoot: useRootOf(third) }
  await rm(third.path, { recursive: true })
  await refused(run(next), /the folder or the script is outdated/)
  await run({ ...renewal, useRoot: useRootOf(second) })
  await rm(second.path, { recursive: true })
  await refused(run(next), /0002 is missing; restore it from a copy/)
})

test('a run that fails before its end leaves no files, and can be repeated', async () => {
  const content = { createRoot, actions: [await csrAction('issuing'), crl] }
  const fail = (): Promise<never> => Promise.reject(new Error('interrupted'))
  await assert.rejects(run(content, { confirm: fail }), /interrupted/)
  await assert.rejects(run(content, { passphrase: fail }), /interrupted/)
  assert.deepEqual((await readdir(work)).sort(), ['issuing.csr', 'script.json'])
  await run(content)
  assert.deepEqual((await readdir(join(work, 'root'))).sort(), ['0001', 'root.key.age'])
})

test('a process that is killed at any step of writing leaves no ceremony, and the next run succeeds', async () => {
  const content = { createRoot, actions: [await csrAction('issuing'), crl] }
  const complete = await run(content, { folder: join(work, 'complete') })
  const names = [...complete.files.keys()]
  // The ceremony's files are written in sequence, followed by the key. The rename is the last step of a ceremony.
  for (let written = 0; written <= names.length + 1; written += 1) {
    const folder = join(work, `killed-${written}`)
    const staging = join(folder, '.0001.new')
    await mkdir(staging, { recursive: true })
    for (const name of names.slice(0, written))
      await cp(join(complete.path, name), join(staging, name))
    if (written > names.length)
      await cp(join(work, 'complete', 'root.key.age'), join(folder, 'root.key.age'))
    const first = await run(content, { folder })
    // The key file from the killed run may be the only copy of a key, so it is kept under another name.
    const kept = written > names.length ? ['root.key.age.1'] : []
    assert.deepEqual((await readdir(folder)).sort(), ['0001', 'root.key.age', ...kept])
    assert.notEqual(
      first.transcript.root.certificateSha256,
      complete.transcript.root.certificateSha256,
    )
    const second = await run({ useRoot: useRootOf(first), actions: [crl] }, { folder })
    assert.equal(second.transcript.number, 2)
  }
})

test('only one of several simultaneous runs is completed, and the stored key belongs to its root', async () => {
  const options = await optionsOf({ createRoot, actions: [crl] })
  const runs = await Promise.allSettled([1, 2, 3].map(() => runCeremony(options)))
  const [completed, ...others] = runs.flatMap((each) =>
    each.status === 'fulfilled' ? [each.value] : [],
  )
  assert.ok(completed !== undefined)
  assert.deepEqual(others, [])
  for (const each of runs)
    if (each.status === 'rejected')
      assert.match(String(each.reason), /another run has completed|another run is writing/)
  assert.deepEqual((await readdir(join(work, 'root'))).sort(), ['0001', 'root.key.age'])
  assert.equal((await run({ useRoot: useRootOf(completed), actions: [crl] })).transcript.number, 2)
})

test('a ceremony that another run completed meanwhile is not replaced', async () => {
  const first = await run({ createRoot, actions: [crl] })
  const options = await optionsOf({ useRoot: useRootOf(first), actions: [crl] })
  const late = runCeremony({
    ...options,
    passphrase: async () => {
      await runCeremony(options)
      return passphrase
    },
  })
  await refused(late, /0002 exists: another run has completed a ceremony at the same time/)
  assert.deepEqual((await readdir(join(work, 'root'))).sort(), ['0001', '0002', 'root.key.age'])
})

test('roots with every type of key are created', async () => {
  for (const [keyAlgorithm, signingAlgorithm] of [
    ['RSA_2048', 'SHA512WITHRSA'],
    ['EC_secp521r1', 'SHA512WITHECDSA'],
    ['ML_DSA_65', 'ML_DSA_65'],
  ]) {
    const root = { ...createRoot, keyAlgorithm, signingAlgorithm }
    const actions = [
      await csrAction('issuing', { template: 'SubordinateCACertificate_PathLen0' }),
      crl,
    ]
    const completed = await run(
      { createRoot: root, actions },
      { folder: join(work, keyAlgorithm!) },
    )
    assert.equal(completed.transcript.root.signingAlgorithm, signingAlgorithm)
  }
})

test('the private key is in a file that only its owner can read, and nowhere else', async () => {
  const completed = await run({ createRoot, actions: [crl] })
  const { mode } = await stat(join(work, 'root', 'root.key.age'))
  assert.equal(mode & 0o777, 0o600)
  for (const content of completed.files.values())
    assert.ok(!Buffer.from(content).includes('PRIVATE KEY'))
})
