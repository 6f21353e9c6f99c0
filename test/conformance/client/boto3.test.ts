/**
 * Tests that the client and boto3 return the same results. Each scenario runs with the client and with boto3, on the same
 * service.
 */
import assert from 'node:assert/strict'
import { before, after, test } from 'node:test'
import { createUser, policyOf, sharingStatements } from '../../support/accounts.ts'
import { breakCreations, brokenKeyAlgorithm } from '../../support/broken-creations.ts'
import { callWithBoto3 } from '../../support/boto3.ts'
import { csr } from '../../support/csrs.ts'
import { clients, tool } from '../../support/foreign-tools.ts'
import { authorityInput, createAuthority, createRoot, issue } from '../../support/hierarchy.ts'
import { eventually, lastOf } from '../../support/revocation.ts'
import { TestService } from '../../support/service.ts'
import {
  clientOf,
  runWithBoto3,
  runWithClient,
  type ScenarioResults,
  type Variables,
} from './driver.ts'
import { changing, reading } from './scenarios.ts'
import { arnCases, inputCases, stateCases } from '../exception-cases.ts'
import { prepareSituation } from '../exception-situation.ts'

const bucket = 'my-reports'
/** Time in seconds after which a CA accepts another audit report. */
const reportPause = 1800
const python3 = clients('python3')
let service: TestService
/** Variables for both the client and boto3. */
let common: Variables

before(async () => {
  service = await TestService.start()
  await service.createBucket(bucket)
  // A CA accepts one audit report per half hour, and both clients use the real time.
  service.clock.advance({ seconds: -3 * reportPause })
  const root = await createRoot(service)
  const of = { CertificateAuthorityArn: root.arn }
  const { arn: certificate } = await issue(service, { arn: root.arn, csr: csr('ec-server') })
  const tags = Array.from({ length: 7 }, (_, number) => ({ Key: `tag ${number}`, Value: 'ü' }))
  await service.must('TagCertificateAuthority', { ...of, Tags: tags })
  for (let account = 1; account <= 5; account += 1)
    await service.must('CreatePermission', {
      ...of,
      Principal: 'acm.amazonaws.com',
      SourceAccount: String(account).padStart(12, '0'),
      Actions: ['GetCertificate'],
    })
  const Policy = policyOf(...sharingStatements({ arn: root.arn }))
  await service.must('PutPolicy', { ResourceArn: root.arn, Policy })
  const reports = await createReports(root.arn)
  breakCreations(service)
  const broken = authorityInput({ keyAlgorithm: brokenKeyAlgorithm })
  const { CertificateAuthorityArn: creating } = await service.must(
    'CreateCertificateAuthority',
    broken,
  )
  common = {
    bucket,
    shared: root.arn,
    certificate,
    creating,
    powerless: (await createUser(service)).credentials,
    reports,
  }
})
after(() => service.close())

/** Creates an audit report in each state, and returns the IDs by state. */
async function createReports(CertificateAuthorityArn: string): Promise<Variables> {
  const reports: Variables = {}
  for (const status of ['SUCCESS', 'FAILED', 'CREATING']) {
    const input = { CertificateAuthorityArn, S3BucketName: bucket }
    const more = { AuditReportResponseFormat: 'CSV' }
    const created = await service.must('CreateCertificateAuthorityAuditReport', {
      ...input,
      ...more,
    })
    const id = created.AuditReportId as string
    const identifiers = { CertificateAuthorityArn, AuditReportId: id }
    const isWritten = async (): Promise<true | undefined> => {
      const found = await service.must('DescribeCertificateAuthorityAuditReport', identifiers)
      return found.AuditReportStatus === 'SUCCESS' ? true : undefined
    }
    await eventually(isWritten, 'a written audit report', 30)
    service.clock.advance({ seconds: reportPause })
    // A lease prevents the job from writing a CREATING audit report again.
    const until = service.clock.now().getTime() + 300_000
    await service.inDatabase(
      `update audit_reports set status = '${status}', lease = 'test', lease_until_ms = ${until} where report_id = ?`,
      id,
    )
    reports[status] = id
  }
  return reports
}

/** Returns the variables of a single client: resources that only this client changes. */
async function createOwnVariables(token: string): Promise<Variables> {
  const { arn } = await createAuthority(service)
  const shared = String(common['shared'])
  const leaf = await issue(service, { arn: shared, csr: csr('ec-server') })
  const policy = policyOf(...sharingStatements({ arn }))
  return { own: { token, arn, policy, serial: lastOf(leaf.arn) } }
}

/** Returns the client's resume tokens for the shared CA's tags. */
async function createTokens(): Promise<Variables> {
  const client = clientOf(service)
  const tokens: Variables = {}
  for (const MaxItems of [2, 4, 6]) {
    const pages = client.getPaginator('listTags').paginate({
      CertificateAuthorityArn: String(common['shared']),
      PaginationConfig: { MaxItems, PageSize: 3 },
    })
    await pages.buildFullResult()
    tokens[`after${MaxItems}`] = pages.resumeToken
  }
  client.close()
  return tokens
}

