/**
 * Writes cases.json from the file of x509-limbo. Usage: node make-cases.mjs limbo.json > cases.json
 *
 * A certificate is written once and named by its index. Each case gets every path from its peer certificate to a
 * trusted one; if no signature leads there, all certificates in the order of the case.
 */
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { notApplicable } from './not-applicable.mjs'

const limbo = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const pathsMax = 8
const depthMax = 12

const certificates = []
const derBase64Of = (pem) => pem.replaceAll(/-----[^-]*-----|\s/g, '')
function indexOf(pem) {
  const text = derBase64Of(pem)
  const known = certificates.indexOf(text)
  return known < 0 ? certificates.push(text) - 1 : known
}

/** Some are malformed on purpose; those lead nowhere. */
function isIssuedBy(pem, issuerPem) {
  try {
    const certificate = new X509Certificate(pem)
    const issuer = new X509Certificate(issuerPem)
    return certificate.issuer === issuer.subject && certificate.verify(issuer.publicKey)
  } catch {
    return false
  }
}

function pathsOf(testcase) {
  const trusted = new Set(testcase.trusted_certs)
  const candidates = [...(testcase.untrusted_intermediates ?? []), ...trusted]
  const found = []
  const follow = (path) => {
    const last = path.at(-1)
    if (path.length > 1 && trusted.has(last)) return void found.push(path)
    if (path.length > depthMax) return
    for (const next of candidates)
      if (found.length < pathsMax && !path.includes(next) && isIssuedBy(last, next))
        follow([...path, next])
  }
  if (candidates.length < 20) follow([testcase.peer_certificate])
  return found.length > 0 ? found : [[testcase.peer_certificate, ...candidates]]
}

const cases = []
const left = {}
for (const testcase of limbo.testcases) {
  const { id, validation_time: time, expected_result: expected } = testcase
  const reason = notApplicable(id)
  if (reason === undefined)
    cases.push({
      id,
      expected,
      ...(time && { time }),
      paths: pathsOf(testcase).map((path) => path.map(indexOf)),
    })
  else left[id] = reason
}

const line = (value) => JSON.stringify(value)
const lines = (values) => values.map((value) => `    ${line(value)}`).join(',\n')
const entries = Object.entries(left).map(([id, reason]) => `    ${line(id)}: ${line(reason)}`)
process.stdout.write(`{
  "ids": [
${lines(limbo.testcases.map(({ id }) => id))}
  ],
  "cases": [
${lines(cases)}
  ],
  "notApplicable": {
${entries.join(',\n')}
  },
  "certificates": [
${lines(certificates)}
  ]
}
`)
