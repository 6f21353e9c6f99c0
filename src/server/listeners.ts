/** The two listeners of a process that answers requests. */
import { createFailureLimiter } from '../access/failure-limiter.ts'
import type { RateLimiter } from '../access/rate-limiter.ts'
import { createApiServices, loadTokenVerification } from './api-services.ts'
import type { PublicEndpoint, ProcessContext } from './make-services.ts'
import type { Config } from '../settings/config.ts'
import type { DataFolder } from '../data-folder/data-folder.ts'
import { createCallRecorder, type CallLogPort } from '../call-log/call-recorder.ts'
import { createBodyBudget, type BodyBudget } from '../http/body/budget.ts'
import { createHealth, type Health } from '../http/health.ts'
import { createOcspResponder } from '../ocsp/responder.ts'
import { createOcspRoute } from '../ocsp/handler.ts'
import type { Listener } from '../http/listener.ts'
import { publicRoutes } from '../http/routes.ts'
import { createApiServer, createPublicServer } from '../http/server.ts'
import type { PublicObjects } from '../objects/object-store.ts'
import { cannotListen, portOf } from './public-port.ts'
import { readRates } from '../settings/rates-file.ts'
import type { Services } from '../services.ts'
import type { Address } from '../settings/parse-values.ts'
import { servedRegions } from '../wire/region.ts'
import { keepCertificate, type TlsSource } from './tls/certificate-source.ts'

/** What listeners are made of. */
export interface ListenersParts extends ProcessContext {
  readonly config: Config
  readonly services: Services
  readonly data: DataFolder
  readonly publicObjects: PublicObjects | undefined
  /** Where the public listener is is written here as soon as it is known. */
  readonly place: PublicEndpoint
  readonly stack: AsyncDisposableStack
  readonly rateLimiter: RateLimiter
  readonly callLog: CallLogPort | undefined
  readonly tls: TlsSource | undefined
}

export interface Listeners {
  readonly apiUrl: string
  /** Reads again what may change while it runs. Throws ConfigurationError if it is bad. */
  readonly reload: () => Promise<void>
}

/** Objects that both listeners of a process use. */
interface SharedByListeners {
  readonly health: Health
  readonly budget: BodyBudget
}

export interface PublicListener {
  readonly shared: SharedByListeners
  readonly port: number
}

/** Starts the public listener, so that certificates can say where it is; `reusePort` if others have a socket on its port. */
export async function startPublicListener(
  parts: ListenersParts,
  { reusePort }: { readonly reusePort: boolean } = { reusePort: false },
): Promise<PublicListener> {
  const { config, services, data, publicObjects, place, stack, ...surroundings } = parts
  const { clock, random, log } = surroundings
  const health = createHealth(data.db, clock)
  const { limits, basePath } = config
  const budget = createBodyBudget(limits.bodyMemoryBytes)
  const ocsp = createOcspRoute({ responder: createOcspResponder(services), clock })
  const server = createPublicServer(
    { log, random, limits, basePath, budget },
    publicRoutes({ services, publicObjects, health, ocsp }),
  )
  stack.defer(() => server.close())
  const url = await listenOn(server, { ...config.publicListen, reusePort })
  place.publicUrl ||= url
  return { shared: { health, budget }, port: portOf(server) }
}

/** Starts the API listener. */
export async function startApiListener(
  parts: ListenersParts,
  shared: SharedByListeners,
): Promise<Listeners> {
  const { config, services, data, stack, tls, rateLimiter, ...surroundings } = parts
  const { clock, random, log, onFailure } = surroundings
  const callLog =
    parts.callLog && createCallRecorder(parts.callLog, { required: config.callLogRequired })
  stack.defer(() => callLog?.flush())
  const failureLimiter = createFailureLimiter(config.limits.authFailuresPerMinute, clock)
  const material = await tls?.first(services)
  const { limits, basePath } = config
  const regions = servedRegions(config.regions)
  const around = { clock, random, log, onFailure, rateLimiter, failureLimiter, callLog, regions }
  const api = createApiServer(
    { ...createApiServices(services, data, around), ...shared, limits, basePath },
    material,
  )
  stack.defer(() => api.close())
  const keeper = tls && keepCertificate(tls, services, api)
  stack.defer(() => keeper?.stop())
  const apiUrl = await listenOn(api, config.listen)
  loadTokenVerification(log)
  return {
    apiUrl,
    async reload() {
      rateLimiter.use(readRates(config.rates))
      await keeper?.refresh()
    },
  }
}

/** The URL of a listener, with the port that the system chose if it was asked to. */
async function listenOn(
  server: Listener,
  address: Address & { readonly reusePort?: boolean },
): Promise<string> {
  try {
    return await server.listen(address)
  } catch (error) {
    throw cannotListen(address, error)
  }
}
