/** Makes calls with boto3 and returns its exceptions (test/conformance/exceptions_boto3.py). */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { clientEnvironment } from './foreign-tools.ts'
import type { TestService } from './service.ts'

/** Region for which the calls are signed. */
export const boto3Region = 'eu-west-1'

const program = join(import.meta.dirname, '../conformance/exceptions_boto3.py')

export interface Boto3Call {
  readonly operation: string
  /** Input with the API's member names, in which blobs are strings. */
  readonly input: object
  /** Access key ID and secret access key; the administrator's by default. */
  readonly key?: readonly [id: string, secret: string]
  /** How the request is manipulated: a name from the Python program. */
  readonly tamper?: string
  /** Number of concurrent calls. */
  readonly concurrency?: number
}

/** An exception raised by boto3. */
export interface Raised {
  /** Name of the Python class. */
  readonly type: string
  /** Whether the class is the client's modeled exception for the error code. */
  readonly typed: boolean
  readonly code: string
  readonly message: string
  /** HTTP status. */
  readonly status: number
  readonly requestId: string
  readonly operation: string
}

/** Makes the calls sequentially, and returns the outcome of each call: an exception, or null for success. */
export async function callWithBoto3(
  service: TestService,
  python: string,
  cases: readonly Boto3Call[],
): Promise<(Raised | null)[][]> {
  const { dataDirectory } = service.config
  const child = spawn(python, [program], {
    env: clientEnvironment(dataDirectory, { dataDirectory, region: boto3Region }),
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdin.end(JSON.stringify({ endpoint: service.url, region: boto3Region, cases }))
  const ended = new Promise((resolve) => child.once('close', resolve))
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)])
  assert.equal(await ended, 0, errors)
  const outcomes = JSON.parse(output) as (Raised | null)[][]
  assert.equal(outcomes.length, cases.length)
  return outcomes
}

/** Asserts that a call raised an exception, and returns the exception. */
export function onlyRaised(
  outcomes: readonly (Raised | null)[] | undefined,
  title: string,
): Raised {
  const [raised] = outcomes ?? []
  assert.ok(outcomes?.length === 1 && raised, `${title}: the call succeeded`)
  return raised
}
