/** Makes calls with boto3 and returns its exceptions (test/conformance/exceptions_boto3.py). */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { clientEnvironment } from './foreign-tools.ts'
import type { TestService } from './service.ts'

/** Region that the calls are signed for. */
export const boto3Region = 'eu-west-1'

const program = join(import.meta.dirname, '../conformance/exceptions_boto3.py')

export interface Boto3Call {
  readonly operation: string
  /** Members as in the API; blobs are text. */
  readonly input: object
  /** Access key id and secret; the administrator's unless given. */
  readonly key?: readonly [id: string, secret: string]
  /** What is done to the request on its way, by its name in the program. */
  readonly tamper?: string
  /** So many of the call are in the server before the first of them can write. */
  readonly together?: number
}

/** An exception of boto3. */
export interface Raised {
  /** Name of the Python class. */
  readonly type: string
  /** Whether that is the client's own class for the code. */
  readonly typed: boolean
  readonly code: string
  readonly message: string
  /** HTTP status. */
  readonly status: number
  readonly requestId: string
  readonly operation: string
}

/** Makes the calls one after the other: for each its outcomes, null where it succeeded. */
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
  const database = join(dataDirectory, 'signet.sqlite')
  child.stdin.end(JSON.stringify({ endpoint: service.url, region: boto3Region, database, cases }))
  const ended = new Promise((resolve) => child.once('close', resolve))
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)])
  assert.equal(await ended, 0, errors)
  const outcomes = JSON.parse(output) as (Raised | null)[][]
  assert.equal(outcomes.length, cases.length)
  return outcomes
}

/** The one outcome of a call that is refused. */
export function onlyRaised(
  outcomes: readonly (Raised | null)[] | undefined,
  about: string,
): Raised {
  const [raised] = outcomes ?? []
  assert.ok(outcomes?.length === 1 && raised, `${about}: it is not refused`)
  return raised
}
