/** Assembles a CA within another program's process: the CA has no listener, handles no signals and prints nothing. */
import {
  createClient,
  type Client,
  type ClientOptions,
  type IssueRequest,
  type WaiterConfig,
} from '../client/index.ts'
import { createFailureLimiter } from '../src/access/failure-limiter.ts'
import { systemClock } from '../src/clock.ts'
import { bucketsFolder, type DataFolder } from '../src/data-folder/data-folder.ts'
import { ConfigurationError } from '../src/errors.ts'
import { createJobs } from '../src/jobs/index.ts'
import { createBucket } from '../src/objects/embedded-buckets.ts'
import { systemRandom, uuid } from '../src/random.ts'
import { createApiServices } from '../src/server/api-services.ts'
import { createServices, type ProcessServices } from '../src/server/create-services.ts'
import { openOwnData } from '../src/server/open-data.ts'
import { startProcess, type ProcessContext, type Runtime } from '../src/server/runtime.ts'
import { createOwnState, type SharedState } from '../src/server/shared-state.ts'
import { watchMasterKey } from '../src/server/watch-master-key.ts'
import type { Config } from '../src/settings/config.ts'
import { findAccessKey } from '../src/store/access-keys.ts'
import type { Credentials } from '../src/text/credentials-file.ts'
import { readCredentials } from './credentials.ts'
import { createGate, withLivingProcess, type Gate } from './gate.ts'
import { openLog } from './logs.ts'
import { checkEmbeddedOptions, configOf, type EmbeddedOptions } from './options.ts'
import { appendEvent } from '../src/store/leaves.ts'
import { makePrivateFolder } from '../src/server/private-folder.ts'
import { createFetchPublic, type FetchPublic } from './public.ts'
import { createRequestHandler, type EmbeddedRequestHandler } from './request-handler.ts'
import { silentMetrics } from './silent-metrics.ts'

/**
 * A CA in the current process.
 *
 * @example
 * await using ca: EmbeddedCa = await openEmbedded()
 */
export interface EmbeddedCa extends AsyncDisposable {
  /** A `signet-ca/client` client with the administrator's credentials. The client polls at intervals of 10 ms. */
  readonly client: Client
  /** A request handler for the AWS SDK for JavaScript v3, which serves AWS Private CA and STS clients. */
  readonly requestHandler: EmbeddedRequestHandler
  /** The `endpoint` option for SDK clients, which require a URL. Requests to the endpoint never leave the process. */
  readonly endpoint: string
  /** The Region that `client` uses. */
  readonly region: string
  /** The access key that `client` uses. */
  readonly credentials: Credentials
  /** Account ID: 12 digits. */
  readonly accountId: string
  /**
   * Absolute path of the data folder, for commands with `--data`. An in-memory CA uses a temporary folder that exists until the
   * CA is closed.
   */
  readonly dataDirectory: string
  /** Base of the CRL, OCSP and CA certificate URLs in issued certificates, without a trailing slash. */
  readonly publicUrl: string
  /** Fetches the CA's CRLs, OCSP responses and CA certificates, with the interface of `fetch`. */
  readonly fetchPublic: FetchPublic
  /**
   * Creates a bucket for CRLs and audit reports.
   *
   * @param name 3 to 63 lower-case letters, digits, dots and hyphens
   * @throws Error if the bucket exists, the name is invalid, or the CA is closed
   * @example
   * await ca.createBucket('example-crls')
   */
  createBucket(name: string): Promise<void>
  /**
   * Waits for calls in progress to complete, and closes the CA. An in-memory CA is deleted when it is closed.
   * Further calls to `close` have no effect.
   *
   * @throws Error if the database cannot be closed
   * @example
   * await ca.close()
   */
  close(): Promise<void>
}

const endpoint = 'http://signet.embedded'
const regionDefault = 'us-east-1'
const memory = ':memory:'

/**
 * Opens a CA in the current process, without a port, signal handlers or output. An open CA does not keep the process alive.
 *
 * @throws TypeError for an unknown option and for a value of the wrong type
 * @throws Error for an invalid value, and for a data folder that is in use or damaged; the message states what to do
 * @example
 * import { openEmbedded } from 'signet-ca/embedded'
 *
 * await using ca = await openEmbedded()
 * await ca.client.createHierarchy({
 *   root: { subject: { CommonName: 'Test Root' } },
 *   issuing: { subject: { CommonName: 'Test Issuing CA' } },
 * })
 * const { key, certificate } = await ca.client.issue({
 *   ca: 'Test Issuing CA',
 *   names: ['localhost'],
 *   validity: { days: 1 },
 * })
 */
