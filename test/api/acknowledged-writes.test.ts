/**
 * Whoever holds an acknowledgement reads what was acknowledged, over any connection, from any worker, whatever else is in its batch;
 * and what one has read, nobody reads an older state of afterwards.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import * as fc from 'fast-check'
import { policyOf, sharingStatements } from '../support/accounts.ts'
import { csr } from '../support/csrs.ts'
import { TestFolder } from '../support/database.ts'
import { createRoot, issueInput, templateArn } from '../support/hierarchy.ts'
import { KeepAlive, postBytes, type HttpAnswer } from '../support/keep-alive.ts'
import { ocspRequest, readOcspAnswer } from '../support/ocsp-requests.ts'
import { startServer } from '../support/process.ts'
import { clientOf } from '../support/process-client.ts'
import { lastOf } from '../support/revocation.ts'
import { readCredentials, type Members } from '../support/service.ts'
import { signedHeaders } from '../support/signed-request.ts'

type Listener = 'api' | 'public'
type Sign = (operation: string, input: object) => Buffer

/** Something that clients write one version of after the other, and read. */
interface Register {
  readonly of: Listener
  write(version: number, call: Call, connections: Connections): Promise<unknown>
  /** A request that reads it; `version` was acknowledged. */
  read(version: number): Buffer
  /** What is seen of a version, and in an answer. */
  stateOf(version: number): string
  observe(answer: HttpAnswer): string
}

type Call = (operation: string, input: object) => Promise<Members>
type Connections = Readonly<Record<Listener, readonly KeepAlive[]>>

const jsonOf = ({ body }: HttpAnswer): Members =>
  body.length === 0 ? {} : JSON.parse(String(body))

interface Root {
  readonly arn: string
  readonly certificate: string
}

const withOcsp = (more: object = {}): { RevocationConfiguration: object } => ({
  RevocationConfiguration: { OcspConfiguration: { Enabled: true, ...more } },
})

function registersOf(sign: Sign, { arn, certificate }: Root): Register[] {
  const about = { CertificateAuthorityArn: arn }
  const isNone = (version: number): boolean => version % 4 === 0
  const stateOf = (version: number): string => (isNone(version) ? 'none' : `v${version}`)
  const tag: Register = {
    of: 'api',
    write: (version, call) =>
      isNone(version)
        ? call('UntagCertificateAuthority', { ...about, Tags: [{ Key: 'register' }] })
        : call('TagCertificateAuthority', {
            ...about,
            Tags: [{ Key: 'register', Value: stateOf(version) }],
          }),
    read: always(sign('ListTags', about)),
    stateOf,
    observe: (answer) => jsonOf(answer).Tags[0]?.Value ?? 'none',
  }
  const configuration: Register = {
    of: 'api',
    write(version, call) {
      const cname = !isNone(version) && { OcspCustomCname: `${stateOf(version)}.example.test` }
      return call('UpdateCertificateAuthority', { ...about, ...withOcsp({ ...cname }) })
    },
    read: always(sign('DescribeCertificateAuthority', about)),
    stateOf,
    observe(answer) {
      const { RevocationConfiguration } = jsonOf(answer).CertificateAuthority
      return RevocationConfiguration.OcspConfiguration.OcspCustomCname?.split('.')[0] ?? 'none'
    },
  }
  const [read, issuing] = sharingStatements({ arn })
  const template = { 'acm-pca:TemplateArn': templateArn('EndEntityCertificate') }
  const policy: Register = {
    of: 'api',
    write(version, call) {
      const organization = { 'aws:PrincipalOrgID': `o-${String(version).padStart(10, '0')}` }
      const to = (more: object): object => ({
        Principal: '*',
        Condition: { StringEquals: { ...organization, ...more } },
      })
      const Policy = policyOf({ ...read, ...to({}) }, { ...issuing, ...to(template) })
      return isNone(version)
        ? call('DeletePolicy', { ResourceArn: arn })
        : call('PutPolicy', { ResourceArn: arn, Policy })
    },
    read: always(sign('GetPolicy', { ResourceArn: arn })),
    stateOf,
    observe(answer) {
      const number = /o-0*(\d+)/.exec(String(answer.body))?.[1]
      return number === undefined ? 'none' : `v${number}`
    },
  }
  const permission: Register = {
    of: 'api',
    write(version, call) {
      const input = { ...about, Principal: 'acm.amazonaws.com' }
      return version % 2 === 0
        ? call('DeletePermission', input)
        : call('CreatePermission', { ...input, Actions: ['ListPermissions'] })
    },
    read: always(sign('ListPermissions', about)),
    stateOf: (version) => String(version % 2),
    observe: (answer) => String(jsonOf(answer).Permissions.length),
  }
  return [
    tag,
    configuration,
    policy,
    permission,
    issuedCertificates(sign, arn),
    revocations({ arn, certificate }),
  ]
}

