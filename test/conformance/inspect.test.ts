/** Tests `signet inspect` with an OCSP response from OpenSSL's responder. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseOcspAnswer } from '../../src/x509/ocsp/parse-response.ts'
import { inspect } from '../../src/inspect/inspect.ts'
import { outcome, tool } from '../support/foreign-tools.ts'

test("inspect describes a response of OpenSSL's responder with the responder's name and certificate", async (t) => {
  const openssl = await tool(t, 'openssl', { probe: ['version'] })
  if (openssl === undefined) return
  const folder = await mkdtemp(join(tmpdir(), 'signet-ocsp-'))
  t.after(() => rm(folder, { recursive: true }))
  const path = (name: string): string => join(folder, name)
  const run = async (...lines: readonly string[]): Promise<void> => {
    const { ok, text } = await outcome(openssl, lines.join(' ').split(' '))
    assert.ok(ok, text)
  }
  await run(
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -set_serial 0x77',
    `-keyout ${path('key.pem')} -out ${path('ca.pem')} -subj /CN=Other`,
  )
  await writeFile(
    path('index.txt'),
    'R\t350101000000Z\t260101000000Z,keyCompromise\t77\tunknown\t/CN=x\n',
  )
  const ca = path('ca.pem')
  await run(`ocsp -issuer ${ca} -cert ${ca} -reqout ${path('request.der')}`)
  await run(
    `ocsp -index ${path('index.txt')} -CA ${ca} -rsigner ${ca} -rkey ${path('key.pem')} -ndays 3`,
    `-reqin ${path('request.der')} -respout ${path('answer.der')}`,
  )
  const der = await readFile(path('answer.der'))
  const { status, basic } = parseOcspAnswer(der)
  assert.equal(status, 'successful')
  assert.equal(basic?.certificates.length, 1)
  const [answer] = (await inspect(der, new Date())).objects
  assert.ok(answer?.kind === 'ocsp')
  assert.equal(answer.responder, 'CN=Other')
  const [entry] = answer.responses
  assert.equal(entry?.serialNumber, '77')
  assert.equal(entry?.status, 'revoked')
  assert.equal(entry?.reason, 'keyCompromise')
  assert.equal(entry?.revocationTime, '2026-01-01T00:00:00Z')
})
