/** Replaces the TLS certificates of listeners at run time. */
import type { TlsMaterial } from '../../http/tls.ts'
import type { Services } from '../../services.ts'
import type { TlsSource } from './certificate-source.ts'

const everyMilliseconds = 5000
/** Number of failed attempts per log line while the same failure repeats. */
const attemptsPerLog = 12

/** A listener that uses the TLS certificate. */
interface TlsListener {
  /** Name of the listener in log messages, such as `API listener`. */
  readonly name: string
  /** Replaces the certificate that new connections use. */
  readonly show: (material: TlsMaterial) => void
}

export interface CertificateKeeper {
  /** The certificate for new listeners. */
  readonly material: TlsMaterial
  /** Adds a listener, which will receive each new certificate. */
  follow(listener: TlsListener): void
  /** Checks immediately for a new certificate. */
  refresh(): Promise<void>
  stop(): void
}

/**
 * Reads the certificate, and checks every five seconds for a new certificate. If a new certificate is invalid, the error is
 * logged and the previous certificate stays in use. Throws ConfigurationError if the first certificate cannot be issued.
 */
export async function keepCertificate(
  source: TlsSource,
  services: Services,
): Promise<CertificateKeeper> {
  const { log } = services
  const listeners: TlsListener[] = []
  let material = await source.first(services)
  let timer: NodeJS.Timeout | undefined
  let isStopped = false
  let failures = 0
  const update = async (): Promise<void> => {
    try {
      const next = await source.next(services)
      failures = 0
      if (next === undefined) return
      material = next
      for (const { name, show } of listeners) {
        show(next)
        log.info(`the ${name} uses a new certificate`)
      }
    } catch (error) {
      const names = listeners.map(({ name }) => name).join(' and the ')
      const message = `the new certificate of the ${names} is invalid; the previous certificate stays in use`
      if (failures % attemptsPerLog === 0) log.error({ err: error }, message)
      failures += 1
    }
  }
  const refresh = async (): Promise<void> => {
    clearTimeout(timer)
    await update()
    if (!isStopped) schedule()
  }
  const schedule = (): void => {
    timer = setTimeout(() => {
      refresh().catch((err: unknown) =>
        log.error({ err }, 'the check for a new certificate failed'),
      )
    }, everyMilliseconds).unref()
  }
  schedule()
  return {
    get material() {
      return material
    },
    follow(listener) {
      listeners.push(listener)
    },
    refresh,
    stop() {
      isStopped = true
      clearTimeout(timer)
    },
  }
}
