/** Runs the steps of scenarios with either the client or boto3 (test/conformance/client/boto3_calls.py). */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import {
  ClientError,
  createClient,
  WaiterError,
  type Client,
  type OperationName,
  type PaginationConfig,
  type PaginatorName,
  type WaiterConfig,
  type WaiterName,
} from '../../../client/index.ts'
import { waiterModels } from '../../../client/waiters.ts'
import { clientEnvironment } from '../../support/foreign-tools.ts'
import type { TestService } from '../../support/service.ts'
import type { Credentials } from '../../support/signed-request.ts'

/** A step in a scenario. In an input, `{ $: 'a.B' }` stands for member B of the variable `a`. */
export type Step = {
  /** Variable that contains the credentials; by default, the administrator's credentials are used. */
  readonly key_of?: { readonly $: string }
} & (
  | {
      readonly do: 'call'
      readonly operation: string
      readonly input?: object
      readonly save?: string
    }
  | { readonly do: 'canPaginate'; readonly operation: string }
  | { readonly do: 'close' }
  | { readonly do: 'exceptionClass'; readonly code: string }
  | {
      readonly do: 'pages'
      readonly operation: string
      readonly key: string
      readonly input?: object
      readonly config?: PaginationConfig | object
      readonly save?: string
    }
  | {
      readonly do: 'presign'
      readonly operation: string
      readonly input?: object
      readonly expiresIn?: number
      readonly method?: string
      readonly send?: boolean
      readonly save?: string
    }
  | { readonly do: 'surface' }
  | {
      readonly do: 'wait'
      readonly waiter: string
      readonly input: object
      readonly config?: WaiterConfig
    }
  | { readonly do: 'waiterModel'; readonly waiter: string }
)

export interface Scenario {
  /** Row in the table of docs/client-reference.md. */
  readonly row: string
  readonly steps: readonly Step[]
}

export type Variables = Record<string, unknown>

/** The results of the steps in each scenario, and the variables at the end. */
export interface ScenarioResults {
  readonly results: readonly (readonly unknown[])[]
  readonly variables: Variables
}

export const region = 'eu-west-1'

type StepOf<Kind extends Step['do']> = Extract<Step, { readonly do: Kind }>

/** Runs scenarios with boto3, in a single process. */
export async function runWithBoto3(
  service: TestService,
  python: string,
  {
    scenarios,
    variables,
  }: { readonly scenarios: readonly Scenario[]; readonly variables: Variables },
): Promise<ScenarioResults> {
  const { dataDirectory } = service.config
  const child = spawn(python, [join(import.meta.dirname, 'boto3_calls.py')], {
    env: clientEnvironment(dataDirectory, { dataDirectory, region }),
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdin.end(JSON.stringify({ endpoint: service.url, region, variables, scenarios }))
  const ended = new Promise((done) => child.once('close', done))
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)])
  assert.equal(await ended, 0, errors)
  return JSON.parse(output) as ScenarioResults
}

/** Runs scenarios with the client. */
export async function runWithClient(
  service: TestService,
  {
    scenarios,
    variables: given,
  }: { readonly scenarios: readonly Scenario[]; readonly variables: Variables },
): Promise<ScenarioResults> {
  const variables = { ...given }
  const results: unknown[][] = []
  for (const { steps } of scenarios) {
    const result: unknown[] = []
    for (const step of steps) result.push(await runStep(service, step, variables))
    results.push(result)
  }
  return JSON.parse(JSON.stringify({ results, variables })) as ScenarioResults
}

/** Creates a client for the service. */
export function clientOf(
  service: TestService,
  credentials: Credentials = service.credentials,
): Client {
  return createClient({ region, endpoint: service.url, credentials, maxAttempts: 1 })
}

async function runStep(service: TestService, step: Step, variables: Variables): Promise<unknown> {
  const key = step.key_of && (resolve(step.key_of, variables) as Credentials)
  const client = clientOf(service, key)
  try {
    return await act(client, step, variables)
  } catch (error) {
    return describe(client, error)
  } finally {
    client.close()
  }
}

async function act(client: Client, step: Step, variables: Variables): Promise<unknown> {
  switch (step.do) {
    case 'call':
      return callOperation(client, step, variables)
    case 'canPaginate':
      return client.canPaginate(step.operation as OperationName)
    case 'close':
      client.close()
      await client.listCertificateAuthorities()
      return 'closed'
    case 'exceptionClass': {
      const found = client.exceptions.fromCode(step.code)
      const isClientError = found === ClientError || found.prototype instanceof ClientError
      return { class: found.name, isClientError }
    }
    case 'pages':
      return readPages(client, step, variables)
    case 'presign':
      return presign(client, step, variables)
    case 'surface':
      return surface(client)
    case 'wait': {
      const input = {
        ...(resolve(step.input, variables) as object),
        WaiterConfig: step.config ?? {},
      }
      await client.getWaiter(step.waiter as WaiterName).wait(input as never)
      return 'reached'
    }
    case 'waiterModel': {
      const { operation, ...model } = waiterModels[step.waiter as WaiterName]
      return { ...model, operation: client.meta.methodToApiMapping[operation] }
    }
  }
}

