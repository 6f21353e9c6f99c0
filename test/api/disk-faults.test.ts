/** Tests of a running server whose disk is read-only, failing or slow, as simulated by a preloaded library. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { csr } from '../support/csrs.ts'
import { faultyDisk, smallDisk, type FaultyDisk } from '../support/faulty-disk.ts'
import { authorityInput, createRoot, issue, issueInput } from '../support/hierarchy.ts'
import { command, startServer, type ServerProcess } from '../support/process.ts'
import { clientOf, healthOf } from '../support/process-client.ts'
import { eventually, lastOf } from '../support/revocation.ts'

async function startOnFaultyDisk(
  t: TestContext,
  workers = '1',
): Promise<{ disk: FaultyDisk; data: string; server: ServerProcess } | undefined> {
  const data = await mkdtemp(join(tmpdir(), 'signet-faulty-data-'))
  const disk = await faultyDisk(t, data)
  if (disk === undefined) return undefined
  const server = await startServer(data, ['--workers', workers], disk.environment)
  t.after(async () => {
    const { exitCode, signalCode } = server.child
    if (exitCode === null && signalCode === null) await server.stop('SIGKILL')
    await rm(data, { recursive: true })
  })
  return { disk, data, server }
}

async function waitForHealth(server: ServerProcess, expected: number): Promise<void> {
  await eventually(
    async () =>
      (await healthOf(server)).every((status) => status === expected) ? true : undefined,
    `health ${expected}`,
  )
}

suite('a disk that refuses writes', () => {
  for (const [code, workers, text] of [
    ['EROFS', '1', 'its data folder is read-only'],
    ['EROFS', '2', 'its data folder is read-only'],
    ['EIO', '1', 'the disk is failing'],
  ] as const)
    test(`writes are refused during ${code} and accepted after it without a restart, with ${workers} workers`, async (t) => {
      const setup = await startOnFaultyDisk(t, workers)
      if (setup === undefined) return
      const { disk, data, server } = setup
      const client = clientOf(server, data)
      const root = await createRoot(client)
      const authority = { CertificateAuthorityArn: root.arn }
      const first = await issue(client, { arn: root.arn, csr: csr('ec-server') })

      await disk.refuse(code)
      for (const [operation, input] of [
        ['IssueCertificate', issueInput(root.arn, csr('ec-server'))],
        ['CreateCertificateAuthority', authorityInput()],
        [
          'RevokeCertificate',
          { ...authority, CertificateSerial: lastOf(first.arn), RevocationReason: 'SUPERSEDED' },
        ],
      ] as const) {
        const answer = await client.call(operation, input)
        assert.equal(answer.status, 503, answer.text)
        assert.deepEqual(answer.json, {
          __type: 'ServiceUnavailable',
          message: `The service cannot write: ${text}. Try again later.`,
        })
      }
      await client.must('GetCertificate', { ...authority, CertificateArn: first.arn })
      await client.must('ListCertificateAuthorities', {})
      await waitForHealth(server, 503)

      await disk.refuse(undefined)
      const next = await issue(client, { arn: root.arn, csr: csr('ec-server') })
      await waitForHealth(server, 200)
      await server.stop('SIGKILL')
      const again = await startServer(data)
      t.after(() => again.stop('SIGKILL'))
      for (const { arn } of [first, next])
        await clientOf(again, data).must('GetCertificate', { ...authority, CertificateArn: arn })
      const { CertificateAuthorities } = await clientOf(again, data).must(
        'ListCertificateAuthorities',
        {},
      )
      assert.equal(CertificateAuthorities.length, 1)
    })

  test('a server does not start on a read-only disk', async (t) => {
    const disk = await smallDisk(t, 1, ['ro'])
    if (disk === undefined) return
    for (const data of [disk.path, join(disk.path, 'data')]) {
      const { code, stderr } = await command(['serve', '--data', data], { NODE_NO_WARNINGS: '1' })
      assert.equal(code, 2)
      assert.match(stderr, new RegExp(`^signet: the data folder ${data} .*read-only.*\\n$`))
    }
    assert.deepEqual(await readdir(disk.path), [])
  })
})

suite('a slow disk', () => {
  const delay = 150

  for (const workers of ['1', '2'])
    test(`concurrent requests share an fsync and receive responses only after it, with ${workers} workers`, async (t) => {
      const setup = await startOnFaultyDisk(t, workers)
      if (setup === undefined) return
      const { disk, data, server } = setup
      const client = clientOf(server, data)
      const root = await createRoot(client)
      const input = issueInput(root.arn, csr('ec-server'))
      await disk.slowDown(delay)
      // In a server with workers, the primary commits on its main thread until it has measured slow commits.
      for (let n = 0; n < 4; n += 1) await client.must('IssueCertificate', input)
      const before = await disk.syncs()
      const startedAt = performance.now()
      const arns = await Promise.all(
        Array.from({ length: 100 }, async () => {
          const requestedAt = performance.now()
          const { CertificateArn } = await client.must('IssueCertificate', input)
          const took = performance.now() - requestedAt
          assert.ok(took >= delay, `answered after ${took} ms`)
          return CertificateArn as string
        }),
      )
      const took = performance.now() - startedAt
      const syncs = (await disk.syncs()) - before
      t.diagnostic(`100 issuances took ${Math.round(took)} ms and ${syncs} fsyncs of ${delay} ms`)
      // On a busy machine, the requests arrive one after another, so fewer of them share an fsync.
      assert.ok(syncs >= 1 && syncs <= 60, `${syncs} fsyncs`)
      await server.stop('SIGKILL')
      await disk.slowDown(0)
      const again = await startServer(data)
      t.after(() => again.stop('SIGKILL'))
      const authority = { CertificateAuthorityArn: root.arn }
      for (const CertificateArn of arns)
        await clientOf(again, data).must('GetCertificate', { ...authority, CertificateArn })
    })

  test('a server whose writes take seconds is unhealthy, still serves reads, and recovers', async (t) => {
    const setup = await startOnFaultyDisk(t, '2')
    if (setup === undefined) return
    const { disk, data, server } = setup
    const client = clientOf(server, data)
    const root = await createRoot(client)
    const authority = { CertificateAuthorityArn: root.arn }
    await disk.slowDown(200)
    for (let n = 0; n < 3; n += 1)
      await client.must('IssueCertificate', issueInput(root.arn, csr('ec-server')))
    await disk.slowDown(6000)
    const late = client.call('IssueCertificate', issueInput(root.arn, csr('ec-server')))
    let isWritten = false
    const noteWrite = (): void => {
      isWritten = true
    }
    void late.then(noteWrite, noteWrite)
    const health = healthOf(server)
    await client.must('DescribeCertificateAuthority', authority)
    assert.ok(!isWritten, 'the read waited for the write')
    assert.deepEqual(await health, [503, 503])
    await disk.slowDown(0)
    assert.equal((await late).status, 200)
    await waitForHealth(server, 200)
  })
})
