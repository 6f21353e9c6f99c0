/** The two listeners of a process that answers requests. */
import type { FastifyInstance } from 'fastify'
import { createFailureLimiter } from '../access/failure-limiter.ts'
import { createCallRecorder } from '../call-log/call-recorder.ts'
import { createBodyBudget, type BodyBudget } from '../http/body/budget.ts'
import { createHealth, type Health } from '../http/health.ts'
import { answerPublic } from '../http/public.ts'
import { createApiServer, createPublicServer } from '../http/server.ts'
import { createOcspHandler } from '../ocsp/handler.ts'
import { createOcspResponder } from '../ocsp/responder.ts'
import type { Address } from '../settings/parse-values.ts'
import { createApiServices, loadTokenVerification } from './api-services.ts'
import type { ProcessServices } from './create-services.ts'
import { cannotListen, ReservedPort } from './public-port.ts'
import type { Runtime } from './runtime.ts'
import type { SharedState } from './shared-state.ts'
import { keepCertificate, openTlsSource, type TlsSource } from './tls/certificate-source.ts'

export interface Listeners {
  readonly apiUrl: string
  /** Reads the certificate of the API listener again. Throws ConfigurationError if it is invalid. */
  readonly reload: () => Promise<void>
}

interface ListenersOptions extends ProcessServices {
  readonly shared: SharedState
  /** Bound already, or an address; `reusePort` if other processes have a socket on it. */
  readonly publicPort: ReservedPort | (Address & { readonly reusePort: boolean })
}

/** Objects that both listeners use. */
interface Common {
  readonly health: Health
  readonly budget: BodyBudget
}

/** Starts the public listener, and then the API listener. Throws ConfigurationError for an invalid certificate, or if a port is in use. */
export async function startListeners(
  runtime: Runtime,
  options: ListenersOptions,
): Promise<Listeners> {
  const { config, data, clock } = runtime
  const tls = await openTlsSource(config)
  const health = createHealth(data.db, clock)
  const common = { health, budget: createBodyBudget(config.limits.bodyMemoryBytes) }
  await startPublicListener(runtime, options, common)
  return startApiListener(runtime, { ...options, tls }, common)
}

async function startPublicListener(
  { config, clock, random, log, stack }: Runtime,
  { services, publicObjects, publicPort }: ListenersOptions,
  { health, budget }: Common,
): Promise<void> {
  const { limits, basePath } = config
  const responder = createOcspResponder(services)
  const server = createPublicServer(
    { log, random, health, limits, basePath },
    {
      ocsp: createOcspHandler({ clock, log, responder, budget }),
      answer: (request) => answerPublic({ services, publicObjects }, request),
      budget,
    },
  )
  stack.defer(() => server.close())
  await listenOn(server, publicPort)
}

async function startApiListener(
  runtime: Runtime,
  { services, shared, tls }: ListenersOptions & { readonly tls: TlsSource | undefined },
  common: Common,
): Promise<Listeners> {
  const { config, clock, log, stack } = runtime
  const { limits } = config
  const callLog =
    shared.callLog && createCallRecorder(shared.callLog, { required: config.callLogRequired })
  stack.defer(() => callLog?.flush())
  const failureLimiter = createFailureLimiter(limits.authFailuresPerMinute, clock)
  const { rateLimiter } = shared
  const api = createApiServices(runtime, services, { rateLimiter, failureLimiter, callLog })
  const material = await tls?.first(services)
  const server = createApiServer({ ...api, ...common, limits }, material)
  stack.defer(() => server.close())
  const keeper = tls && keepCertificate(tls, services, server)
  stack.defer(() => keeper?.stop())
  const apiUrl = withScheme(await listenOn(server, config.listen), material && 'https')
  loadTokenVerification(log)
  return {
    apiUrl,
    async reload() {
      await keeper?.refresh()
    },
  }
}

/** Fastify does not know that a server of ours speaks TLS. */
function withScheme(url: string, scheme: 'https' | undefined): string {
  return scheme === undefined ? url : url.replace(/^http:/, `${scheme}:`)
}

/** Returns the URL of the listener, with the port that the system chose if the address has port 0. */
async function listenOn(
  server: FastifyInstance,
  address: ReservedPort | (Address & { readonly reusePort?: boolean }),
): Promise<string> {
  if (address instanceof ReservedPort)
    // Fastify passes its options on to node:net, which takes over the socket of a bound server.
    return server.listen({
      port: address.port,
      ...(address.take() as object as { _handle: object }),
    })
  try {
    return await server.listen(address)
  } catch (error) {
    throw cannotListen(address, error)
  }
}
