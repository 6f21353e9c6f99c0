import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { ConfigurationError } from '../../errors.ts'
import { parseNameConstraints } from '../../x509/extensions/name-constraints.ts'
import { nameKey, parseScript, type CeremonyScript } from './parse-script.ts'

const digest = 'ab'.repeat(32)
const createRoot = {
  subject: { Organization: 'Example', CommonName: 'Example Offline Root' },
  keyAlgorithm: 'EC_secp384r1',
  signingAlgorithm: 'SHA384WITHECDSA',
  validity: '20y',
}
const sign = {
  action: 'sign',
  name: 'issuing',
  csr: 'issuing.csr',
  csrSha256: digest,
  template: 'SubordinateCACertificate_PathLen0',
  validity: '5y',
}
const crl = { action: 'crl', validity: '1y' }
const useRoot = { certificateSha256: digest }
const valid = { version: 1, title: 'Create the root', createRoot, actions: [sign, crl] }

const parse = (value: unknown): CeremonyScript => parseScript(Buffer.from(JSON.stringify(value)))

/** Returns the problems of a rejected script. */
function problemsOf(value: unknown): string[] {
  try {
    parse(value)
  } catch (error) {
    assert.ok(error instanceof ConfigurationError, String(error))
    return error.message.split('\n').map((line) => line.replace('the script: ', ''))
  }
  return []
}

function requireProblem(value: unknown, expected: RegExp): void {
  const problems = problemsOf(value)
  assert.equal(problems.length, 1, problems.join('\n'))
  assert.match(problems[0] ?? '', expected)
}

test('a script is read with its root, signatures, revocations and CRL', () => {
  const script = parse(valid)
  assert.equal(script.root.kind, 'new')
  assert.deepEqual(script.crl, { type: 'YEARS', value: 1 })
  assert.deepEqual(
    script.sign.map(({ path, name, csr, template }) => [path, name, csr, template.name]),
    [['actions[0]', 'issuing', 'issuing.csr', 'SubordinateCACertificate_PathLen0']],
  )
  const revoke = { action: 'revoke', serialNumber: '0a:1b', reason: 'SUPERSEDED' }
  const second = parse({ version: 1, title: 't', useRoot, actions: [revoke, crl] })
  assert.deepEqual(second.root, {
    kind: 'existing',
    certificateSha256: digest,
    previousTranscriptSha256: undefined,
  })
  assert.equal(
    Buffer.from(second.revoke[0]!.serialNumber).toString('hex'),
    '0a1b'.padStart(32, '0'),
  )
})

test('every problem of a script is reported with the path of its member', () => {
  const problems = problemsOf({
    version: 2,
    tittle: 'x',
    participants: ['Ada', 'ada '],
    createRoot: {
      ...createRoot,
      signingAlgorithm: 'SHA256WITHRSA',
      validity: '20 years',
      extra: 1,
    },
    actions: [
      { ...sign, name: 'root', csr: '../issuing.csr', template: 'SubordinateCACertificate' },
      { action: 'destroy' },
      { action: 'crl', validity: '2046-02-31' },
    ],
  })
  for (const [index, expected] of [
    /^tittle is not a member; did you mean title\?/,
    /^version must be 1/,
    /^title is missing/,
    /^participants\[1\] must be a name/,
    /^participants must have at least two names/,
    /^createRoot\.extra is not a member/,
    /^createRoot\.signingAlgorithm is not accepted: .*cannot be used with key type EC_secp384r1/,
    /^createRoot\.validity must be a number and a unit .*, not "20 years"/,
    /^actions\[0\]\.name must be a file name/,
    /^actions\[0\]\.csr must be the name of a file in the script's folder/,
    /^actions\[0\]\.template is not accepted: Template SubordinateCACertificate does not exist/,
    /^actions\[1\] must have the member action: sign, revoke or crl/,
    /^actions\[2\]\.validity must be/,
  ].entries())
    assert.match(problems[index] ?? '', expected, problems.join('\n'))
  assert.equal(problems.length, 13, problems.join('\n'))
})

test('a script needs exactly one root, and it must request a CRL if it creates a root or revokes certificates', () => {
  requireProblem({ ...valid, useRoot }, /createRoot or useRoot must be present, but not both/)
  requireProblem({ ...valid, actions: [sign] }, /must have a crl action .* a new root requires/)
  const revoke = { action: 'revoke', serialNumber: '1', reason: 'KEY_COMPROMISE' }
  const existing = { version: 1, title: 't', useRoot }
  requireProblem({ ...existing, actions: [revoke] }, /must have a crl action .* publishes/)
  requireProblem({ ...existing, actions: [crl, crl] }, /at most one crl action/)
  requireProblem({ ...existing, actions: [sign, sign] }, /must not have the name issuing twice/)
  requireProblem({ ...existing, actions: [revoke, revoke, crl] }, /must not have the serial number/)
  requireProblem({ ...existing, actions: [] }, /must have at least one action/)
  assert.deepEqual(problemsOf({ ...existing, actions: [sign] }), [])
})