export async function openEmbedded(options: EmbeddedOptions = {}): Promise<EmbeddedCa> {
  checkEmbeddedOptions(options)
  const gate = createGate()
  const ca = await withLivingProcess(() =>
    startProcess(async (stack) => {
      const { data = memory, region = regionDefault } = options
      const isPrivate = data === memory
      const directory = isPrivate ? makePrivateFolder(stack) : data
      const config = configOf(options, directory)
      const context = await createContext(config, options, gate)
      const opened = await openOwnData(config, context, stack)
      const { runtime } = opened
      const credentials = options.credentials ?? (await readCredentials(opened.credentials.path))
      const accountId = await accountOf(runtime.data, credentials)
      if (!isPrivate) watchMasterKey(runtime)
      const shared = await createOwnState(runtime, { metrics: silentMetrics })
      const { publicUrl = '' } = config
      const created = await createServices(runtime, { ...shared, publicUrl })
      const interfaces = createInterfaces(runtime, { ...created, shared, gate, publicUrl })
      shared.startJobs(createJobs({ ...config, validation: undefined }), created.services)
      const client = createQuickClient({
        region,
        endpoint,
        credentials,
        requestHandler: interfaces.requestHandler,
        // Without a clock offset, the SDK would obtain the CA's time only from a rejected request.
        systemClockOffset: context.clock.now().getTime() - systemClock.now().getTime(),
      })
      stack.defer(async () => {
        gate.shut(new Error('the embedded CA is closed'))
        await gate.idle()
        client.close()
      })
      const createBucketOf = (name: string): Promise<void> =>
        gate.pass(async () => {
          const createdAt = context.clock.now()
          const actor = { principal: 'createBucket() of the embedded CA' }
          const event = { event: 'bucket-creation', bucket: name, accountId }
          const leaf = appendEvent({ time: createdAt, actor }, event)
          await createBucket(bucketsFolder(config), { name, accountId, createdAt }, () =>
            runtime.data.db.transaction([leaf]),
          )
        })
      const { dataDirectory } = config
      const properties = { endpoint, region, credentials, accountId, dataDirectory, publicUrl }
      return { ...properties, ...interfaces, client, createBucket: createBucketOf }
    }),
  )
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => (closing ??= withLivingProcess(() => ca.close()))
  return { ...ca, close, [Symbol.asyncDispose]: close }
}

async function createContext(
  { logLevel }: Config,
  { clock = systemClock }: EmbeddedOptions,
  gate: Gate,
): Promise<ProcessContext> {
  const log = await openLog(logLevel)
  return {
    clock,
    random: systemRandom,
    log,
    onFailure(cause) {
      log.fatal({ err: cause }, 'the database failed; the embedded CA is closed')
      gate.shut(new Error('the database of the embedded CA failed', { cause }))
    },
  }
}

interface InterfacesOptions extends ProcessServices {
  readonly shared: SharedState
  readonly gate: Gate
  readonly publicUrl: string
}

/** Creates the equivalents of a server's API listener and public listener. */
function createInterfaces(
  runtime: Runtime,
  { services, publicObjects, shared, gate, publicUrl }: InterfacesOptions,
): Pick<EmbeddedCa, 'requestHandler' | 'fetchPublic'> {
  const { clock, random } = runtime
  const requestId = (): string => uuid(random)
  const api = createApiServices(runtime, services, {
    rateLimiter: shared.rateLimiter,
    // A caller in the same process can read the secret, so guesses are not rate-limited.
    failureLimiter: createFailureLimiter(0, clock),
    callLog: undefined,
  })
  return {
    requestHandler: createRequestHandler({ api, gate, requestId }),
    fetchPublic: createFetchPublic({ services, publicObjects, gate, requestId, publicUrl }),
  }
}

/** Polls for two minutes at short intervals, because the client's defaults suit a remote service. */
const quickWaiter = { Delay: 0.01, MaxAttempts: 12_000 }

/** Creates a client that polls for certificates and CAs at short intervals. */
function createQuickClient(options: ClientOptions): Client {
  const client = createClient(options)
  return {
    ...client,
    issue: ((request: IssueRequest) => client.issue(withQuickWaiter(request))) as Client['issue'],
    createHierarchy: (request) => client.createHierarchy(withQuickWaiter(request)),
  }
}

/** Adds waiter options with short intervals to a request. An invalid request is returned unchanged, and the client rejects it. */
function withQuickWaiter<Request extends { readonly waiter?: WaiterConfig }>(
  request: Request,
): Request {
  const { waiter = {} } = request ?? {}
  const isValid = [request, waiter].every((each) => isPlainObject(each))
  return isValid ? { ...request, waiter: { ...quickWaiter, ...waiter } } : request
}

function isPlainObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

async function accountOf(
  { db, sealers }: DataFolder,
  { accessKeyId }: Credentials,
): Promise<string> {
  const key = await findAccessKey(db, sealers, accessKeyId)
  if (key !== undefined) return key.accountId
  throw new ConfigurationError(`the data folder has no access key ${accessKeyId}`)
}
