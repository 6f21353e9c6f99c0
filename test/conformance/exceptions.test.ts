/** Tests that boto3 raises every exception in AWS's service model as an instance of its modeled class. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { policyOf, share, sharingStatements } from '../support/accounts.ts'
import { callWithBoto3, onlyRaised, type Boto3Call, type Raised } from '../support/boto3.ts'
import { clients, tool } from '../support/foreign-tools.ts'
import { facts } from '../support/model-values.ts'
import {
  arnCases,
  inputCases,
  stateCases,
  unreachable,
  type ExceptionCase,
} from './exception-cases.ts'
import { prepareSituation, type Situation } from './exception-situation.ts'

let situation: Situation
let cases: ExceptionCase[]
before(async () => {
  situation = await prepareSituation()
  cases = [...arnCases(situation), ...stateCases(situation), ...inputCases(situation)]
})
after(() => situation.service.close())

/** Operations that fail if another request is changing the CA. */
const concurrent = [
  'DeleteCertificateAuthority',
  'DeletePolicy',
  'ImportCertificateAuthorityCertificate',
  'PutPolicy',
  'UpdateCertificateAuthority',
]

const uuidForm = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const python3 = clients('python3')

test('every exception of every operation has a case, or a reason why it cannot occur', () => {
  const modelled = Object.entries(facts.operations).flatMap(([operation, { errors }]) =>
    errors.map((error) => `${operation} ${error.replace(/Exception$/, '')}`),
  )
  const reached = new Set([
    ...cases.map(({ operation, exception }) => `${operation} ${exception}`),
    ...concurrent.map((operation) => `${operation} ConcurrentModification`),
  ])
  const excused = Object.keys(unreachable)
  assert.deepEqual([...reached, ...excused].sort(), modelled.sort())
  const nameOf = (pair: string): string => pair.split(' ')[1] ?? ''
  const names = new Set(modelled.map(nameOf))
  const raised = new Set([...reached].map(nameOf))
  assert.equal(names.size, 19)
  assert.deepEqual(
    [...names].filter((name) => !raised.has(name)),
    ['LockoutPrevented'],
  )
})

for (const { command, optional } of python3)
  test(`boto3 with ${command} raises each exception as its modeled class`, async (t) => {
    const python = await tool(t, command, { probe: ['-c', 'import boto3'], optional })
    if (python === undefined) return
    const outcomes = await callWithBoto3(situation.service, python, cases)
    for (const [index, expected] of cases.entries())
      assertRaised(onlyRaised(outcomes[index], expected.operation), expected)
  })

function assertRaised(
  raised: Raised,
  { operation, exception, message: pattern }: Omit<ExceptionCase, 'input'>,
): void {
  const title = `${operation} ${exception} ${pattern}`
  const { requestId, message, ...rest } = raised
  const code = `${exception}Exception`
  assert.deepEqual(rest, { type: code, typed: true, code, status: 400, operation }, title)
  assert.match(message, pattern, title)
  assert.match(requestId, uuidForm, title)
}

for (const [turn, { command, optional }] of python3.entries())
  test(`only one of four concurrent changes with boto3 with ${command} succeeds`, async (t) => {
    const python = await tool(t, command, { probe: ['-c', 'import boto3'], optional })
    if (python === undefined) return
    const calls = await concurrentCalls(situation.deletable[turn] ?? '')
    assert.deepEqual(calls.map(({ operation }) => operation).sort(), concurrent)
    const { service, barrier } = situation
    const outcomes = await barrier.hold(4, () => callWithBoto3(service, python, calls))
    for (const [index, { operation, concurrency }] of calls.entries()) {
      const raised = outcomes[index]?.filter((outcome) => outcome !== null) ?? []
      const message =
        /^The certificate authority is being changed by another request\. Try again\.$/
      assert.equal(raised.length, concurrency - 1, `${operation}: ${JSON.stringify(raised)}`)
      for (const one of raised)
        assertRaised(one, { operation, exception: 'ConcurrentModification', message })
    }
  })

/** Returns a call for each operation in `concurrent`, on CAs whose state allows the operation. */
async function concurrentCalls(
  deletable: string,
): Promise<(Boto3Call & { concurrency: number })[]> {
  const { service, root, revoking, rootCertificate } = situation
  await share(service, { arn: revoking })
  const [read, issuing] = sharingStatements({ arn: root })
  const Policy = policyOf({ ...read, Sid: crypto.randomUUID() }, issuing)
  const ofRoot = { CertificateAuthorityArn: root }
  const RevocationConfiguration = { OcspConfiguration: { Enabled: true } }
  const inputs = {
    DeleteCertificateAuthority: { CertificateAuthorityArn: deletable },
    PutPolicy: { ResourceArn: root, Policy },
    DeletePolicy: { ResourceArn: revoking },
    ImportCertificateAuthorityCertificate: { ...ofRoot, Certificate: rootCertificate },
    UpdateCertificateAuthority: { ...ofRoot, RevocationConfiguration },
  }
  return Object.entries(inputs).map(([operation, input]) => ({ operation, input, concurrency: 4 }))
}
