/**
 * Tests of a full disk. Writes are rejected with the reason, reads are served, no data is lost, and the server recovers as soon
 * as space is free.
 */
import assert from 'node:assert/strict'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { csr } from '../support/csrs.ts'
import { smallDisk, type SmallDisk } from '../support/faulty-disk.ts'
import { authorityInput, createRoot, issue, issueInput } from '../support/hierarchy.ts'
import { command, startServer, type ServerProcess } from '../support/process.ts'
import { clientOf, healthOf } from '../support/process-client.ts'
import {
  crlBucket,
  crlConfiguration,
  eventually,
  lastOf,
  readCrl,
  revocationOptions,
  revoke,
} from '../support/revocation.ts'
import { TestService, type ApiCaller, type Members } from '../support/service.ts'

const isFull =
  /^\{"__type":"ServiceUnavailable","message":"The service cannot write: the disk is full\. Try again later\."\}$/

async function startOnSmallDisk(
  t: TestContext,
  { mebibytes = 8, flags = [] }: { mebibytes?: number; flags?: readonly string[] } = {},
): Promise<{ disk: SmallDisk; data: string; server: ServerProcess } | undefined> {
  const disk = await smallDisk(t, mebibytes)
  if (disk === undefined) return undefined
  const data = join(disk.path, 'data')
  const server = await startServer(data, flags)
  t.after(async () => {
    const { exitCode, signalCode } = server.child
    if (exitCode === null && signalCode === null) await server.stop('SIGKILL')
  })
  return { disk, data, server }
}

/**
 * Issues certificates until a request is rejected. The first certificates fit into the space that the write-ahead log already
 * occupies.
 */
async function issueUntilFull(client: ApiCaller, arn: string): Promise<string[]> {
  const arns: string[] = []
  for (;;) {
    const { status, json, text } = await client.call(
      'IssueCertificate',
      issueInput(arn, csr('ec-server')),
    )
    if (status !== 200) {
      assert.equal(status, 503)
      assert.match(text, isFull)
      return arns
    }
    arns.push(json['CertificateArn'] as string)
  }
}

function certificateInput(arn: string): Members {
  return { CertificateAuthorityArn: arn.split('/certificate/')[0], CertificateArn: arn }
}