for (const { command, optional } of python3) {
  let byBoto3: ScenarioResults | undefined
  let byClient: ScenarioResults | undefined
  test(
    `boto3 with ${command} and the client run all scenarios`,
    { timeout: 120_000 },
    async (t) => {
      if ((await tool(t, command, { probe: ['-c', 'import boto3'], optional })) === undefined)
        return
      const changed = await runWithClient(service, {
        scenarios: changing,
        variables: { ...common, ...(await createOwnVariables(`client${command.length}`)) },
      })
      const tokens = await createTokens()
      byBoto3 = await runWithBoto3(service, command, {
        scenarios: [...changing, ...reading],
        variables: { ...common, tokens, ...(await createOwnVariables(`boto3${command.length}`)) },
      })
      const { first, second, third } = byBoto3.variables
      // The client resumes from boto3's tokens, and boto3 resumes from the client's tokens.
      const read = await runWithClient(service, {
        scenarios: reading,
        variables: { ...common, tokens: { after2: first, after4: second, after6: third } },
      })
      byClient = { results: [...changed.results, ...read.results], variables: read.variables }
      assert.equal(byBoto3.results.length, changing.length + reading.length)
    },
  )

  for (const [index, { row, steps }] of [...changing, ...reading].entries())
    test(`${row}: the client and boto3 with ${command} return the same results`, (t) => {
      if (byBoto3 === undefined || byClient === undefined) return t.skip('boto3 was not run')
      const ofBoto3 = byBoto3.results[index] ?? []
      const ofClient = byClient.results[index] ?? []
      assert.equal(ofBoto3.length, steps.length)
      if (row === 'the methods') return assertSurface(ofClient[0] as Surface, ofBoto3[0] as Surface)
      assert.ok(!isError(ofClient[0]), JSON.stringify(ofClient[0]))
      const isSame = index >= changing.length
      const isOlder =
        JSON.stringify(ofBoto3).includes('"acceptors"') && !acceptsAccessDenied(ofBoto3)
      for (const [number, step] of steps.entries()) {
        const title = `${row}, step ${number}: ${JSON.stringify(step)}`
        const [actual, expected] = [ofClient[number], ofBoto3[number]].map((result) =>
          isSame ? withoutTokens(result) : withoutNames(result),
        )
        if (isOlder)
          assert.deepEqual(
            withoutModelDifferences(actual),
            withoutModelDifferences(expected),
            title,
          )
        else assert.deepEqual(actual, expected, title)
      }
    })
}

interface Surface {
  readonly methods: readonly string[]
}

/** Asserts that the client has all of boto3's methods, plus a known list of additional methods. */
function assertSurface(
  { methods, ...client }: Surface,
  { methods: names, ...boto3 }: Surface,
): void {
  const more = [
    'approveRequest',
    'checkRevocation',
    'createHierarchy',
    'describeRevocation',
    'describeServer',
    'getApproval',
    'getEnrollmentEndpoint',
    'getRecordCheckpoint',
    'getRecordEntry',
    'getRole',
    'getStatistics',
    'getUser',
    'issue',
    'listAccessKeys',
    'listAcmeAccounts',
    'listAcmeOrders',
    'listApprovals',
    'listBackups',
    'listCertificates',
    'listEnrollmentEndpoints',
    'listIdentityProviders',
    'listJobs',
    'listRecordEntries',
    'listRoles',
    'listUsers',
    'presignedHeaders',
    'publishCrl',
    'rejectRequest',
    'searchCertificates',
    'searchRecord',
    'simulatePolicy',
  ]
  assert.deepEqual(methods, [...names, ...more].sort())
  assert.deepEqual(client, boto3)
}

/**
 * Returns whether a result is an error. The first step of a scenario must succeed, so that two failing clients do not count as
 * equal.
 */
function isError(result: unknown): boolean {
  return typeof result === 'object' && result !== null && 'text' in result
}

/** Returns whether waiters have an acceptor for AccessDeniedException, as in newer versions of botocore. */
function acceptsAccessDenied(results: readonly unknown[]): boolean {
  const { acceptors } = results[0] as { acceptors: readonly { expected: unknown }[] }
  return acceptors.some(({ expected }) => expected === 'AccessDeniedException')
}

/** Removes the parts that differ in older waiter models: delays, acceptors, and the texts for AccessDeniedException. */
function withoutModelDifferences(result: unknown): unknown {
  if (typeof result !== 'object' || result === null) return result
  const { delay: _delay, acceptors: _acceptors, reason, text, ...rest } = result as Variables
  const { Code } = (rest['lastError'] ?? {}) as { Code?: string }
  return Code === 'AccessDeniedException' ? rest : { ...rest, reason, text }
}

