/** Hooks for API calls that a page makes while it is displayed. */
import { useCallback, useEffect, useRef, useState } from 'react'
import type { Client } from '../api/client.ts'
import { toApiError, type ApiError } from '../api/errors.ts'
import { useSession } from './session.ts'

export interface Loaded<Value> {
  /** The last loaded value, which is kept during a reload. */
  readonly value: Value | undefined
  readonly error: ApiError | undefined
  readonly isLoading: boolean
  readonly reload: () => void
}

/**
 * Loads a value, and reloads it when `key` changes. The value for the previous key is discarded, and API calls that are no longer
 * needed are aborted. If `key` is undefined, nothing is loaded.
 */
export function useCall<Value>(
  key: string | undefined,
  load: (client: Client, signal: AbortSignal) => Promise<Value>,
): Loaded<Value> {
  const { client } = useSession()
  const [state, setState] = useState<State<Value>>({ key: undefined, isLoading: true })
  const [count, setCount] = useState(0)
  const latest = useRef(load)
  latest.current = load
  useEffect(() => {
    if (key === undefined) return undefined
    const controller = new AbortController()
    const finish = (result: Pick<State<Value>, 'value' | 'error'>): void => {
      if (!controller.signal.aborted) setState({ key, isLoading: false, ...result })
    }
    setState((old) => (old.key === key ? { ...old, isLoading: true } : { key, isLoading: true }))
    latest.current(client, controller.signal).then(
      (value) => finish({ value }),
      (failure: unknown) => finish({ error: toApiError(failure) }),
    )
    return () => controller.abort()
  }, [key, client, count])
  const reload = useCallback(() => setCount((old) => old + 1), [])
  const isCurrent = state.key === key
  return {
    value: isCurrent ? state.value : undefined,
    error: isCurrent ? state.error : undefined,
    isLoading: key !== undefined && (!isCurrent || state.isLoading),
    reload,
  }
}

interface State<Value> {
  readonly key: string | undefined
  readonly value?: Value
  readonly error?: ApiError
  readonly isLoading: boolean
}

interface Action<Arguments extends readonly unknown[]> {
  readonly run: (...values: Arguments) => Promise<boolean>
  readonly isRunning: boolean
  readonly error: ApiError | undefined
  readonly clear: () => void
}

/**
 * An action that the user starts. `run` resolves to whether the action succeeded. Calls of `run` have no effect while the action
 * is in progress.
 */
export function useAction<Arguments extends readonly unknown[]>(
  act: (client: Client, ...values: Arguments) => Promise<void>,
): Action<Arguments> {
  const { client } = useSession()
  const [isRunning, setRunning] = useState(false)
  const [error, setError] = useState<ApiError>()
  const running = useRef(false)
  const run = async (...values: Arguments): Promise<boolean> => {
    if (running.current) return false
    running.current = true
    setRunning(true)
    setError(undefined)
    try {
      await act(client, ...values)
      return true
    } catch (failure) {
      setError(toApiError(failure))
      return false
    } finally {
      running.current = false
      setRunning(false)
    }
  }
  return { run, isRunning, error, clear: () => setError(undefined) }
}