type Method = (
  input: unknown,
) => Promise<{ $metadata: { httpStatusCode?: number; requestId?: string } }>

async function callOperation(
  client: Client,
  { operation, input, save }: StepOf<'call'>,
  variables: Variables,
): Promise<unknown> {
  const method = client[operation as OperationName] as unknown as Method
  const { $metadata, ...output } = await method(resolve(input, variables))
  if (save !== undefined) variables[save] = plain(output)
  return {
    status: $metadata.httpStatusCode,
    hasRequestId: Boolean($metadata.requestId),
    output: plain(output),
  }
}

async function readPages(
  client: Client,
  { operation, key, input, config, save }: StepOf<'pages'>,
  variables: Variables,
): Promise<unknown> {
  const members = {
    ...(resolve(input, variables) as object),
    PaginationConfig: resolve(config ?? {}, variables),
  }
  const paginator = client.getPaginator(operation as PaginatorName)
  const iterator = paginator.paginate(members as never)
  const pages: unknown[] = []
  for await (const page of iterator) pages.push(plain((page as unknown as Variables)[key]))
  const token = iterator.resumeToken
  const full = (await paginator
    .paginate(members as never)
    .buildFullResult()) as unknown as Variables
  if (save !== undefined) variables[save] = token ?? null
  return {
    pages,
    resume: token === undefined ? null : positionOf(token),
    full: plain(full[key]),
    fullHasToken: 'NextToken' in full,
  }
}

function positionOf(token: string): object {
  const found = JSON.parse(Buffer.from(token, 'base64').toString()) as Variables
  return {
    hasServiceToken: found['NextToken'] !== null,
    skipped: found['boto_truncate_amount'] ?? null,
  }
}

async function presign(
  client: Client,
  { operation, input, expiresIn, method, send, save }: StepOf<'presign'>,
  variables: Variables,
): Promise<unknown> {
  const name = operation as OperationName
  const url = await client.generatePresignedUrl(name, resolve(input, variables) as never, {
    ...(expiresIn !== undefined && { expiresIn }),
    ...(method !== undefined && { method }),
  })
  if (save !== undefined) variables[save] = url
  if (send !== true) return 'signed'
  const headers = client.presignedHeaders(name)
  const response = await fetch(url, { method: method ?? 'POST', headers })
  return { status: response.status, body: await response.json() }
}

async function surface(client: Client): Promise<unknown> {
  const names = Object.keys(client.meta.methodToApiMapping) as OperationName[]
  return {
    methods: Object.keys(client).sort(),
    mapping: client.meta.methodToApiMapping,
    exceptions: Object.keys(client.exceptions)
      .filter((name) => /^[A-Z]/.test(name))
      .sort(),
    waiters: [...client.waiterNames].sort(),
    region: await client.meta.regionName(),
    endpoint: await client.meta.endpointUrl(),
    pageable: names.filter((name) => client.canPaginate(name)).sort(),
  }
}

function describe(client: Client, error: unknown): unknown {
  if (error instanceof WaiterError) {
    const { reason, message, lastResponse } = error
    const { Error: lastError } = lastResponse as { Error?: unknown }
    const { $metadata: _metadata, ...output } = lastResponse as { $metadata?: unknown }
    return {
      class: error.name,
      text: message,
      reason,
      lastError: lastError ?? null,
      lastOutput: lastError === undefined ? plain(output) : null,
    }
  }
  if (!(error instanceof ClientError)) {
    assert.ok(error instanceof Error)
    // Python raises ValueError for an invalid value.
    const isValue = error instanceof TypeError || error instanceof RangeError
    return { class: isValue ? 'ValueError' : error.name, text: error.message }
  }
  const { ResponseMetadata: metadata } = error.response
  return {
    class: error.constructor.name,
    isOfClient: error instanceof client.exceptions.fromCode(error.code),
    isClientError: error instanceof client.exceptions.ClientError,
    error: error.response.Error,
    text: error.message,
    operation: error.operationName,
    status: metadata.HTTPStatusCode,
    retries: metadata.RetryAttempts,
    hasRequestId: metadata.RequestId !== '',
    contentType: metadata.HTTPHeaders['content-type'],
  }
}

function resolve(value: unknown, variables: Variables): unknown {
  if (Array.isArray(value)) return value.map((member) => resolve(member, variables))
  if (typeof value !== 'object' || value === null) return value
  if ('$' in value)
    return String(value.$)
      .split('.')
      .reduce<unknown>((found, part) => (found as Variables)[part], variables)
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, resolve(member, variables)]),
  )
}

function plain(value: unknown): unknown {
  if (value instanceof Date) return { date: value.toISOString() }
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== '$metadata')
      .map(([name, member]) => [name, plain(member)]),
  )
}