suite('a full disk', () => {
  for (const workers of ['1', '2'])
    test(`a server with a full disk refuses only requests that write, with ${workers} workers`, async (t) => {
      const setup = await startOnSmallDisk(t, {
        flags: ['--workers', workers, '--log-level', 'warn'],
      })
      if (setup === undefined) return
      const { disk, data, server } = setup
      const client = clientOf(server, data)
      const root = await createRoot(client)
      const first = await issue(client, { arn: root.arn, csr: csr('ec-server') })
      assert.deepEqual(await healthOf(server), [200, 200])

      await disk.fill()
      const acknowledged = await issueUntilFull(client, root.arn)
      const authority = { CertificateAuthorityArn: root.arn }
      for (const [operation, input] of [
        [
          'RevokeCertificate',
          {
            ...authority,
            CertificateSerial: lastOf(first.arn),
            RevocationReason: 'KEY_COMPROMISE',
          },
        ],
        ['CreateCertificateAuthority', authorityInput()],
        ['IssueCertificate', issueInput(root.arn, csr('ec-server'))],
      ] as const) {
        const { status, text, headers } = await client.call(operation, input)
        assert.equal(status, 503, operation)
        assert.match(text, isFull, operation)
        assert.equal(headers.get('x-amzn-errortype'), 'ServiceUnavailable')
      }
      const found = await client.must('GetCertificate', certificateInput(first.arn))
      assert.equal(found.Certificate, first.certificate)
      await client.must('DescribeCertificateAuthority', authority)
      await eventually(
        async () => ((await healthOf(server)).every((status) => status === 503) ? true : undefined),
        'an unhealthy server',
      )
      assert.match(
        server.stderr(),
        /"message":"The service cannot write: the disk is full\..*"msg":"not healthy"/,
      )

      await disk.makeRoom()
      const next = await issue(client, { arn: root.arn, csr: csr('ec-server') })
      await revoke(client, first.arn)
      await eventually(
        async () => ((await healthOf(server)).every((status) => status === 200) ? true : undefined),
        'a healthy server',
      )
      for (const arn of [...acknowledged, next.arn])
        await client.must('GetCertificate', certificateInput(arn))
      const authorities = await client.must('ListCertificateAuthorities', {})
      assert.equal(authorities.CertificateAuthorities.length, 1)

      assert.equal(await server.stop('SIGKILL'), 'SIGKILL')
      const { code, stdout, stderr } = await command(['verify', '--data', data])
      assert.equal(code, 0, stdout + stderr)
      const again = await startServer(data)
      t.after(() => again.stop('SIGKILL'))
      for (const arn of [first.arn, ...acknowledged, next.arn])
        await clientOf(again, data).must('GetCertificate', certificateInput(arn))
    })

  test('a full disk delays a new CRL, and the previous CRL is still served', async (t) => {
    const setup = await startOnSmallDisk(t, { flags: ['--crl-delay', '0'] })
    if (setup === undefined) return
    const { disk, data, server } = setup
    const client = clientOf(server, data)
    assert.equal((await command(['bucket', 'create', crlBucket, '--data', data])).code, 0)
    const root = await createRoot(client, { more: revocationOptions(crlConfiguration()) })
    const issued = await Promise.all(
      Array.from({ length: 2 }, () => issue(client, { arn: root.arn, csr: csr('ec-server') })),
    )
    const fetchCrl = async () => {
      const response = await fetch(`${server.publicUrl}/${crlBucket}/crl/${lastOf(root.arn)}.crl`)
      return response.status === 200
        ? readCrl(Buffer.from(await response.arrayBuffer()))
        : undefined
    }
    const [first, second] = issued
    await revoke(client, first?.arn ?? '')
    const crlWithEntries = async (count: number) => {
      const crl = await fetchCrl()
      return crl?.entries.size === count ? crl : undefined
    }
    await eventually(() => crlWithEntries(1), 'a CRL with one entry')

    await disk.fill()
    const before = await eventually(() => crlWithEntries(1), 'the CRL with one entry')
    await issueUntilFull(client, root.arn)
    assert.deepEqual((await fetchCrl())?.der, before.der)
    await disk.makeRoom()
    await revoke(client, second?.arn ?? '')
    const after = await eventually(() => crlWithEntries(2), 'a CRL with two entries')
    assert.ok((after.crlNumber ?? 0n) > (before.crlNumber ?? 0n))
    const names = await readdir(join(data, 'objects', crlBucket))
    assert.deepEqual(
      names.filter((name) => name.startsWith('.put-')),
      [],
    )
  })

  test('while the disk of the call log is full, calls are served, and records are dropped until space is free', async (t) => {
    const disk = await smallDisk(t, 1)
    if (disk === undefined) return
    const lines: string[] = []
    const file = join(disk.path, 'calls.jsonl')
    const service = await TestService.start(
      { callLog: file, logLevel: 'error' },
      { logTo: { write: (line) => void lines.push(line) } },
    )
    t.after(() => service.close())
    const call = async (): Promise<string | null> => {
      const { status, headers } = await service.call('ListCertificateAuthorities', {})
      assert.equal(status, 200)
      return headers.get('x-amzn-requestid')
    }
    const isLogged = (text: string) => () =>
      Promise.resolve(lines.filter((line) => line.includes(text)).length === 1 ? true : undefined)
    const before = await call()
    await disk.fill()
    for (let n = 0; n < 10; n += 1) await call()
    await eventually(isLogged('the call log cannot be written; records are dropped'), 'an error')
    await setTimeout(1500)
    await call()
    await disk.makeRoom()
    const seen = new Set<unknown>()
    let last: string | null = null
    await eventually(async () => {
      last = await call()
      await setTimeout(100)
      return lines.some((line) => line.includes('the call log is writable again')) || undefined
    }, 'records again')
    const text = await readFile(file, 'utf8')
    let partial = 0
    for (const line of text.split('\n').slice(0, -1))
      try {
        seen.add(JSON.parse(line).requestID)
      } catch {
        partial += 1
      }
    assert.ok(seen.has(before) && seen.has(last))
    // At most one record is incomplete, and the incomplete record is on its own line.
    assert.ok(partial <= 1, text)
    assert.equal(
      lines.filter((line) => line.includes('cannot be written')).length,
      1,
      lines.join(''),
    )
  })

  test('with --call-log-required and a full disk, calls are refused before they have an effect, and no record is lost', async (t) => {
    const disk = await smallDisk(t, 1)
    if (disk === undefined) return
    const file = join(disk.path, 'calls.jsonl')
    const service = await TestService.start({ callLog: file, callLogRequired: 'true' })
    t.after(() => service.close())
    const root = await createRoot(service)
    const input = issueInput(root.arn, csr('ec-server'))
    await disk.fill()
    const ids: (string | null)[] = []
    let refusals = 0
    while (refusals < 20) {
      const { status, headers } = await service.call('IssueCertificate', input)
      assert.ok(status === 200 || status === 503, `${status}`)
      if (status === 503) refusals += 1
      ids.push(headers.get('x-amzn-requestid'))
    }
    const [row] = await service.inDatabase('select count(*) as n from certificates')
    await disk.makeRoom()
    await eventually(async () => {
      const { status } = await service.call('ListCertificateAuthorities', {})
      return status === 200 ? true : undefined
    }, 'an answer')
    const records = (await readFile(file, 'utf8')).split('\n').flatMap((line): Members[] => {
      try {
        return [JSON.parse(line)]
      } catch {
        // The record was only partially written.
        return []
      }
    })
    const seen = new Set(records.map(({ requestID }) => requestID))
    for (const id of ids) assert.ok(seen.has(id))
    const issued = new Set(
      records.flatMap(({ responseElements }) => responseElements?.certificateArn ?? []),
    )
    assert.equal(issued.size, Number(row?.['n']))
  })

  test('a first start that fails at any step on a full disk succeeds once space is free', async (t) => {
    const disk = await smallDisk(t, 4)
    if (disk === undefined) return
    const listeners = ['--listen', '127.0.0.1:0', '--public-listen', '127.0.0.1:0']
    const steps = new Set<string>()
    const refusedStart = async (data: string): Promise<string> => {
      const serve = ['serve', '--data', data, ...listeners]
      const { code, stderr } = await command(serve, { NODE_NO_WARNINGS: '1' })
      assert.equal(code, 2, stderr)
      assert.match(
        stderr,
        new RegExp(`^signet: .*${data}.*(no space left on device|disk is full).*\\n$`),
      )
      return stderr.replaceAll(data, '')
    }
    for (const kibibytesLeft of [0, 4, 16]) {
      const data = join(disk.path, `data-${kibibytesLeft}`)
      await disk.fill(kibibytesLeft)
      steps.add(await refusedStart(data))
      await disk.makeRoom()
      const server = await startServer(data)
      await createRoot(clientOf(server, data))
      await server.stop('SIGKILL')
      // The next startup may succeed, because a killed server leaves its write-ahead log. If the startup fails, it reports the
      // full disk.
      await disk.fill()
      try {
        const full = await startServer(data)
        await clientOf(full, data).must('ListCertificateAuthorities', {})
        await full.stop('SIGKILL')
      } catch (error) {
        assert.match((error as Error).message, /ended with 2: .*disk is full/)
      }
      await disk.makeRoom()
      const again = await startServer(data)
      const { CertificateAuthorities } = await clientOf(again, data).must(
        'ListCertificateAuthorities',
        {},
      )
      assert.equal(CertificateAuthorities[0].Status, 'ACTIVE')
      assert.equal(await again.stop('SIGTERM'), 0)
      await rm(data, { recursive: true })
    }
    assert.ok(steps.size === 3, [...steps].join(''))
  })
})