const always = (request: Buffer) => (): Buffer => request

/** Each version is one certificate more, of which the last one that was acknowledged is read. */
function issuedCertificates(sign: Sign, arn: string): Register {
  const issued: string[] = []
  const about = { CertificateAuthorityArn: arn }
  return {
    of: 'api',
    async write(version, call) {
      const input = issueInput(arn, csr('ec-server'))
      issued[version] = (await call('IssueCertificate', input)).CertificateArn
    },
    read(version) {
      // Before there is any, the CA's own.
      const CertificateArn = issued[version]
      return CertificateArn === undefined
        ? sign('GetCertificateAuthorityCertificate', about)
        : sign('GetCertificate', { ...about, CertificateArn })
    },
    stateOf: () => 'there',
    observe: ({ status, body }) => (status === 200 ? 'there' : String(body)),
  }
}

/** Each version is one revocation more, of which the last one that was acknowledged is asked for. */
function revocations({ arn, certificate }: Root): Register {
  const revoked: Buffer[] = []
  const ask = (serial: string): Buffer =>
    postBytes(
      { host: 'h', 'content-type': 'application/ocsp-request' },
      ocspRequest([{ issuer: certificate, serial }]),
      '/ocsp',
    )
  const observe = ({ body }: HttpAnswer): string => readOcspAnswer(body).singles[0]?.status ?? ''
  return {
    of: 'public',
    async write(version, call, connections) {
      const input = issueInput(arn, csr('ec-server'))
      const CertificateSerial = lastOf((await call('IssueCertificate', input)).CertificateArn)
      const question = ask(CertificateSerial)
      // Every responder knows an answer that is about to be wrong.
      for (const connection of connections.public)
        assert.equal(observe(await connection.send(question)), 'good')
      const RevocationReason = 'SUPERSEDED'
      const about = { CertificateAuthorityArn: arn, CertificateSerial, RevocationReason }
      await call('RevokeCertificate', about)
      revoked[version] = question
    },
    read: (version) => revoked[version] ?? ask('01'),
    stateOf: (version) => (version === 0 ? 'unknown' : 'revoked'),
    observe,
  }
}

/** A register with what is known of it. Its writes follow each other, so that versions are in order. */
class Checked {
  readonly register: Register
  #begun = 0
  #acknowledged = 0
  /** The newest version that a read that has ended has seen. */
  #seen = 0
  #last: Promise<unknown> = Promise.resolve()

  constructor(register: Register) {
    this.register = register
  }