test('a duplicate member is refused, because reviewers could read the value that is not used', () => {
  const text = JSON.stringify(valid).replace('"version":1', '"version":1,"title":"other"')
  assert.throws(() => parseScript(Buffer.from(text)), /a duplicate member/)
  assert.throws(() => parseScript(Buffer.from('{')), /not JSON in UTF-8/)
  assert.throws(() => parseScript(Buffer.from([0x22, 0xff, 0x22])), /not JSON in UTF-8/)
  assert.throws(() => parseScript(Buffer.alloc(1_048_577, 0x20)), /larger than 1048576 bytes/)
})

test('passthrough values are validated strictly, and need a template that uses them', () => {
  const withSign = (members: object): object => ({
    ...valid,
    actions: [{ ...sign, ...members }, crl],
  })
  const api = { template: 'SubordinateCACertificate_PathLen0_APIPassthrough' }
  const nameConstraints = { permitted: ['DNS:example.com'] }
  requireProblem(
    withSign({ nameConstraints }),
    /template ignores nameConstraints: use a template with API/,
  )
  requireProblem(
    withSign({ ...api, apiPassthrough: { Extensions: { KeyUsage: { CrlSign: true } } } }),
    /apiPassthrough\.Extensions\.KeyUsage\.CrlSign is not a member; did you mean CRLSign\?/,
  )
  requireProblem(withSign({ template: 'RootCACertificate' }), /only the root itself can have/)
  const [action] = parse(withSign({ ...api, nameConstraints })).sign
  const [extension] = action?.passthrough.extensions ?? []
  assert.equal(extension?.critical, true)
})

test('name constraints are read in the form that signet inspect prints', () => {
  const constrained = (nameConstraints: unknown): object => ({
    ...valid,
    createRoot: { ...createRoot, nameConstraints },
  })
  const { root } = parse(
    constrained({
      permitted: ['DNS:example.com', 'IP:10.0.0.0/8', { DirName: { Organization: 'Example' } }],
      excluded: ['email:.example.org', 'URI:example.net', 'IP:2001:db8::/33'],
    }),
  )
  assert.equal(root.kind, 'new')
  const read = parseNameConstraints(
    (root.kind === 'new' ? root.nameConstraints?.value : undefined) ?? new Uint8Array(),
  )
  assert.deepEqual(
    [...read.permitted, ...read.excluded].map(({ kind }) => kind),
    [
      'dNSName',
      'iPAddress',
      'directoryName',
      'rfc822Name',
      'uniformResourceIdentifier',
      'iPAddress',
    ],
  )
  assert.equal(Buffer.from(read.permitted[1]!.content).toString('hex'), '0a000000ff000000')
  for (const base of ['example.com', 'DNS:*.example.com', 'IP:10.1.0.0/8', 'IP:10.0.0.0/33', 7, {}])
    requireProblem(
      constrained({ permitted: [base] }),
      /nameConstraints\.permitted\[0\] is not accepted/,
    )
  requireProblem(constrained({}), /must have at least one name/)
})

test('any JSON is either a script or refused with a ConfigurationError', () => {
  const member = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom<unknown>(1, 't', createRoot, useRoot, [sign], [crl], [sign, crl]),
  )
  const action = fc.record(
    Object.fromEntries(
      [...Object.keys(sign), 'serialNumber', 'reason', 'apiPassthrough', 'nameConstraints'].map(
        (name) => [name, fc.oneof(fc.jsonValue(), fc.constantFrom(...Object.values(sign), 'crl'))],
      ),
    ),
    { requiredKeys: [] },
  )
  const script = fc.record(
    {
      version: member,
      title: member,
      participants: member,
      createRoot: member,
      useRoot: member,
      actions: fc.oneof(member, fc.array(action, { maxLength: 4 })),
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), script), (value) => {
      problemsOf(value)
    }),
    { numRuns: 500 },
  )
})

test('changing a member of a valid script causes a problem at that member, or leaves the script valid', () => {
  const places = ['version', 'title', 'createRoot', 'actions'] as const
  fc.assert(
    fc.property(fc.constantFrom(...places), fc.jsonValue(), (place, value) => {
      const problems = problemsOf({ ...valid, [place]: value })
      for (const problem of problems) assert.ok(problem.startsWith(place), problem)
    }),
  )
})

test('a digest is accepted with and without colons, in any case', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.boolean(), (bytes, upper) => {
      const hex = Buffer.from(bytes).toString('hex')
      const written = [hex, (hex.match(/../g) ?? []).join(':')]
      for (const text of written) {
        const certificateSha256 = upper ? text.toUpperCase() : text
        const { root } = parse({
          version: 1,
          title: 't',
          useRoot: { certificateSha256 },
          actions: [crl],
        })
        assert.equal(root.kind === 'existing' && root.certificateSha256, hex)
      }
    }),
  )
})

test('names of people are compared without regard to case and spaces', () => {
  assert.equal(nameKey(' Ada  Lovelace'), nameKey('ADA LOVELACE'))
  assert.notEqual(nameKey('Ada'), nameKey('Ida'))
})