/** Replaces page tokens, because the service returns a new token for the same page each time. */
function withoutTokens(result: unknown): unknown {
  const text = JSON.stringify(result).replaceAll(/("NextToken":")[^"]+/g, '$1token')
  return JSON.parse(text)
}

/** Replaces identifiers that the service generated with numbers. Also replaces times, PEM, serial numbers and tokens. */
function withoutNames(result: unknown): unknown {
  const seen: string[] = []
  const number = (name: string): string => {
    if (!seen.includes(name)) seen.push(name)
    return `#${seen.indexOf(name)}`
  }
  const text = JSON.stringify(result)
    .replaceAll(/-----BEGIN ([A-Z ]+)-----[^-]+-----END [A-Z ]+-----/g, 'PEM of $1')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'time')
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, number)
    .replaceAll(/("Serial":")[^"]+/g, '$1serial')
    .replaceAll(/[0-9a-f]{32}/g, number)
    .replaceAll(/("NextToken":")[^"]+/g, '$1token')
  return JSON.parse(text)
}

for (const { command, optional } of python3)
  test(
    `the client throws the same exceptions as boto3 with ${command}`,
    { timeout: 120_000 },
    async (t) => {
      const python = await tool(t, command, { probe: ['-c', 'import boto3'], optional })
      if (python === undefined) return
      const situation = await prepareSituation()
      try {
        const cases = [...arnCases(situation), ...stateCases(situation), ...inputCases(situation)]
        const byBoto3 = await callWithBoto3(situation.service, python, cases)
        const { results } = await runWithClient(situation.service, {
          scenarios: cases.map(({ operation, input }) => ({
            row: operation,
            steps: [
              {
                do: 'call',
                operation: operation.charAt(0).toLowerCase() + operation.slice(1),
                input,
              },
            ],
          })),
          variables: {},
        })
        const codes = new Set<string>()
        for (const [index, { operation, exception }] of cases.entries()) {
          const title = `${operation} ${exception}`
          const raised = byBoto3[index]?.[0]
          assert.ok(raised, title)
          codes.add(raised.code)
          const { requestId, typed, ...rest } = raised
          assert.deepEqual(
            asBoto3Exception(results[index]?.[0]),
            { ...rest, isOfClient: typed, hasRequestId: requestId !== '' },
            title,
          )
        }
        // Two of the 19 exceptions are missing: ConcurrentModification requires concurrent calls, and LockoutPrevented cannot
        // occur.
        assert.equal(codes.size, 17)
      } finally {
        await situation.service.close()
      }
    },
  )

function asBoto3Exception(result: unknown): unknown {
  const refusal = result as {
    class: string
    isOfClient: boolean
    error: { Code: string; Message: string }
    status: number
    operation: string
    hasRequestId: boolean
  }
  const { class: type, error, isOfClient, status, operation, hasRequestId } = refusal
  return {
    type,
    isOfClient,
    code: error.Code,
    message: error.Message,
    status,
    operation,
    hasRequestId,
  }
}

for (const { command, optional } of python3)
  test(`the client and boto3 with ${command} generate identical presigned URLs`, async (t) => {
    const python = await tool(t, command, { probe: ['-c', 'import boto3'], optional })
    if (python === undefined) return
    const input = { CertificateAuthorityArn: common['shared'], MaxResults: 3 }
    const text = { CertificateAuthorityArn: common['shared'], Certificate: "-----BEGIN ü'()*!~" }
    const calls = [
      { operation: 'listTags', input },
      { operation: 'listTags', input, expiresIn: 1, method: 'GET' },
      { operation: 'importCertificateAuthorityCertificate', input: text, expiresIn: 604_800 },
    ] as const
    const { variables } = await runWithBoto3(service, python, {
      scenarios: calls.map((call, number) => ({
        row: '',
        steps: [{ do: 'presign', ...call, save: `url ${number}` }],
      })),
      variables: {},
    })
    const client = clientOf(service)
    for (const [number, { operation, input: params, ...options }] of calls.entries()) {
      const expected = new URL(String(variables[`url ${number}`]))
      const url = await client.generatePresignedUrl(operation, params as never, {
        ...options,
        signingDate: dateOf(expected.searchParams.get('X-Amz-Date') ?? ''),
      })
      assert.deepEqual(partsOf(new URL(url)), partsOf(expected))
    }
    client.close()
  })

function partsOf(url: URL): object {
  const query = url.search.slice(1).split('&').sort()
  return { origin: url.origin, path: url.pathname, query }
}

function dateOf(timestamp: string): Date {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(timestamp) ?? []
  const [year = 0, month = 0, day, hour, minute, second] = parts.map(Number)
  return new Date(Date.UTC(year, month - 1, day, hour, minute, second))
}
