/** The listener that `--metrics-listen` specifies. */
import { metricsRoutes } from '../http/routes.ts'
import { createPlainServer } from '../http/server.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { listenOn } from './public-port.ts'
import type { Runtime } from './runtime.ts'

/** Maximum number of connections to the metrics listener. Prometheus opens only one or two connections. */
const connectionsMax = 100

/**
 * Starts the metrics listener if it is configured, and resolves to the URL of the metrics. Throws ConfigurationError if the
 * port is in use.
 */
export async function startMetricsListener(
  { config, log, random, stack }: Runtime,
  metrics: Pick<Metrics, 'contentType' | 'text'>,
): Promise<string | undefined> {
  if (config.metricsListen === undefined) return undefined
  const server = createPlainServer(
    { log, random, limits: { connectionsMax } },
    metricsRoutes(metrics),
  )
  stack.defer(() => server.close())
  return `${await listenOn(server, config.metricsListen)}/metrics`
}