  async write(call: Call, connections: Connections): Promise<void> {
    const write = async (): Promise<void> => {
      this.#begun += 1
      await this.register.write(this.#begun, call, connections)
      this.#acknowledged = this.#begun
    }
    this.#last = this.#last.then(write)
    await this.#last
  }

  request(): Buffer {
    return this.register.read(this.#acknowledged)
  }

  /** Called as the last byte of a read is sent. Judges its answer: it is of a version from now on. */
  begin(): (answer: HttpAnswer) => void {
    const first = Math.max(this.#acknowledged, this.#seen)
    return (answer) => {
      const { register } = this
      const found = register.observe(answer)
      for (let version = first; version <= this.#begun; version += 1)
        if (register.stateOf(version) === found) {
          this.#seen = Math.max(this.#seen, version)
          return
        }
      assert.fail(`${found} is read after version ${first}, which is ${register.stateOf(first)}`)
    }
  }
}

interface Step {
  readonly register: number
  readonly writer: number | undefined
  readonly reads: readonly {
    readonly on: number
    readonly how: 'partial' | 'plain' | 'pipelined'
  }[]
}

const connectionsMax = 4
const step: fc.Arbitrary<Step> = fc.record({
  register: fc.nat(5),
  writer: fc.option(fc.nat(connectionsMax - 1), { freq: 3, nil: undefined }),
  reads: fc.array(
    fc.record({
      on: fc.nat(connectionsMax - 1),
      how: fc.constantFrom('partial', 'plain', 'pipelined'),
    }),
    { minLength: 1, maxLength: 6, size: 'max' },
  ),
})

/** Writes perhaps, and reads afterwards: with requests of which all but the last byte was sent before, whole, or several in one piece. */
async function take(
  { register, writer, reads }: Step,
  registers: readonly Checked[],
  { sign, connections }: { readonly sign: Sign; readonly connections: Connections },
): Promise<void> {
  const checked = registers[register] as Checked
  const own = connections[checked.register.of]
  const begun = new Map<number, Buffer>()
  for (const { on, how } of reads) {
    if (how !== 'partial' || begun.has(on)) continue
    // The API connection that writes is in the middle of nothing, and revocations ask on all public ones first.
    if (writer !== undefined && (on === writer || checked.register.of === 'public')) continue
    const request = checked.request()
    own[on]?.write(request.subarray(0, -1))
    begun.set(on, request.subarray(-1))
  }
  const call: Call = async (operation, input) => {
    const answer = await (connections.api[writer ?? 0] as KeepAlive).send(sign(operation, input))
    assert.equal(answer.status, 200, String(answer.body))
    return jsonOf(answer)
  }
  if (writer !== undefined) await checked.write(call, connections)
  const answered: Promise<void>[] = []
  const finish = (on: number, bytes: Buffer, count: number): void => {
    const connection = own[on] as KeepAlive
    const judge = checked.begin()
    connection.write(bytes)
    for (let number = 0; number < count; number += 1) answered.push(connection.answer().then(judge))
  }
  for (const [on, rest] of begun) finish(on, rest, 1)
  for (const { on, how } of reads) {
    if (how === 'partial') continue
    const copies = how === 'plain' ? 1 : 4
    finish(on, Buffer.concat(Array<Buffer>(copies).fill(checked.request())), copies)
  }
  await Promise.all(answered)
}

/** Reads one register all the time, many requests at once, so that snapshots are open and batches are large. */
async function crowd(checked: Checked, url: string, isOver: () => boolean): Promise<void> {
  using connection = await KeepAlive.open(url)
  while (!isOver()) {
    connection.write(Buffer.concat(Array<Buffer>(6).fill(checked.request())))
    for (const answer of Array.from({ length: 6 }, () => connection.answer())) await answer
  }
}

const folder = new TestFolder()
after(() => folder[Symbol.dispose]())

for (const workers of ['1', '2'])
  test(`an acknowledgement is known on every connection at once, with --workers ${workers}`, async (t) => {
    const data = folder.file(workers)
    const server = await startServer(data, ['--workers', workers])
    t.after(() => server.stop('SIGKILL'))
    const credentials = readCredentials(`${data}/credentials`)
    const { url } = server
    const sign: Sign = (operation, input) => {
      const body = JSON.stringify(input)
      const target = `ACMPrivateCA.${operation}`
      const about = { url, target, body, region: 'eu-west-1', credentials, date: new Date() }
      return postBytes({ host: new URL(url).host, ...signedHeaders(about) }, body)
    }
    const root = await createRoot(clientOf(server, data), { more: withOcsp() })
    const registers = registersOf(sign, root).map((register) => new Checked(register))
    const connect = (to: string): Promise<KeepAlive[]> =>
      Promise.all(Array.from({ length: connectionsMax }, () => KeepAlive.open(to)))
    const clients: Connections[] = []
    while (clients.length < 4)
      clients.push({ api: await connect(url), public: await connect(server.publicUrl) })
    let isOver = false
    const urls = { api: url, public: server.publicUrl }
    const crowding = [...registers, ...registers].map((one) =>
      crowd(one, urls[one.register.of], () => isOver),
    )
    const steps = fc.array(step, { maxLength: 6, size: 'max' })
    const all = fc.tuple(...clients.map(() => steps))
    const property = fc.asyncProperty(all, async (chosen) => {
      const run = async (own: readonly Step[], connections: Connections): Promise<void> => {
        for (const one of own) await take(one, registers, { sign, connections })
      }
      await Promise.all(chosen.map((own, index) => run(own, clients[index] as Connections)))
    })
    try {
      await fc.assert(property, { seed: 17, numRuns: 20, endOnFailure: true })
    } finally {
      isOver = true
      await Promise.all(crowding)
      for (const one of clients)
        for (const connection of [...one.api, ...one.public]) connection[Symbol.dispose]()
    }
  })
