/**
 * Sends mutated requests and CSRs to a server and reports faulty responses. Run by hand:
 *
 *   node test/fuzz/run.ts --requests 1000000 --csrs 200000 --seed 1
 *   node test/fuzz/run.ts --seed 1 --only open:123
 *
 * Runs with the same seed have the same mutations. The exit code is 1 if there is a finding.
 */
import { X509Certificate } from 'node:crypto'
import { parseArgs } from 'node:util'
import { clientOf } from '../support/process-client.ts'
import { Campaign, type CampaignClass } from './campaign.ts'
import { mebibytes } from './memory.ts'

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '20000' },
    csrs: { type: 'string', default: '4000' },
    seed: { type: 'string', default: '1' },
    /** Numbers of workers to test, with one run for each number. */
    workers: { type: 'string', default: '1,2' },
    'in-flight': { type: 'string', default: '8' },
    only: { type: 'string' },
  },
})
const seed = Number(values.seed)
const inFlight = Number(values['in-flight'])
const batchSize = 500
const memorySamples = 30
const reportMilliseconds = 10_000

/** Default settings except for a higher limit on failed authentications. The default limit would reject almost every request. */
function flagsFor(workers: string): string[] {
  return ['--workers', workers, '--auth-failures', '0']
}

interface Plan {
  readonly kind: CampaignClass
  readonly first: number
  readonly count: number
}

/** Returns the batches of one part of the run: signed requests, open requests and CSRs. */
function plansFor(part: number, parts: number): Plan[] {
  const plans: Plan[] = []
  const add = (kind: CampaignClass, total: number): void => {
    const first = Math.floor((total * part) / parts)
    const end = Math.floor((total * (part + 1)) / parts)
    for (let at = first; at < end; at += batchSize)
      plans.push({ kind, first: at, count: Math.min(batchSize, end - at) })
  }
  const requests = Number(values.requests)
  add('signed', Math.ceil(requests / 2))
  add('open', Math.floor(requests / 2))
  add('csr', Number(values.csrs))
  // The request classes are interleaved, so that memory is compared under equal load.
  const rank = ({ kind, first }: Plan): number =>
    first / Math.max(1, kind === 'csr' ? Number(values.csrs) : requests / 2)
  return plans.toSorted((a, b) => rank(a) - rank(b))
}

async function runPart(workers: string, part: number, parts: number): Promise<number> {
  const campaign = new Campaign({ seed, flags: flagsFor(workers), inFlight })
  await campaign.start()
  const plans = plansFor(part, parts)
  const total = plans.reduce((sum, { count }) => sum + count, 0)
  const startedAt = Date.now()
  let reportedAt = startedAt
  let done = 0
  console.log(`${total} requests to a server with ${workers} worker(s), seed ${seed}`)
  try {
    for (const [index, { kind, first, count }] of plans.entries()) {
      await campaign.batch(kind, first, count)
      done += count
      if (campaign.hasTooManyCrashes) break
      if (kind === 'csr') await checkCertificates(campaign, first)
      if (index % Math.max(1, Math.floor(plans.length / memorySamples)) === 0)
        await campaign.measureMemory()
      if (Date.now() - reportedAt < reportMilliseconds) continue
      reportedAt = Date.now()
      const rate = (done / (reportedAt - startedAt)) * 1000
      console.log(
        `${done} of ${total}, ${rate.toFixed(0)}/s, ${campaign.findings.all.length} findings, ` +
          `RSS at most ${mebibytes(campaign.memory.rssMax)} MiB`,
      )
    }
  } finally {
    await campaign.close()
  }
  return summarize(campaign, done, (Date.now() - startedAt) / 1000)
}

/** Checks that OpenSSL can read the certificates that were issued for mutated CSRs, up to five certificates per batch. */
async function checkCertificates(campaign: Campaign, number: number): Promise<void> {
  const client = clientOf(campaign.server, campaign.server.data)
  for (const CertificateArn of campaign.issuedArns.splice(0).slice(0, 5)) {
    const { json } = await client.call('GetCertificate', {
      CertificateAuthorityArn: CertificateArn.replace(/\/certificate\/.*/, ''),
      CertificateArn,
    })
    const pem = String(json['Certificate'])
    const unreadable = readingError(pem)
    if (unreadable === undefined) continue
    const problem = `OpenSSL cannot read ${pem}: ${unreadable}`
    campaign.findings.add({ request: `csr:${number}…`, label: 'issued certificate', problem })
  }
}

/** Returns undefined for a certificate that OpenSSL can read. */
function readingError(pem: string): string | undefined {
  try {
    return new X509Certificate(pem).serialNumber === '' ? 'it has no serial number' : undefined
  } catch (error) {
    return String(error)
  }
}

function summarize(campaign: Campaign, done: number, seconds: number): number {
  const { findings, memory, outcomes, longestBlock } = campaign
  for (const problem of memory.problems()) findings.add({ request: '-', label: 'memory', problem })
  console.log(`${done} requests in ${seconds.toFixed(0)} s, ${(done / seconds).toFixed(0)}/s`)
  console.log(`outcomes: ${[...outcomes].map(([name, count]) => `${name}: ${count}`).join(', ')}`)
  console.log(
    `longest block of an event loop: open requests ${longestBlock.open.toFixed(0)} ms, ` +
      `signed requests ${longestBlock.signed.toFixed(0)} ms, CSRs ${longestBlock.csr.toFixed(0)} ms`,
  )
  console.log(`memory: ${memory.summary()}`)
  for (const { request, label, problem, count } of findings.all)
    console.log(
      `FINDING (${count} times) ${label}: ${problem}\n` +
        `  replay: node test/fuzz/run.ts --seed ${seed} --only ${request}`,
    )
  console.log(`${findings.all.length} findings`)
  return findings.all.length
}

/** Sends a request again and prints the request and its outcome. */
async function replay(only: string, workers: string): Promise<void> {
  const [kind = '', number = ''] = only.split(':')
  const campaign = new Campaign({ seed, flags: flagsFor(workers), inFlight })
  await campaign.start()
  try {
    const generated = campaign.request(kind as CampaignClass, Number(number))
    console.log(`${generated.label}\n${JSON.stringify(generated.bytes.toString('latin1'))}`)
    const { outcome, block } = await campaign.sendAlone(generated)
    console.log(JSON.stringify(outcome), `longest block ${block.toFixed(0)} ms`)
    console.log(
      campaign.server.failure() ?? 'the server is still running',
      campaign.server.stderr(),
    )
  } finally {
    await campaign.close()
  }
}

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))
const parts = values.workers.split(',')
if (values.only !== undefined) await replay(values.only, parts[0] ?? '1')
else {
  let found = 0
  for (const [part, workers] of parts.entries()) found += await runPart(workers, part, parts.length)
  process.exitCode = found === 0 ? 0 : 1
}
